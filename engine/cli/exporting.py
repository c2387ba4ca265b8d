"""`synproof export`: a trace, saved or just found, as text, Markdown, Mermaid or ITF; or a whole system for SPIN or TLC."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace

from ..catalogue import Catalogue, find
from ..checker import Subject, Task, check
from ..choosing import choose
from ..files import refuse_existing, write_text
from ..property import Property, Verdict
from ..render import Look, render_ladder, render_markdown, render_mermaid
from ..results import ModelResult, PropertyResult
from ..traces.itf import Header, to_text
from ..traces.telling import tell
from ..traces.trace import Trace
from .arguments import Parser, limits_of, limits_options, one_of
from .console import Console
from .subjects import overrides, settings_option
from .traces import header_of, is_trace, load_trace
from .trouble import CommandLineError, NothingFound, NothingToExport

__all__ = ["configure", "run"]

OF_TRACES = ("text", "markdown", "mermaid", "itf")
OF_SYSTEMS = ("promela", "tla")
FORMATS = (*OF_TRACES, *OF_SYSTEMS)
LATER = ("svg", "html")


def configure(parser: Parser) -> None:
    """The options of `export`."""
    parser.add_argument("what", metavar="TRACE|MODEL", help="a saved trace; or a model, which is then checked")
    parser.add_argument(
        "--to", required=True, type=one_of(*FORMATS, later=LATER), metavar="|".join(FORMATS),
        help="the last two: the whole system of a model as text for SPIN, for TLC (docs/other-tools.md)",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="FILE",
        help="write there, never over another file (standard output); beside a module for TLC its configuration",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--property", metavar="NAME", help="of a model: the run of this property (the first violated, else reached)"
    )
    settings_option(parser)
    limits_options(parser)


@dataclass(frozen=True)
class _Found:
    """A trace, and what belongs to it."""

    trace: Trace
    prop: Property | None
    header: Header


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Export."""
    catalogue = find()
    if arguments.to in OF_SYSTEMS:
        return _system(catalogue, arguments, console)
    found = _saved(catalogue, arguments) if is_trace(catalogue, arguments.what) else _checked(catalogue, arguments, console)
    text = _written(found, arguments.to, console.look() if arguments.out is None else Look())
    if arguments.out is not None:
        write_text(arguments.out, text)
        console.say(f"wrote {arguments.out}")
    else:
        console.say(text.rstrip("\n"))
    return 0


def _system(catalogue: Catalogue, arguments: argparse.Namespace, console: Console) -> int:
    if is_trace(catalogue, arguments.what):
        raise CommandLineError(f"--to {arguments.to} writes a system, not a run: name a model instead of {arguments.what}")
    if arguments.max_states or arguments.max_memory or arguments.timeout:
        raise CommandLineError(f"--to {arguments.to} searches nothing: leave out the limits")
    only = [arguments.property] if arguments.property else []
    subject = choose(catalogue, arguments.what, overrides(arguments.settings), only).subject
    texts = _texts(subject, arguments.to, arguments.out)
    for path, _ in texts:
        if path is not None:
            refuse_existing(path)  # before the first is written
    for path, text in texts:
        if path is None:
            console.say(text.rstrip("\n"))
        else:
            write_text(path, text)
            console.say(f"wrote {path}")
    return 0


def _texts(subject: Subject, form: str, out: str | None) -> list[tuple[str | None, str]]:
    """What is written, and where (None: standard output)."""
    from ..foreign.promela import to_promela
    from ..foreign.tla import module_name, to_cfg, to_tla

    if form == "promela":
        return [(out, to_promela(subject))]
    if out is None:
        said = f"{module_name(subject.name)}.cfg (TLC reads nothing of a module below the line above):"
        return [(None, f"{to_tla(subject)}\n{said}\n\n{to_cfg(subject)}")]
    stem, suffix = os.path.splitext(out)
    module = os.path.basename(stem)
    if suffix != ".tla" or module_name(module) != module:
        raise CommandLineError(
            f"--out {out}: a module is called like its file, with letters, digits and _: {module_name(module)}.tla"
        )
    return [(out, to_tla(subject, module)), (f"{stem}.cfg", to_cfg(subject))]


def _saved(catalogue: Catalogue, arguments: argparse.Namespace) -> _Found:
    if arguments.property or arguments.settings:
        raise CommandLineError("a saved trace has its property and its settings: leave out -p and -s")
    file, _, trace, prop = load_trace(catalogue, arguments.what)
    header = file.header if prop is None else replace(file.header, description=prop.sentence)
    return _Found(trace, prop, header)


def _checked(catalogue: Catalogue, arguments: argparse.Namespace, console: Console) -> _Found:
    only = [arguments.property] if arguments.property else []
    one = choose(catalogue, arguments.what, overrides(arguments.settings), only)
    limits = limits_of(arguments)
    (result,) = check(one.subject, Task(limits=one.within(limits), progress=console.progress()))
    if result.interrupted:
        raise KeyboardInterrupt
    found = _first(result)
    if found is None or found.trace is None:
        verdicts = ", ".join(f"{p.name} {p.verdict.value}" for p in result.properties) or "it has no properties"
        settled = all(p.settled for p in result.properties)
        raise (NothingToExport if settled else NothingFound)(f"{one.subject.name} has no run to export: {verdicts}")
    return _Found(found.trace, found.prop, header_of(one, found))


def _first(result: ModelResult) -> PropertyResult | None:
    with_run = [found for found in result.properties if found.trace is not None]
    violated = [found for found in with_run if found.verdict is Verdict.VIOLATED]
    return next(iter(violated or with_run), None)


def _written(found: _Found, form: str, look: Look) -> str:
    if form == "itf":
        return to_text(found.trace, found.header)
    telling = tell(found.trace, found.prop, found.header.verdict)
    if form == "mermaid":
        return render_mermaid(telling)
    if form == "markdown":
        return render_markdown(telling, heading=found.header.model)
    return render_ladder(telling, look, heading=found.header.model)
