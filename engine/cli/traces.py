"""Traces as files: saved by `check --trace-dir`, put into `--json`, and found again by `replay` and `export`."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..catalogue import Catalogue, LoadedModel
from ..choosing import Chosen
from ..itf import Header, TraceFile, document, read, save
from ..property import Property
from ..results import ModelResult, PropertyResult, stronger
from ..trace import Trace
from .trouble import CannotWrite

__all__ = ["TraceFolder", "header_of", "is_trace", "load_trace", "trace_json"]


def header_of(model: str, settings: Mapping[str, str | int], found: PropertyResult) -> Header:
    """What a saved trace says of where it comes from."""
    prop = found.prop
    return Header(model, dict(settings), found.verdict, prop.sentence)


def trace_json(result: ModelResult, found: PropertyResult) -> dict[str, Any] | None:
    """The trace of a result as the ITF object that `--json` shows."""
    return None if found.trace is None else document(found.trace, header_of(result.model, result.settings, found))


class TraceFolder:
    """A folder for traces. Raises CannotWrite at once if nothing can be written there; makes it if it is not there."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CannotWrite(f"--trace-dir {path}: {reason}; no trace can be saved there, and nothing was checked") from error

    def save(self, one: Chosen, results: Sequence[ModelResult]) -> list[str]:
        """Save the run of every property that has one, and say so, one line each."""
        model = one.subject.name if one.model.shipped else one.model.path
        return [
            self._save(one.subject.name, found, found.trace, header_of(model, one.subject.settings, found))
            for found in stronger(results)
            if found.trace is not None
        ]

    def _save(self, name: str, found: PropertyResult, trace: Trace, header: Header) -> str:
        path = self.path / f"{_as_file_name(name)}.{_as_file_name(found.name)}.itf.json"
        there = path.exists()
        save(path, trace, header, overwrite=True)
        return f"{'replaced' if there else 'saved'} {path}"


def _as_file_name(text: str) -> str:
    """The text without what some file system does not take (a property may be named `reaches:LISTEN`)."""
    return re.sub(r"[^\w.=,\[\]-]+", "-", text)


def load_trace(
    catalogue: Catalogue, path: str, model: str | None = None
) -> tuple[TraceFile, LoadedModel, Trace, Property | None]:
    """A saved trace, replayed against the model it names (or the one given), and the property it decides, if that is known.

    Raises TraceFileError if the file is damaged, TraceOfAnotherModel if it does not belong to the model.
    """
    file = read(path)
    loaded = catalogue.load(model or file.header.model, None if model else dict(file.header.settings))
    declared = [d.name for d in loaded.properties]
    named = {row.name for row in catalogue.property_table()}
    system, properties = catalogue.build(loaded, [file.about] if file.about in {*declared, *named} else [])
    trace = file.replayed(system, loaded.settings.as_dict())
    return file, loaded, trace, next((p for p in properties if p.name == file.about), None)


def is_trace(catalogue: Catalogue, path: str) -> bool:
    """Whether a word of the command line names a saved trace and not a model."""
    if path in [name for name, _ in catalogue.models()]:
        return False
    return path.endswith(".json") or (os.path.isfile(path) and not path.endswith(".toml"))
