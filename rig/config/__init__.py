"""Configuration: strict YAML into validated values. Every problem is a :class:`rig.errors.ConfigError`."""
