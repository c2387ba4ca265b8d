"""Traces as files: saved by `check --trace-dir`, put into `--json`, and found again by `replay` and `export`."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..catalogue import Catalogue, LoadedModel
from ..choosing import Chosen
from ..errors import SynproofError
from ..identity import model_hash
from ..property import Property
from ..results import ModelResult, PropertyResult, stronger
from ..traces.confirm import confirm
from ..traces.itf import Header, TraceFile, TraceFileError, TraceOfAnotherModel, document, read, save
from ..traces.itf_document import short
from ..traces.trace import ReplayFailed, Trace
from .trouble import CannotWrite, CommandLineError, exit_code_of

__all__ = ["TraceFolder", "header_of", "is_trace", "load_trace", "trace_json"]

LONGEST = 100  # bytes of a name within the name of a file
BEGINNING = b'{\n  "#meta": {\n    "format": "ITF",'


def header_of(one: Chosen, found: PropertyResult | None = None, description: str = "") -> Header:
    """What a saved trace says of where it comes from."""
    model, settings = one.model, dict(one.subject.settings)
    given = {name: value for name, value in settings.items() if model.sources[name].kind == "-s"}
    verdict = found.verdict if found else None
    name = one.subject.name if model.shipped else model.path
    return Header(name, settings, verdict, found.prop.sentence if found else description, given=given)


def trace_json(one: Chosen, found: PropertyResult) -> dict[str, Any] | None:
    """The trace of a result as the ITF object that `--json` shows."""
    return None if found.trace is None else document(found.trace, header_of(one, found))


class TraceFolder:
    """A folder for the traces of some models, which is made, if it is not there, when the first of them was checked.

    Before anything is checked it raises CannotWrite if the system refuses to write there, and CommandLineError if that is no
    folder, if a file that is no trace has the name that one would get, or if two would get the same name.
    """

    def __init__(self, path: str, chosen: Sequence[Chosen], names: Sequence[str] | None = None) -> None:
        if not path:
            raise CommandLineError("--trace-dir needs the name of a folder")
        self.path = Path(path)
        self._refuse_doubles([self._file(one, n) for one in chosen for n in names or [p.name for p in one.subject.properties]])
        try:
            self._try()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            refusal: type[SynproofError] = CannotWrite
            if isinstance(error, FileExistsError | NotADirectoryError):
                reason, refusal = "there is a file, not a folder", CommandLineError
            raise refusal(f"--trace-dir {path}: {reason}; no trace can be saved there, and nothing was checked") from error

    def _try(self) -> None:
        """Write there, and leave nothing: something else may yet be wrong with what was asked."""
        lacking = [folder for folder in (self.path, *self.path.parents) if not os.path.lexists(folder)]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        finally:
            for folder in lacking:
                with suppress(OSError):
                    folder.rmdir()

    def _refuse_doubles(self, files: Sequence[Path]) -> None:
        names = [file.name.lower() for file in files]  # some file systems do not tell them apart
        if doubled := next((file for file in files if names.count(file.name.lower()) > 1), None):
            raise CommandLineError(f"two runs would be saved as {doubled}: give the models, or the properties, other names")
        for file in files:
            if os.path.lexists(file) and not _is_ours(file):
                raise CommandLineError(f"{file} is no trace of synproof; it was left as it is, and nothing was checked")

    def save(self, one: Chosen, results: Sequence[ModelResult]) -> list[str]:
        """Save the run of every property that has one, and say so, one line each."""
        self.path.mkdir(parents=True, exist_ok=True)
        return [
            self._save(self._file(one, found.name), found.trace, header_of(one, found))
            for found in stronger(results)
            if found.trace is not None
        ]

    def _file(self, one: Chosen, name: str) -> Path:
        return self.path / f"{_as_file_name(one.subject.name)}.{_as_file_name(name)}.itf.json"

    def _save(self, path: Path, trace: Trace, header: Header) -> str:
        there = path.exists()
        save(path, trace, header, overwrite=True)
        return f"{'replaced' if there else 'saved'} {path}"


def _is_ours(path: Path) -> bool:
    """Whether a file is a trace of synproof, whole or not."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return BEGINNING in file.read(2 * len(BEGINNING))
    except OSError:
        return False


def _as_file_name(text: str) -> str:
    """The text without what some file system does not take (a property may be named `reaches:LISTEN`), and not too long."""
    bare = re.sub(r"[^\w.=,\[\]-]+", "-", text).encode()[:LONGEST].decode(errors="ignore")
    encoding = sys.getfilesystemencoding()
    return bare.encode(encoding, "replace").decode(encoding).replace("?", "-")


def load_trace(
    catalogue: Catalogue, path: str, model: str | None = None
) -> tuple[TraceFile, LoadedModel, Trace, Property | None]:
    """A saved trace, replayed against the model it names (or the one given), and the property it decides, if that is known.

    The settings that the command line gave when it was saved are given again; all others are the model's, as it is now. Raises
    TraceFileError if the file is damaged or its model cannot be found, TraceOfAnotherModel if it does not belong to the model.
    """
    file = read(path)
    try:
        loaded = catalogue.load(model or file.header.model, dict(file.header.given) or None)
    except SynproofError as error:
        if model or exit_code_of(error) != TraceFileError.exit_code:
            raise
        raise TraceFileError(f"{path} names a model that cannot be read: {error}; --model names another one") from error
    declared = {d.name: d for d in loaded.properties}
    named = [row.name for row in catalogue.property_table()]
    only = [file.about] if file.about in {*declared, *named} else []
    for asked in (only, [], named):  # what is asked of a model may add observers to it
        system, properties = catalogue.build(loaded, asked)
        if file.hash == model_hash(system):
            break
    trace = file.replayed(system, loaded.settings.as_dict())
    prop = next((p for p in properties if p.name == file.about), None)
    if prop is not None and file.about in declared and declared[file.about].text and prop.sentence != file.header.description:
        raise TraceOfAnotherModel(
            f"{path} belongs to another version of {loaded.name}: there {file.about} was {short(file.header.description)}"
        )
    said = file.header.verdict
    if prop is not None and said and said is not prop.shown:
        is_so = f"{said.value}, by its run it is {prop.shown.value}"
        raise TraceFileError(f"{path} is damaged: by its words {file.about} is {is_so}")
    if prop is not None and said:
        try:
            confirm(prop, trace)
        except ReplayFailed as error:
            raise TraceFileError(f"{path} is damaged: it is a run of {loaded.name}, but {error}") from error
    return file, loaded, trace, prop


def is_trace(catalogue: Catalogue, path: str) -> bool:
    """Whether a word of the command line names a saved trace and not a model."""
    if path in [name for name, _ in catalogue.models()]:
        return False
    return path.endswith(".json") or (os.path.isfile(path) and not path.endswith(".toml"))
