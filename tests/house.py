"""Reads the rooms of the house: their modules, what these import, and what pyproject.toml says of them."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Downwards: a room may import those before it.
ROOMS = ("engine", "spec", "models", "proofs")


@dataclass(frozen=True)
class Module:
    """One Python file of a room (`synproof.spec.x`) or of the tests (`tests.x`)."""

    path: Path
    name: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    @property
    def where(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


def modules_of(*rooms: str) -> list[Module]:
    """All modules of the named rooms (of `tests` too, if asked), in the order of their paths."""
    return [module for room in rooms for module in _modules_under(ROOT / room)]


def _modules_under(folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        name = ".".join(parts)
        yield Module(path, name if parts[0] == "tests" else f"synproof.{name}")


def packages_on_disk() -> list[str]:
    """The dotted names of all folders in the rooms that hold Python files."""
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    return sorted("synproof." + ".".join(folder.relative_to(ROOT).parts) for folder in folders)


def files_of_the_rooms() -> list[str]:
    """Paths, from the root, of all files in the rooms, each of which belongs in the wheel."""
    return sorted(
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    )


def pyproject() -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# --- imports ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """One imported name: `target` is dotted and made absolute if the import is relative, with `level` dots."""

    target: str
    level: int
    line: int
    star: bool
    lazy: bool
    """Inside a function: paid for when that is called."""
    typing_only: bool
    """Under `if TYPE_CHECKING`: never executed."""


def imports_of(tree: ast.Module, name: str, is_package: bool = False) -> list[Import]:
    """Every import statement of a module, and every `import_module("literal")`, wherever it stands."""
    package = name.split(".") if is_package else name.split(".")[:-1]
    return list(_imports(tree, package, lazy=False, typing_only=False))


def _imports(node: ast.AST, package: list[str], *, lazy: bool, typing_only: bool) -> Iterator[Import]:
    def found(target: str, level: int = 0, star: bool = False) -> Import:
        return Import(target, level, getattr(node, "lineno", 0), star, lazy, typing_only)

    match node:
        case ast.Import(names=names):
            yield from (found(alias.name) for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            # `from . import x` names the module x; `from .x import y` names x, whatever y is.
            base = package[: len(package) - level + 1] if level else []
            stem = base + (module.split(".") if module else [])
            bare = module is None or (level == 0 and module == "synproof")
            for alias in names:
                yield found(".".join([*stem, alias.name] if bare else stem), level, alias.name == "*")
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(target)), *_],
        ):
            yield found(target)
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), body=body, orelse=orelse):
            for statement in body:
                yield from _imports(statement, package, lazy=lazy, typing_only=True)
            for statement in orelse:
                yield from _imports(statement, package, lazy=lazy, typing_only=typing_only)
            return
    inner = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, package, lazy=inner, typing_only=typing_only)


def import_faults(tree: ast.Module, name: str, is_package: bool = False) -> list[str]:
    """What is wrong with the imports of a module, one line each; an empty list if nothing is."""
    room = name.split(".")[1] if name.startswith("synproof.") else "tests"
    below = ROOMS if room == "tests" else ROOMS[: ROOMS.index(room)]
    faults = []
    for item in imports_of(tree, name, is_package):
        fault = _import_fault(item, room, below)
        if fault:
            faults.append(f"line {item.line}: {fault}")
    return faults


def _import_fault(item: Import, room: str, below: tuple[str, ...]) -> str | None:
    top, *rest = item.target.split(".")
    if item.star:
        return f"star import of {item.target}"
    if item.level:
        inside = top == "tests" if room == "tests" else (top == "synproof" and rest[:1] == [room])
        return None if inside else f"a relative import that leaves the room {room}"
    if top in ROOMS:
        return f"`{item.target}` would be a second copy of the module; it is `synproof.{item.target}`"
    if top == "tests":
        return "tests import their helpers relatively, and rooms do not import tests"
    if top != "synproof":
        return None
    if not rest:
        return "`synproof` is only a namespace; import the module in its room"
    if rest[0] == room:
        return f"inside a room imports are relative: `{item.target}`"
    if rest[0] not in below:
        return f"{room} may import {', '.join(below) or 'no other room'}, not {rest[0]}"
    return None
