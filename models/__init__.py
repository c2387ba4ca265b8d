"""Finite instances of the specification: a TOML file each, with settings, properties and the expected results."""
