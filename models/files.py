"""Reading a model file: from a path, or the name of a shipped model, to a TOML table whose keys know their lines.

Whatever can be wrong with a file is a `ModelFileError` that names the file, and the line if there is one.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synproof.engine.errors import SynproofError, did_you_mean

from .toml_lines import KeyPath, key_lines, line_of

__all__ = [
    "ModelFile", "ModelFileError", "find_file", "printable", "read_file", "read_shipped", "read_template", "shipped_names",
    "shipped_titles",
]  # fmt: skip

LARGEST = 256 * 1024  # bytes; a model is one screen
TEMPLATE = "template"
LISTED = "synproof list models"


class ModelFileError(SynproofError):
    """A model file that cannot be found, read or parsed, or that says what no model file can say."""

    exit_code = 150

    def __init__(self, text: str, file: str = "", line: int | None = None) -> None:
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {text}" if place else text)
        self.file, self.line = file, line


@dataclass(frozen=True)
class ModelFile:
    """What a file holds. `label` is its path as people know it."""

    label: str
    path: Path
    shipped: bool
    text: str
    table: dict[str, Any]

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def identity(self) -> str:
        """The same for two ways to name one file."""
        return os.path.realpath(self.path)

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return key_lines(self.text)

    def line(self, *path: str | int) -> int | None:
        """The line of a key."""
        return line_of(self._lines, path)

    def error(self, text: str, *path: str | int) -> ModelFileError:
        """An error that says where the key is."""
        return ModelFileError(text, self.label, self.line(*path))


# ---- shipped models --------------------------------------------------------------------------------------------------


def _shipped_files() -> dict[str, Path]:
    """Name -> file. The models lie beside this module, in a checkout as in an installation."""
    found = {path.stem: path for path in Path(__file__).parent.glob("*.toml") if path.stem != TEMPLATE}
    return dict(sorted(found.items()))


def shipped_names() -> list[str]:
    """The names of the shipped models, in order."""
    return list(_shipped_files())


def shipped_titles() -> Iterator[tuple[str, str]]:
    """Name and title of each shipped model. Only what stands before the first table is read."""
    import tomllib

    for name, path in _shipped_files().items():
        head = re.split(r"^\[", path.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
        yield name, str(tomllib.loads(head).get("title", ""))


def read_shipped(name: str) -> ModelFile:
    """A shipped model's file. Raises ModelFileError if there is none of that name."""
    path = _shipped_files().get(name)
    if path is None:
        raise ModelFileError(f"there is no shipped model {name!r}; {did_you_mean(name, shipped_names(), LISTED)}")
    label = f"models/{name}.toml"
    text = _decoded(path.read_bytes(), label)
    return ModelFile(label, path, True, text, _parsed(text, label))


def read_template() -> str:
    """The text from which a user's model starts."""
    return (Path(__file__).parent / f"{TEMPLATE}.toml").read_text(encoding="utf-8")


# ---- users' files ----------------------------------------------------------------------------------------------------


def find_file(name_or_path: str) -> ModelFile:
    """A shipped model by name, else the file at a path. Raises ModelFileError."""
    names = shipped_names()
    if name_or_path in names:
        return read_shipped(name_or_path)
    looks_like_a_path = name_or_path.endswith(".toml") or "/" in name_or_path or os.sep in name_or_path
    if looks_like_a_path or _exists(name_or_path):
        return read_file(name_or_path)
    near = did_you_mean(name_or_path[:80], names, LISTED)
    raise ModelFileError(
        f"there is no model {printable(name_or_path)!r}; {near}; a file of your own is given by its path, such as "
        f"{printable(name_or_path) or 'model'}.toml"
    )


def read_file(path: str | Path) -> ModelFile:
    """The file at a path. Raises ModelFileError."""
    label = printable(str(path))
    text = _decoded(_bytes(Path(path), label), label)
    return ModelFile(label, Path(path), False, text, _parsed(text, label))


def printable(text: str) -> str:
    """A text that can be shown: no control characters, no bytes that are no characters, not endless."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= 200 else shown[:197] + "..."


def _exists(path: str) -> bool:
    try:
        return bool(path) and Path(path).exists()
    except (OSError, ValueError):
        return False


def _bytes(path: Path, label: str) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ModelFileError("is a folder, not a model file", label)
        if not stat.S_ISREG(mode):
            raise ModelFileError("is not a regular file", label)
        with path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ModelFileError(f"there is no such file{_instead(path)}", label) from None
    except OSError as error:
        raise ModelFileError(f"cannot be read: {error.strerror or error}", label) from None
    except ValueError:  # a null character
        raise ModelFileError("is not a path", label) from None
    if len(found) > LARGEST:
        raise ModelFileError(f"is larger than {LARGEST // 1024} KiB: this is no model file", label)
    return found


def _instead(path: Path) -> str:
    if path.suffix == ".toml" and path.stem in shipped_names():
        return f"; the shipped model is called {path.stem}"
    try:
        beside = [other.name for other in path.parent.glob("*.toml")]
    except (OSError, ValueError):
        beside = []
    near = did_you_mean(path.name[:80], beside)
    return f"; {printable(near)}" if near.startswith("did you mean") else ""


def _decoded(data: bytes, label: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ModelFileError("is UTF-16: save it as UTF-8", label)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ModelFileError(f"is not UTF-8 text (byte {data[error.start]:#04x})", label, line) from None
    if "\0" in text:
        raise ModelFileError("is not a text file (it has null bytes)", label, text.count("\n", 0, text.index("\0")) + 1)
    return text


def _parsed(text: str, label: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ModelFileError("is not TOML: it is nested too deeply", label) from None
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits
        message, line = str(error), None
        if match := re.search(r" \((?:at line (\d+), column (\d+)|at end of document)\)$", message):
            line = int(match[1]) if match[1] else text.rstrip().count("\n") + 1
            message = message[: match.start()] + (f" (column {match[2]})" if match[2] else " (at the end)")
        raise ModelFileError(f"is not TOML: {printable(message)}", label, line) from None
