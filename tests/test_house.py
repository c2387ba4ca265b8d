"""Holds the house to its rules: who may import whom, what is in the wheel, what start-up costs, how a module looks."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .house import (
    ROOMS,
    ROOT,
    Module,
    files_of_the_rooms,
    import_faults,
    imports_of,
    modules_of,
    packages_on_disk,
    pyproject,
)

ALARM = 600  # lines of a module


def every(*rooms: str) -> pytest.MarkDecorator:
    """Parametrises a test by the modules of the rooms."""
    return pytest.mark.parametrize("module", [pytest.param(module, id=module.where) for module in modules_of(*rooms)])


# --- arrows -------------------------------------------------------------------------------------------------


@every(*ROOMS, "tests")
def test_imports_point_down(module: Module) -> None:
    faults = import_faults(module.tree, module.name, module.is_package)
    assert not faults, f"{module.where}: " + "; ".join(faults)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("synproof.engine.x", "from synproof.spec import tcb"),
        ("synproof.engine.x", "from synproof import spec"),
        ("synproof.engine.x", "import synproof.models.catalogue"),
        ("synproof.engine.x", "import synproof"),
        ("synproof.engine.x", "from synproof.engine.expr import Expr"),
        ("synproof.engine.x", "from ..spec import tcb"),
        ("synproof.engine.sub.x", "from ...spec import tcb"),
        ("synproof.engine.x", "from .expr import *"),
        ("synproof.engine.x", "def f():\n    import synproof.spec.tcb"),
        ("synproof.engine.x", "if TYPE_CHECKING:\n    from synproof.spec.tcb import Tcb"),
        ("synproof.engine.x", "importlib.import_module('synproof.models')"),
        ("synproof.spec.x", "from synproof.models import catalogue"),
        ("synproof.spec.x", "import engine.expr"),
        ("synproof.models.x", "from synproof.proofs import obligations"),
        ("synproof.proofs.x", "from tests.house import ROOT"),
        ("tests.x", "from spec import tcb"),
        ("tests.x", "from tests.house import ROOT"),
    ],
)
def test_an_import_against_the_arrows_is_noticed(name: str, source: str) -> None:
    assert len(import_faults(ast.parse(source), name)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("synproof.engine.x", "from .expr import Expr"),
        ("synproof.engine.x", "from . import expr"),
        ("synproof.engine.sub.x", "from ..expr import Expr"),
        ("synproof.spec.x", "from synproof.engine.expr import Expr\nfrom synproof.engine import expr"),
        ("synproof.models.x", "from synproof.spec.tcb import Tcb\nimport synproof.engine.expr"),
        ("synproof.proofs.x", "def f():\n    import networkx\n    from synproof.models import catalogue"),
        ("tests.x", "from synproof.proofs import obligations\nfrom .house import ROOT"),
    ],
)
def test_an_import_along_the_arrows_is_let_through(name: str, source: str) -> None:
    assert import_faults(ast.parse(source), name) == []


# --- packages and the wheel ---------------------------------------------------------------------------------


def test_every_package_on_disk_is_listed_in_pyproject() -> None:
    assert sorted(pyproject()["tool"]["setuptools"]["packages"]) == packages_on_disk()


def test_every_package_has_an_init_module() -> None:
    bare = [name for name in packages_on_disk() if not (_folder(name) / "__init__.py").is_file()]
    assert not bare, f"no __init__.py in {', '.join(bare)}"


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_mapped_and_typed(room: str) -> None:
    assert pyproject()["tool"]["setuptools"]["package-dir"][f"synproof.{room}"] == room
    assert (ROOT / room / "py.typed").is_file()
    assert (ROOT / ".typing" / "synproof" / room).resolve() == ROOT / room, "type checkers find the room by this link"


def test_no_folder_of_the_checkout_is_named_synproof() -> None:
    assert not (ROOT / "synproof").exists(), "it would shadow the installed package"


def _folder(package: str) -> Path:
    return ROOT.joinpath(*package.split(".")[1:])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left in the checkout and nothing left there gets into it."""
    major = int(importlib.metadata.version("setuptools").split(".")[0]) if _installed("setuptools") else 0
    if major < 77 or not _installed("pip"):
        pytest.skip("building the wheel needs pip and setuptools 77 or later: pip install -e '.[test]'")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out)]
    command = [sys.executable, "-m", "pip", "wheel", *options, "."]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("*.whl")
    return path


def _installed(distribution: str) -> bool:
    return importlib.util.find_spec(distribution) is not None


def test_the_wheel_holds_every_module_and_model(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {f"synproof/{path}" for path in files_of_the_rooms()}


def test_the_wheel_names_the_command_the_catalogue_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = {Path(name).name: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name}
    assert "synproof = synproof.engine.cli:main" in info["entry_points.txt"]
    assert "[synproof.catalogue]" in info["entry_points.txt"]
    assert "License-Expression: Apache-2.0" in info["METADATA"]
    assert "Apache License" in info["LICENSE"]


def test_every_module_of_the_wheel_imports_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    names = [module.name for module in modules_of(*ROOMS) if not module.name.endswith(".__main__")]
    files = _run_python(
        "names = json.loads(sys.argv[1])\nsay({name: importlib.import_module(name).__file__ for name in names})",
        json.dumps(names),
        folder=tmp_path,
        path=tmp_path,
    )
    elsewhere = [name for name in names if tmp_path.resolve() not in Path(files[name]).resolve().parents]
    assert not elsewhere, f"not from the wheel: {', '.join(elsewhere)}"


# --- what start-up may cost ---------------------------------------------------------------------------------


def test_z3_is_imported_in_one_place_and_only_when_it_is_needed() -> None:
    found = {
        module.where: imports
        for module in modules_of(*ROOMS)
        if (imports := _runtime_imports(module.tree, module.name, "z3"))
    }
    if not found:
        pytest.skip("no module imports z3 yet")
    assert len(found) == 1, f"z3 is imported in {', '.join(found)}; ask the one module that loads it"
    assert all(lazy for imports in found.values() for lazy in imports), "z3 is imported at the top of a module"


def _runtime_imports(tree: ast.Module, name: str, package: str) -> list[bool]:
    """For each import of the package that is ever executed: does it wait for a call?"""
    every_import = imports_of(tree, name)
    return [item.lazy for item in every_import if item.target.split(".")[0] == package and not item.typing_only]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import z3", [False]),
        ("from z3 import Solver", [False]),
        ("try:\n    import z3.z3util\nexcept ImportError: pass", [False]),
        ("class A:\n    import z3", [False]),
        ("def f():\n    import z3", [True]),
        ("def f():\n    return importlib.import_module('z3')", [True]),
        ("if TYPE_CHECKING:\n    import z3", []),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import z3", [False]),
        ("import z3x", []),
    ],
)
def test_an_import_of_z3_is_seen_wherever_it_stands(source: str, found: list[bool]) -> None:
    assert _runtime_imports(ast.parse(source), "synproof.engine.x", "z3") == found


def test_importing_the_specification_loads_no_tool() -> None:
    names = [module.name for module in modules_of("spec")]
    body = "for name in json.loads(sys.argv[1]): importlib.import_module(name)\nsay(sorted(sys.modules))"
    loaded = _run_python(body, json.dumps(names))
    assert _heavy(loaded) == []


def test_list_loads_neither_z3_nor_networkx() -> None:
    for needed in ("synproof.engine.cli", "synproof.models.catalogue"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} does not exist yet")
    code, loaded = _run_python(
        "sys.argv = ['synproof', 'list']\n"
        "from synproof.engine.cli import main\n"
        "try: code = main()\n"
        "except SystemExit as end: code = end.code\n"
        "say([code or 0, sorted(sys.modules)])"
    )
    assert code == 0
    assert _heavy(loaded) == []


def _heavy(loaded: list[str]) -> list[str]:
    return [name for name in ("z3", "networkx", "numpy", "llvmlite", "scipy", "cvc5") if name in loaded]


def _run_python(body: str, *arguments: str, folder: Path | None = None, path: Path | None = None) -> Any:
    """Runs a piece of Python in a process of its own, and gives back what it said with `say`."""
    prelude = "import importlib, json, sys\ndef say(value): print(json.dumps(value), file=sys.stderr)\n"
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else dict(os.environ)
    done = subprocess.run(
        [sys.executable, "-c", prelude + body, *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stderr.splitlines()[-1])


# --- how a module looks -------------------------------------------------------------------------------------


@every(*ROOMS, "tests")
def test_a_module_says_first_what_it_is(module: Module) -> None:
    assert ast.get_docstring(module.tree), f"{module.where} has no docstring"
    assert module.tree.body[0].lineno == 1, "`head -n 1` shows what each module is"


@every(*ROOMS, "tests")
def test_a_module_is_short_enough_to_read(module: Module) -> None:
    lines = len(module.text.splitlines())
    assert lines <= ALARM, f"{module.where} has {lines} lines: is it one notion?"


@every(*ROOMS)
def test_only_renderers_and_the_command_line_print(module: Module) -> None:
    if _may_print(module.name):
        return
    lines = [str(node.lineno) for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == "print"]
    assert not lines, f"{module.where} prints in line {', '.join(lines)}: give back a value instead"


def _may_print(name: str) -> bool:
    return re.match(r"synproof\.engine\.(cli|render)(\.|$)", name) is not None


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("synproof.engine.cli", True),
        ("synproof.engine.cli.check", True),
        ("synproof.engine.render.ladder", True),
        ("synproof.engine.rendering", False),
        ("synproof.engine.search", False),
        ("synproof.engine.client", False),
        ("synproof.spec.render", False),
    ],
)
def test_who_may_print(name: str, may: bool) -> None:
    assert _may_print(name) is may


# --- the documents ------------------------------------------------------------------------------------------

# A path that only exists on somebody's machine. (No letter or dot before it: the middle of a URL is none.)
MACHINE_PATH = re.compile(r"(?<![\w.~-])(?:/(?:home|root|Users|work|tmp|mnt|opt|srv)/|[A-Z]:\\Users\\)\w[\w./\\-]*")


def test_no_tracked_file_names_a_place_on_somebodys_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git checkout: there is no list of tracked files")
    found = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{name}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert not found, "; ".join(found)


def test_a_place_on_somebodys_machine_is_recognised() -> None:
    slash = "/"  # spelled apart, or this file would be one of those it looks for
    assert MACHINE_PATH.search(f"see {slash}home/ada/synproof")
    assert MACHINE_PATH.search(f'"{slash}tmp/x.json"')
    assert not MACHINE_PATH.search(f"https://example.org{slash}home/ada")
    assert not MACHINE_PATH.search("#!/usr/bin/env bash")


def test_every_file_named_in_contributing_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {word for word in re.findall(r"`([^`\s]+)`", text) if _looks_like_a_file(word)}
    assert named, "CONTRIBUTING.md names no file at all"
    missing = sorted(word for word in named if not _exists(word))
    assert not missing, f"CONTRIBUTING.md speaks of {', '.join(missing)}"


def _looks_like_a_file(word: str) -> bool:
    if word.startswith(".venv/") or word == "synproof.X":  # what setting up makes, and a pattern
        return False
    return word.startswith("synproof.") or "/" in word or re.fullmatch(r"[\w-]+\.(py|toml|md)", word) is not None


def _exists(word: str) -> bool:
    if not word.startswith("synproof."):
        return (ROOT / word).exists()
    if word == _entry_point_group():
        return True
    path = _folder(word)
    return path.is_dir() or path.with_suffix(".py").is_file()


def _entry_point_group() -> str:
    """The name of the entry points by which models are found, which is dotted but no module."""
    (group,) = pyproject()["project"]["entry-points"]
    return str(group)


@pytest.mark.parametrize(
    "command", [".venv/bin/pip install -e '.[test,fast]'", ".venv/bin/python -m pytest -n auto --dist loadfile"]
)
def test_the_documents_and_the_check_script_run_the_same_commands(command: str) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    lines = re.sub(r'"\$bin/(\w+)"', r".venv/bin/\1", script).splitlines()
    assert any(line.split(" || ")[0] == command for line in lines), f".ci/run does not run {command}"
    for name in ("CONTRIBUTING.md", "README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert command in text or "pytest" not in text, f"{name} and .ci/run differ: {command}"
    assert command in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
