"""ITF documents: a trace as JSON that can be read anywhere (Apalache's ADR-015).

Every state has a `#meta` with the action that led to it, its choices, and what it did to messages. The file says by hash and
settings which model it belongs to. The text is canonical: what is read (`engine.traces.itf`) and written again is the same to
the byte.

Values: Enum as string, Bool as bool, Int and Seq as {"#bigint": "5"} (plain numbers are read too), records as objects, bags
as sequences.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ValueOutsideSort
from ..evaluate import Transition
from ..identity import model_hash
from ..property import Verdict
from ..sorts import Bag, Bool, Enum, Int, Record, Seq, Sort, Value
from ..system import State, System
from .flights import fields_of
from .telling import sentences
from .trace import Trace

__all__ = ["Header", "Scalar", "decode", "document", "encode", "short", "to_text"]

FORMAT_DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"
MAX_DIGITS = 40
Scalar = str | int | bool | None


@dataclass(frozen=True)
class Header:
    """What a file says beside the run: the model as people name it, its settings, and what was found.

    `given` are those of the settings that were not the model's but the command line's. `versions` (default: that of this
    program) are those of whatever had a part in finding the trace.
    """

    model: str
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    verdict: Verdict | None = None
    description: str = ""
    versions: Mapping[str, str] | None = None
    given: Mapping[str, Scalar] = field(default_factory=dict)


# ---- writing ---------------------------------------------------------------------------------------------------------


def document(trace: Trace, header: Header) -> dict[str, Any]:
    """The trace as an ITF object of plain JSON values."""
    system = trace.system
    versions = header.versions
    if versions is None:
        versions = {"synproof": importlib.metadata.version("synproof")}
    meta = {
        "format": "ITF",
        "format-description": FORMAT_DESCRIPTION,
        "description": header.description,
        "status": "violation" if header.verdict is Verdict.VIOLATED else "ok",
        "varTypes": {variable.name: _type(variable.sort) for variable in system.variables},
        "model": header.model,
        "hash": model_hash(system),
        "settings": dict(sorted(header.settings.items())),
        "given": dict(sorted(header.given.items())),
        "versions": dict(sorted(versions.items())),
        "property": trace.about,
        "verdict": header.verdict.value if header.verdict else None,
    }
    told = sentences(trace)
    states = [_state(system, trace.initial, _first_meta())]
    for index, (step, sentence) in enumerate(zip(trace.steps, told, strict=True), 1):
        states.append(_state(system, step.after, _meta(system, index, step, sentence)))
    found: dict[str, Any] = {"#meta": meta, "vars": [variable.name for variable in system.variables], "states": states}
    return found if trace.loop is None else found | {"loop": trace.loop}


def to_text(trace: Trace, header: Header) -> str:
    """The canonical text of a trace file: one line per state."""
    return _layout(document(trace, header))


def _layout(found: Mapping[str, Any]) -> str:
    meta = ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in found["#meta"].items())
    states = ",\n".join(f"    {json.dumps(state)}" for state in found["states"])
    parts = [f'  "#meta": {{\n{meta}\n  }}', f'  "vars": {json.dumps(found["vars"])}', f'  "states": [\n{states}\n  ]']
    parts += [f'  "loop": {found["loop"]}'] if "loop" in found else []
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _state(system: System, state: State, meta: Mapping[str, Any]) -> dict[str, Any]:
    return {"#meta": dict(meta)} | {v.name: encode(v.sort, state[v.name]) for v in system.variables}


def _first_meta() -> dict[str, Any]:
    nothing = ("action", "actor", "segment", "clause", "sentence")
    return {"index": 0} | dict.fromkeys(nothing) | {"sent": [], "params": {}}


def _meta(system: System, index: int, step: Transition, sentence: str) -> dict[str, Any]:
    action = step.action
    picked = next((p for p in action.params if p.channel is not None), None)
    return {
        "index": index,
        "action": action.name,
        "actor": action.actor,
        "segment": _message(system, picked.channel, step.params[picked.name]) if picked and picked.channel else None,
        "clause": action.clause,
        "sentence": sentence,
        "sent": [
            {**_message(system, channel, element), "dropped": dropped} for channel, element, dropped in step.sent()
        ],
        "params": {p.name: encode(p.sort, step.params[p.name]) for p in action.params},
    }


def _message(system: System, channel: str, element: Value) -> dict[str, Any]:
    """A message for readers of the file: where from and to, and its fields in the system's own words."""
    ends = next(({"from": c.sender, "to": c.receiver} for c in system.channels if c.variable == channel), {})
    sort = system.channel_element(channel)
    if system.message_fields is not None:
        return {**ends, **system.message_fields(sort.as_dict(element))}
    return {**ends, **fields_of(sort, element)}


def _type(sort: Sort) -> str:
    """A sort in Apalache's notation for types."""
    match sort:
        case Bool():
            return "Bool"
        case Enum():
            return "Str"
        case Record():
            return "{ " + ", ".join(f"{name}: {_type(part)}" for name, part in sort.fields) + " }"
        case Bag():
            return f"Seq({_type(sort.element)})"
        case _:
            return "Int"


def encode(sort: Sort, value: Value) -> Any:
    """A value as ITF writes it."""
    match sort:
        case Int() | Seq():
            return {"#bigint": str(value)}
        case Record():
            return {name: encode(part, v) for (name, part), v in zip(sort.fields, value, strict=True)}
        case Bag():
            return [encode(sort.element, element) for element in value]
        case _:
            return value


def decode(sort: Sort, found: Any, what: str) -> Value:
    """The value that `encode` wrote; plain numbers will do. Raises ValueOutsideSort, naming `what`."""
    value = found
    match sort:
        case Int() | Seq():
            if isinstance(found, dict) and set(found) == {"#bigint"} and isinstance(found["#bigint"], str):
                digits = found["#bigint"]
                value = int(digits) if re.fullmatch(rf"-?[0-9]{{1,{MAX_DIGITS}}}", digits, re.ASCII) else None
        case Record():
            if not isinstance(found, dict) or set(found) != set(sort.index):
                raise ValueOutsideSort(f"{what} is not a {sort} with the fields {', '.join(sort.index)}")
            value = tuple(decode(part, found[name], f"{what}.{name}") for name, part in sort.fields)
        case Bag():
            if not isinstance(found, list) or len(found) > sort.capacity:
                raise ValueOutsideSort(f"{what} is not a {sort}")
            value = tuple(decode(sort.element, element, what) for element in found)
    if not sort.contains(value):
        raise ValueOutsideSort(f"{what} = {short(found)} is outside {sort}")
    return value


def short(value: Any) -> str:
    """A value as it may stand in a message, whatever it is."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
