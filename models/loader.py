"""Loading a model: a TOML file, what it extends, and what the command line overrides become one checked `Model`.

`extends` brings settings; properties and expectations are the file's own, since another model has other results.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synproof.engine.catalogue import Declaration, Expectation, Source
from synproof.engine.errors import did_you_mean
from synproof.engine.property import PropertyKind, Verdict
from synproof.engine.query_syntax import ExpressionError, syntax
from synproof.spec.settings import SETTINGS, SettingError, Settings, UnknownSetting, setting

from .files import ModelFile, ModelFileError, find_file, printable, read_file, read_shipped, shipped_names

__all__ = ["Kinds", "Model", "ModelFileError", "load"]

Kinds = Callable[[], Mapping[str, PropertyKind]]
"""Gives the named properties and what kind each is; called only if a file declares a property."""

DEEPEST = 20  # models that extend one another
KEYS = ("name", "title", "extends", "settings", "property", "expect")
PROPERTY_KEYS = ("name", "always", "sometimes", "eventually", "expect", "steps")
COUNTS = ("states", "transitions", "depth")
VERDICTS = {
    PropertyKind.ALWAYS: ("holds", "holds-up-to", "proved", "violated", "not-applicable", "incomplete", "unknown"),
    PropertyKind.SOMETIMES: ("reached", "not-reached", "not-applicable", "incomplete", "unknown"),
}
VERDICTS[PropertyKind.EVENTUALLY] = VERDICTS[PropertyKind.ALWAYS]
_OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_AD_HOC = re.compile(r"(?:always|sometimes|eventually)-[0-9]+")


@dataclass(frozen=True)
class Model:
    """A model: its settings and where each comes from, and what its file declares."""

    name: str
    title: str
    path: str
    shipped: bool
    settings: Settings
    sources: Mapping[str, Source]
    properties: tuple[Declaration, ...]
    expect: Expectation


def load(
    name_or_path: str,
    overrides: Mapping[str, object] | None = None,
    named: Kinds = dict,
    given: Mapping[str, str] = {},
) -> Model:
    """A shipped model by name, or a file of the user's.

    Raises ModelFileError for a file that cannot be read or names what does not exist; SettingError (a wrong value),
    Contradiction with the place of the setting; UnknownSetting for an override that does not exist.
    """
    options = {name: given.get(name, "-s") for name in overrides or {}}
    return _model(find_file(name_or_path), overrides or {}, options, named)


def _model(file: ModelFile, overrides: Mapping[str, object], options: Mapping[str, str], named: Kinds) -> Model:
    _check_keys(file, KEYS, file.table, (), "a model file")
    values = _Values()
    for ancestor in reversed(_lineage(file)):
        values.take(ancestor)
    values.override(overrides, options)
    return Model(
        _one_line(file, "name") or printable(file.stem),
        _one_line(file, "title"),
        file.label,
        file.shipped,
        values.settings(),
        values.sources,
        _declarations(file, named),
        _expectation(file),
    )


# ---- settings --------------------------------------------------------------------------------------------------------


class _Values:
    """Values of settings as they come in, each with where it comes from."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.sources: dict[str, Source] = {row.name: Source("default") for row in SETTINGS}

    def take(self, file: ModelFile) -> None:
        """The settings of a file. Raises ModelFileError for an unknown one, SettingError for a wrong value."""
        for name, value in _table(file, "settings").items():
            source = Source("file", file.label, file.line("settings", name))
            try:
                setting(name).read(value)
            except UnknownSetting as error:
                raise file.error(str(error), "settings", name) from None
            except SettingError as error:
                raise type(error)(f"{source}: {error}", *error.names) from None
            self.values[name], self.sources[name] = value, source

    def override(self, overrides: Mapping[str, object], options: Mapping[str, str]) -> None:
        """The settings of the command line, with the option that gives each. Raises UnknownSetting, SettingError."""
        for name, value in overrides.items():
            try:
                setting(name).read(value)
            except SettingError as error:
                raise type(error)(f"{options[name]}: {error}", *error.names) from None
            self.values[name], self.sources[name] = value, Source(options[name])

    def settings(self) -> Settings:
        """All together. Raises Contradiction, with the places of the settings concerned."""
        try:
            return Settings.of(self.values)
        except SettingError as error:
            places = "; ".join(f"{name}: {self.sources[name]}" for name in error.names)
            raise type(error)(f"{error}\n    ({places})", *error.names) from None


def _lineage(file: ModelFile) -> list[ModelFile]:
    """The file, what it extends, what that extends, and so on. Raises ModelFileError, also for a circle."""
    line = [file]
    while "extends" in line[-1].table:
        last = line[-1]
        base = _base(last)
        _check_keys(base, KEYS, base.table, (), "a model file")
        if base.identity in [known.identity for known in line]:
            way = " extends ".join(printable(each.label) for each in [*line, base])
            raise last.error(f"extends goes round in a circle: {way}", "extends")
        if len(line) > DEEPEST:
            raise last.error(f"more than {DEEPEST} models extend one another", "extends")
        line.append(base)
    return line


def _base(file: ModelFile) -> ModelFile:
    target = file.table["extends"]
    if not isinstance(target, str) or not target:
        kind = _kind_of(target) if target else "nothing"
        raise file.error(f"extends must be the name of a shipped model or a path, not {kind}", "extends")
    try:
        if file.shipped or target in shipped_names() or not _is_path(target):
            return read_shipped(target)
        return read_file(file.path.parent / target)
    except ModelFileError as error:
        raise file.error(f"extends = {printable(target)!r}: {error}", "extends") from None


def _is_path(target: str) -> bool:
    return target.endswith(".toml") or "/" in target or "\\" in target


# ---- properties and expectations -------------------------------------------------------------------------------------


def _declarations(file: ModelFile, named: Kinds) -> tuple[Declaration, ...]:
    tables = file.table.get("property", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise file.error("a property is declared in a table of its own: [[property]]", "property")
    found: dict[str, Declaration] = {}
    for i, table in enumerate(tables):
        declaration = _declaration(file, i, table, named)
        if declaration.name in found:
            first = found[declaration.name].line
            raise file.error(f"property {declaration.name!r} is declared twice, first in line {first}", "property", i, "name")
        found[declaration.name] = declaration
    return tuple(found.values())


def _declaration(file: ModelFile, i: int, table: dict[str, Any], named: Kinds) -> Declaration:
    here = ("property", i)
    _check_keys(file, PROPERTY_KEYS, table, here, "a [[property]]")
    name = table.get("name")
    if not isinstance(name, str):
        raise file.error("a [[property]] needs a name" if name is None else "the name must be a text", *here, "name")
    own = [kind for kind in PropertyKind if kind.value in table]
    if len(own) > 1:
        raise file.error(f"property {name!r} has both {own[0].value} and {own[1].value}: it can be one", *here, own[1].value)
    if own:
        _check_own(file, i, name, own[0], table[own[0].value], named)
    else:
        _check_named(file, i, name, named)
    expect = _expected_verdict(file, i, table.get("expect"), own[0] if own else named()[name])
    steps = table.get("steps")
    if steps is not None:
        if not _is_count(steps):
            raise file.error(f"steps must be a whole number from 0, not {_kind_of(steps)}", *here, "steps")
        if expect not in (Verdict.VIOLATED, Verdict.REACHED):
            raise file.error('steps needs expect = "violated" or "reached": nothing else has a trace', *here, "steps")
    line = file.line(*here, own[0].value if own else "name")
    return Declaration(name, own[0] if own else None, table[own[0].value] if own else None, expect, steps, file.label, line)


def _check_named(file: ModelFile, i: int, name: str, named: Kinds) -> None:
    known = named()
    if name not in known:
        near = did_you_mean(name[:80], known, "synproof list properties")
        raise file.error(
            f"there is no property {printable(name)!r}; {near} (a property of your own also has one of always, sometimes, "
            "eventually)",
            "property", i, "name",
        )  # fmt: skip


def _check_own(file: ModelFile, i: int, name: str, kind: PropertyKind, text: object, named: Kinds) -> None:
    here = ("property", i)
    if not _OWN_NAME.fullmatch(name):
        made_of = "letters a to z, A to Z, digits and - _ . : and begins with a letter or a digit"
        why = f"the name of a property is made of at most 80 {made_of}"
        raise file.error(why, *here, "name")
    if name in named():
        raise file.error(f"{name} is the name of a property of the specification: choose another", *here, "name")
    if _AD_HOC.fullmatch(name):
        raise file.error(f"{name} is what a property of the command line is called: choose another name", *here, "name")
    if not isinstance(text, str):
        raise file.error(f"{kind.value} must be an expression in quotes, not {_kind_of(text)}", *here, kind.value)
    try:
        syntax(text)
    except ExpressionError as error:
        raise file.error(f"{kind.value}: {error}", *here, kind.value) from None


def _expected_verdict(file: ModelFile, i: int, value: object, kind: PropertyKind) -> Verdict | None:
    if value is None:
        return None
    if isinstance(value, str) and value in VERDICTS[kind]:
        return Verdict(value)
    shown = printable(value) if isinstance(value, str) else _kind_of(value)
    known = any(value == verdict.value for verdict in Verdict)
    why = f"says {kind.value}, which cannot be {shown}" if known else f"cannot be {shown!r}, which is no verdict"
    raise file.error(f"expect: the property {why}; allowed: {', '.join(VERDICTS[kind])}", "property", i, "expect")


def _expectation(file: ModelFile) -> Expectation:
    table = _table(file, "expect")
    _check_keys(file, COUNTS, table, ("expect",), "[expect]")
    for name, value in table.items():
        if not _is_count(value):
            raise file.error(f"{name} must be a whole number from 0, not {_kind_of(value)}", "expect", name)
    return Expectation(**table)


# ---- what all parts share --------------------------------------------------------------------------------------------


def _check_keys(
    file: ModelFile, known: tuple[str, ...], table: Mapping[str, object], path: tuple[str | int, ...], where: str
) -> None:
    for key in table:
        if key not in known:
            near = did_you_mean(key[:80], known)
            raise file.error(f"{where} has no key {printable(key)!r}; {near}", *path, key)


def _table(file: ModelFile, name: str) -> dict[str, Any]:
    value = file.table.get(name, {})
    if not isinstance(value, dict):
        raise file.error(f"{name} must be a table: [{name}], not {_kind_of(value)}", name)
    return value


def _one_line(file: ModelFile, key: str) -> str:
    value = file.table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise file.error(f"{key} must be a text, not {_kind_of(value)}", key)
    if unseen := next((char for char in value if not char.isprintable() and char not in "\r\n"), None):
        raise file.error(f"{key} must be one line that can be printed: U+{ord(unseen):04X} cannot", key)
    if not value.isprintable() or not 0 < len(value.strip()) <= 200:
        raise file.error(f"{key} must be one line of at most 200 characters", key)
    return value.strip()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else "a huge number"
    names = {str: "a text", float: "a fraction", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or a time")
