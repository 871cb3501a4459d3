"""``python -m rig.cli``: the same as the command ``rig``."""

from rig.cli.main import main

if __name__ == "__main__":
    main()
