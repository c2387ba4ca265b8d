"""ITF: traces saved as files (`.itf.json`), and read back; a file is replayed and compared, and never believed.

`read` (or `parse`) gives what a file says of itself, by which the caller finds the model; `TraceFile.replayed` runs its actions
through the reference evaluator and compares every state. Words for people (sentences, clauses) are not compared: they may be
put better by a later version.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SynproofError, ValueOutsideSort, did_you_mean
from ..files import write_text
from ..identity import model_hash
from ..property import Verdict
from ..sorts import Value
from ..system import Action, System
from .itf_document import Header, Scalar, decode, document, short, to_text
from .trace import ReplayFailed, Trace, replay

__all__ = [
    "Header", "TraceFile", "TraceFileError", "TraceOfAnotherModel", "document", "parse", "read", "save", "to_text",
]  # fmt: skip

MAX_BYTES = 32 * 1024 * 1024  # far beyond any trace that a person could look at


class TraceFileError(SynproofError):
    """A trace file cannot be found, read or understood, or does not say what the model does: it is damaged."""

    exit_code = 150


class TraceOfAnotherModel(SynproofError):
    """A trace file is sound as far as one can see, but belongs to another model, or to other settings."""

    exit_code = 151


FACTS = ("actor", "segment", "sent")  # of a state's #meta; action and choices are what is replayed


@dataclass(frozen=True)
class TraceFile:
    """A trace file that could be parsed: what it says of itself. Whether that is true, `replayed` finds out.

    `where` names the file in messages; `content` is its JSON object.
    """

    where: str
    header: Header
    hash: str
    content: Mapping[str, Any]

    @property
    def about(self) -> str:
        """The name of the property that the trace decides, or nothing."""
        return str(self.content["#meta"]["property"])

    @property
    def states(self) -> Sequence[Mapping[str, Any]]:
        """The states as JSON."""
        found: Sequence[Mapping[str, Any]] = self.content["states"]
        return found

    def replayed(self, system: System, settings: Mapping[str, Scalar] | None = None) -> Trace:
        """The trace, computed anew by the reference evaluator and compared with the file state by state.

        Raises TraceOfAnotherModel if hash or (where given) settings differ, TraceFileError if the file does not hold a run of
        the system or says of it what is not so.
        """
        self._check_model(system, settings)
        try:
            states = [self._values(system, i, state) for i, state in enumerate(self.states)]
            instances = [self._instance(system, i, state["#meta"]) for i, state in enumerate(self.states) if i]
            trace = replay(system, states[0], instances, loop=self.content.get("loop"), about=self.about)
        except (ReplayFailed, ValueOutsideSort) as error:
            raise _damaged(self.where, f"it holds no run of {system.name}: {error}") from error
        for i, (mine, theirs) in enumerate(zip(trace.states, states, strict=True)):
            for name in system.by_name:
                if mine[name] != theirs[name]:
                    told = f"{name} = {short(theirs[name])} in state {i}, but the model gives {short(mine[name])}"
                    raise _damaged(self.where, told)
        self._check_facts(document(trace, self.header))
        return trace

    def _check_facts(self, true: Mapping[str, Any]) -> None:
        for key, mine, theirs in (
            ("vars", true["vars"], self.content.get("vars")),
            ("varTypes", true["#meta"]["varTypes"], self.content["#meta"].get("varTypes")),
            ("status", true["#meta"]["status"], self.content["#meta"].get("status")),
        ):
            if mine != theirs:
                raise _damaged(self.where, f"{key} should be {short(mine)}, not {short(theirs)}")
        for i, (right, state) in enumerate(zip(true["states"], self.states, strict=True)):
            for key in FACTS:
                if json.dumps(right["#meta"][key]) != json.dumps(state["#meta"].get(key)):
                    raise _damaged(self.where, f"{key} of state {i} should be {short(right['#meta'][key])}")

    def _check_model(self, system: System, settings: Mapping[str, Scalar] | None) -> None:
        mine, theirs = dict(settings or {}), self.header.settings
        if settings is not None and json.dumps(mine, sort_keys=True) != json.dumps(dict(theirs), sort_keys=True):
            names = [n for n in sorted({*mine, *theirs}) if json.dumps(mine.get(n)) != json.dumps(theirs.get(n))]
            told = "; ".join(f"{n} is {short(theirs.get(n))} there and {short(mine.get(n))} here" for n in names[:5])
            raise TraceOfAnotherModel(f"{self.where} was saved under other settings: {told}")
        if self.hash != model_hash(system):
            # settings are compared first: they say more than a hash
            raise TraceOfAnotherModel(
                f"{self.where} belongs to another model, or to another version of it: it was saved for "
                f"{short(self.header.model)}, whose rules or sorts are different now{self._version()}; "
                "check the model again for a new trace"
            )

    def _version(self) -> str:
        """What to say of the version that has saved the file, if it was another one."""
        theirs, mine = (self.header.versions or {}).get("synproof"), importlib.metadata.version("synproof")
        return "" if theirs == mine else f" (it was saved by synproof {short(theirs)}; this is {mine})"

    def _values(self, system: System, index: int, state: Mapping[str, Any]) -> dict[str, Value]:
        found = {}
        for name in state:
            if name != "#meta" and name not in system.by_name:
                raise _damaged(self.where, f"state {index} has a variable {short(name)}; {did_you_mean(name, system.by_name)}")
        for variable in system.variables:
            if variable.name not in state:
                raise _damaged(self.where, f"state {index} says nothing of {variable.name}")
            found[variable.name] = decode(variable.sort, state[variable.name], f"state {index}: {variable.name}")
        return found

    def _instance(self, system: System, index: int, meta: Mapping[str, Any]) -> tuple[Action, dict[str, Value]]:
        name, params = meta["action"], meta["params"]
        if name not in system.action_index:
            known = did_you_mean(name, system.action_index)
            raise _damaged(self.where, f"state {index} comes from an action {short(name)}; {known}")
        action = system.actions[system.action_index[name]]
        wanted = {p.name for p in action.params}
        if set(params) != wanted:
            raise _damaged(self.where, f"state {index}: {name} takes the choices {', '.join(sorted(wanted)) or 'none'}")
        return action, {
            p.name: decode(p.sort, params[p.name], f"state {index}: the choice {p.name}") for p in action.params
        }


def save(path: str | os.PathLike[str], trace: Trace, header: Header, *, overwrite: bool = False) -> None:
    """Write a trace file, as a whole or not at all. Raises FileExists or FileNotWritten (`engine.files`)."""
    write_text(path, to_text(trace, header), overwrite=overwrite)


def read(path: str | os.PathLike[str]) -> TraceFile:
    """Read and parse a trace file. Raises TraceFileError."""
    where = os.fspath(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):  # a pipe would be waited for
            raise TraceFileError(f"{where} cannot be read: it is no regular file")
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TraceFileError(f"{where} cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise TraceFileError(f"{where} is larger than {MAX_BYTES // 1024**2} MiB: that is no trace file of synproof")
    try:
        return parse(content.decode("utf-8"), where)
    except UnicodeDecodeError as error:
        raise _damaged(where, f"byte {error.start} is no UTF-8 text") from error


def parse(text: str, where: str = "the trace") -> TraceFile:
    """Parse the text of a trace file; `where` names it in messages. Raises TraceFileError."""
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float)
    except json.JSONDecodeError as error:
        raise _damaged(where, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _damaged(where, "nested too deeply" if isinstance(error, RecursionError) else str(error)) from error
    if not isinstance(found, dict) or not isinstance(found.get("#meta"), dict):
        raise _damaged(where, "it is no ITF trace: an object with #meta, vars and states is expected")
    meta = _Fields(where, found["#meta"], "#meta")
    if meta.get("format", str) != "ITF":
        raise _damaged(where, "#meta does not say that its format is ITF")
    if "hash" not in found["#meta"]:
        raise TraceFileError(f"{where} is a trace of another program: it does not say which model of synproof it belongs to")
    header = Header(
        meta.get("model", str), meta.scalars("settings"), _verdict(where, meta.get("verdict", str, type(None))),
        meta.get("description", str), meta.texts("versions"), meta.scalars("given"),
    )  # fmt: skip
    states = _states(where, found.get("states"))
    if "loop" in found and (not _is_number(found["loop"]) or not 0 <= found["loop"] < len(states)):
        raise _damaged(where, f"loop = {short(found['loop'])} is not the number of a state")
    meta.get("property", str)
    return TraceFile(where, header, meta.get("hash", str), found)


def _states(where: str, states: Any) -> list[dict[str, Any]]:
    if not isinstance(states, list) or not states:
        raise _damaged(where, "it has no states")
    for i, state in enumerate(states):
        if not isinstance(state, dict) or not isinstance(state.get("#meta"), dict):
            raise _damaged(where, f"state {i} is not an object with #meta")
        meta = _Fields(where, state["#meta"], f"state {i}, #meta")
        if not _is_number(state["#meta"].get("index")) or state["#meta"]["index"] != i:
            raise _damaged(where, f"state {i} does not have the index {i}")
        meta.get("action", str if i else type(None))
        meta.get("params", dict)
        meta.get("clause", str, type(None))
        meta.get("sentence", str, type(None))
    return states


class _Fields:
    """Reads the entries of an object, each of a type that is known."""

    def __init__(self, where: str, found: Mapping[str, Any], what: str) -> None:
        self.where, self.found, self.what = where, found, what

    def get(self, name: str, *types: type) -> Any:
        """An entry of one of the types."""
        if name not in self.found or type(self.found[name]) not in types:
            raise _damaged(self.where, f"{self.what} has no {name}, or one that makes no sense")
        return self.found[name]

    def scalars(self, name: str) -> dict[str, Scalar]:
        """An object of single values."""
        values: dict[str, Scalar] = self.get(name, dict)
        if not all(type(value) in (str, int, bool, type(None)) for value in values.values()):
            raise _damaged(self.where, f"{self.what}: {name} has values that are neither text nor number nor truth value")
        return values

    def texts(self, name: str) -> dict[str, str]:
        """An object of texts."""
        values: dict[str, str] = self.get(name, dict)
        if not all(type(value) is str for value in values.values()):
            raise _damaged(self.where, f"{self.what}: {name} has values that are no text")
        return values


def _verdict(where: str, word: str | None) -> Verdict | None:
    if word is None:
        return None
    if word not in (Verdict.VIOLATED.value, Verdict.REACHED.value):
        raise _damaged(where, f"a run shows that a property is violated, or reached, and nothing else: not {short(word)}")
    return Verdict(word)


def _is_number(value: Any) -> bool:
    return type(value) is int


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has two entries of one name")
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"{text[:20]} is not a whole number")


def _damaged(where: str, what: str) -> TraceFileError:
    return TraceFileError(f"{where} is damaged: {what}")
