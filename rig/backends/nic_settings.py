"""What the rig changes about a network interface, and how that is undone: also after a crash, a SIGKILL or Ctrl-C.

Theory of operation. Before a setting is touched, its original value is in a small file, the *journal* of the
interface, on disk. The owner of the settings holds a lock on that file for as long as it lives; so whoever can take
the lock knows that the owner is gone, and puts back what the file holds: each note is a line with everything so far,
and the last whole line counts. Three do so: the owner itself at its end, a
*watchdog* (a small process of its own, which sees the end of its standard input when the owner is gone, however it
went), and, should that one have been killed too, the next start on the interface or ``rig nic restore``.

A journal goes when all it holds has been put back; what a driver refused to take back stays, and is tried again by
whoever comes next. It belongs to one interface of one network namespace; if that interface is another one by now, or
gone, so is what was changed, and the journal is dropped. The folder is private to the user: ``RIG_STATE_DIR`` where
set, else ``/run/nicrig``, else the user's runtime or temporary folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rig.backends import interface
from rig.backends.ethtool import Ethtool, LinkSettings
from rig.errors import AdapterError, UsageError

SCHEMA = 1
FOLDER_OF_ROOT = Path("/run/nicrig")
USER_NAMESPACE = Path("/proc/self/ns/user")
WATCHDOG_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Restored:
    """One journal that was played back: the interface, and what was put back in words; ``problem`` is empty or why
    something could not be, and ``is_kept`` says that the journal stays, to be played back again."""

    name: str
    changes: tuple[str, ...]
    problem: str = ""
    is_kept: bool = False


class InterfaceSettings:
    """The settings of one interface while the rig uses it; every change is undone by :meth:`restore`.

    To be used by one process at a time: :class:`UsageError` names the other one.
    """

    def __init__(self, name: str, control: socket.socket, folder: Path | None = None) -> None:
        """Lock the interface ``name``, which exists, and undo what a dead owner left changed."""
        self.name = name
        self._control = control
        self._ethtool = Ethtool(control, name)
        self._path = (folder or state_folder()) / _file_name(name)
        self._file = _lock(self._path, name)
        self._identity = {
            "schema": SCHEMA,
            "interface": name,
            "namespace": interface.network_namespace(),
            "index": socket.if_nametoindex(name),
            "mac": interface.hardware_address(control, name)[1].hex(":"),
            "pid": os.getpid(),
            "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        }
        self._original: dict[str, Any] = {}
        self._watchdog: subprocess.Popen[bytes] | None = None
        text = self._file.read()
        if text:
            if _play_back(text, control).is_kept:
                self._original = dict(_latest(text)["original"])
            self._file.truncate(0)
        self._write()

    def bring_up(self) -> None:
        """Switch the interface up, if it is down."""
        if not interface.flags(self._control, self.name) & interface.IFF_UP:
            self._note("is_up", self._original.get("is_up", False))
            interface.set_up(self._control, self.name, True)

    def switch_features(self, wanted: dict[str, bool]) -> dict[str, bool]:
        """Switch those features that the driver lets one switch; return what all of them are now."""
        features = self._ethtool.features()
        changes = {
            name: is_on
            for name, is_on in wanted.items()
            if name in features and features[name].is_changeable and features[name].is_active != is_on
        }
        if changes:
            noted = self._original.get("features", {})
            before = {name: features[name].is_active for name in changes}
            self._note("features", before | noted)
            with _admin(f"switching {', '.join(changes)} of {self.name}"):
                self._ethtool.set_features(changes)
            features = self._ethtool.features()
        return {name: name in features and features[name].is_active for name in wanted}

    def force_link(self, speed_mbps: int, full_duplex: bool) -> None:
        """Force speed and duplex; :class:`UsageError` where driver or hardware cannot."""
        wanted = f"{speed_mbps} Mb/s {'full' if full_duplex else 'half'} duplex"
        settings = self._ethtool.link_settings()
        if settings is None:
            raise UsageError(
                f"{self.name} cannot be set to {wanted}: its driver {self._ethtool.driver()!r} has no speed to set; "
                "leave speed_mbps and duplex out"
            )
        if "link" not in self._original:
            self._note("link", settings.raw.hex())
        try:
            with _admin(f"setting {self.name} to {wanted}"):
                self._ethtool.set_link_settings(settings.forced(speed_mbps, full_duplex))
        except OSError as err:
            raise UsageError(
                f"{self.name} cannot be set to {wanted}: its driver {self._ethtool.driver()!r} says {err.strerror}; "
                f"`ethtool {self.name}` lists what it supports"
            ) from err

    def restore(self) -> None:
        """Put everything back and let go of the interface; harmless when called again.

        :class:`AdapterError` if the driver refuses; the journal stays then.
        """
        if self._file.closed:
            return
        try:
            try:
                _put_back(self.name, self._original, self._control)
            except OSError as err:
                raise AdapterError(_not_put_back(self.name, err)) from err
            self._path.unlink(missing_ok=True)
        finally:
            self._file.close()
            if self._watchdog is not None:
                _end(self._watchdog)

    def _note(self, key: str, value: Any) -> None:
        """Have the original value on disk, and somebody who puts it back, before the setting is touched."""
        self._original[key] = value
        self._write()  # what was first is what is put back: the callers see to that
        if self._watchdog is None:
            self._watchdog = _start_watchdog(self._path)

    def _write(self) -> None:
        json.dump({**self._identity, "original": self._original}, self._file)
        self._file.write("\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def state_folder() -> Path:
    """Return the folder of journals, made if need be; :class:`UsageError` if it is somebody else's."""
    named = os.environ.get("RIG_STATE_DIR")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    choices = [Path(named)] if named else [FOLDER_OF_ROOT] if os.geteuid() == 0 else []
    if not named:
        choices += [Path(runtime) / "nicrig"] if runtime else []
        own = Path(tempfile.gettempdir()) / f"nicrig-{os.geteuid()}"
        # Root of a user namespace has the number of the machine's root, whose folder is not its own.
        choices += [own, own.with_name(f"{own.name}-{USER_NAMESPACE.stat().st_ino}")]
    for folder in choices:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            facts = folder.lstat()
        except OSError:  # root of a user namespace does not own /run
            continue
        is_ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022
        if is_ours and os.access(folder, os.W_OK):
            return folder
    raise UsageError(
        f"no folder for the journal of changed settings: {' and '.join(map(str, choices))} cannot be made, or others "
        "may write there; name one of your own in RIG_STATE_DIR"
    )


def restore_all(folder: Path | None = None) -> list[Restored]:
    """Play back every journal of this network namespace whose owner is gone; say what was put back."""
    results = []
    for path in sorted((folder or state_folder()).glob("*.json")):
        if path.name.split("-")[0] != str(interface.network_namespace()):
            continue  # to be restored from within its own namespace, or gone with it
        result = restore_journal(path)
        if result is not None:
            results.append(result)
    return results


def restore_journal(path: Path) -> Restored | None:
    """Play back one journal; None where its owner lives, or somebody else has just done it."""
    try:
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not _is_same(file, path):
            return None
        text = file.read()
        with interface.control_socket() as control:
            result = _play_back(text, control) if text else None
        if result is None or not result.is_kept:
            path.unlink(missing_ok=True)
    return result


def _play_back(text: str, control: socket.socket) -> Restored:
    """Put back what a journal holds, if the interface is still the one it speaks of."""
    try:
        journal = _latest(text)
        name, original = str(journal["interface"]), dict(journal["original"])
        identity = (journal["namespace"], journal["index"], journal["mac"])
    except (ValueError, KeyError, TypeError):  # not one note is whole, and the first is before anything is changed
        return Restored("?", (), "the journal was cut off, so nothing had been changed yet")
    try:
        mac = interface.hardware_address(control, name)[1].hex(":")
        is_same = identity == (interface.network_namespace(), socket.if_nametoindex(name), mac)
    except OSError:
        is_same = False
    if not is_same:
        return Restored(name, (), "that interface is gone, and what was changed with it")
    try:
        return Restored(name, tuple(_put_back(name, original, control)))
    except OSError as err:
        return Restored(name, (), _not_put_back(name, err), is_kept=True)


def _not_put_back(name: str, err: Exception) -> str:
    return f"not everything on {name} could be put back: {err}; it stays noted, and `rig nic restore` tries again"


def _put_back(name: str, original: dict[str, Any], control: socket.socket) -> list[str]:
    """Put originals back; each is tried, and the first error is raised at the end unless the interface is gone."""
    ethtool = Ethtool(control, name)
    done: list[str] = []
    errors: list[OSError] = []

    def link() -> None:
        settings = LinkSettings(bytes.fromhex(original["link"]))
        if ethtool.link_settings() == settings:  # the driver refused the change
            return
        ethtool.set_link_settings(settings)
        done.append("speed and duplex")

    def features() -> None:
        ethtool.set_features(original["features"])
        done.extend(f"{feature} {'on' if is_on else 'off'}" for feature, is_on in original["features"].items())

    def is_up() -> None:
        interface.set_up(control, name, original["is_up"])
        done.append("up" if original["is_up"] else "down")

    for key, put in (("link", link), ("features", features), ("is_up", is_up)):
        if key in original:
            try:
                put()
            except OSError as err:
                errors.append(err)
    if errors and interface.is_there(control, name):
        raise errors[0]
    return done


def _latest(text: str) -> dict[str, Any]:
    """Return the last whole line of a journal; :class:`ValueError` if there is none."""
    for line in reversed(text.splitlines()):
        try:
            journal: dict[str, Any] = json.loads(line)
        except ValueError:  # cut off: what was to be changed then has not been
            continue
        return journal
    raise ValueError("an empty journal")


def _file_name(name: str) -> str:
    return f"{interface.network_namespace()}-{name}.json"


def _is_same(file: IO[str], path: Path) -> bool:
    """Tell whether ``path`` still names the open ``file``: its last owner removes it while holding the lock."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(path: Path, name: str) -> IO[str]:
    """Open and lock the journal of an interface; :class:`UsageError` names who has it."""
    while True:
        file = path.open("a+", encoding="utf-8")
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read()
            file.close()
            raise UsageError(f"the interface {name} is in use by {_owner(text)}; end that first") from None
        if _is_same(file, path):
            return file
        file.close()


def _owner(text: str) -> str:
    try:
        journal = _latest(text)
        return f"process {journal['pid']} ({journal['command']})"
    except (ValueError, KeyError):
        return "another process"


@contextmanager
def _admin(doing: str) -> Iterator[None]:
    try:
        yield
    except PermissionError as err:
        raise interface.lacks_capability("CAP_NET_ADMIN", doing) from err


def _start_watchdog(path: Path) -> subprocess.Popen[bytes]:
    """Start the process that restores when this one is gone; a session of its own, so that Ctrl-C does not reach it."""
    command = [sys.executable, "-m", "rig.backends.nic_watchdog", str(path)]
    watchdog = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert watchdog.stdout is not None
    if not watchdog.stdout.read(1):  # it says when it is watching, or ends
        _end(watchdog)
        raise UsageError(f"the watchdog of {path} did not start; the command was {' '.join(command)}")
    return watchdog


def _end(watchdog: subprocess.Popen[bytes]) -> None:
    assert watchdog.stdin is not None and watchdog.stdout is not None
    watchdog.stdin.close()
    watchdog.stdout.close()
    try:
        watchdog.wait(WATCHDOG_PATIENCE_S)
    except subprocess.TimeoutExpired:
        watchdog.kill()
        watchdog.wait()
