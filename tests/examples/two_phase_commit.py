"""Two-phase commit, as a first system of one's own.

After Gray and Lamport, "Consensus on transaction commit" (ACM Transactions on Database Systems 31, 2006), whose TLA+
specification has 288 distinct states for three resource managers.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, all_of, any_of
from synproof.engine.property import Property, PropertyKind
from synproof.engine.sorts import BOOL, Enum
from synproof.engine.system import Action, Kind, Step, System, Variable

# A sort is a finite set of values. A resource manager (RM) works, then prepares, then learns the decision of the
# transaction manager (TM), unless it chooses to abort while it still works.
RM = Enum("RM", ("WORKING", "PREPARED", "COMMITTED", "ABORTED"))
TM = Enum("TM", ("INIT", "COMMITTED", "ABORTED"))


def two_phase_commit(managers: int) -> tuple[System, list[Property]]:
    """The system with so many resource managers, and what is to be checked of it."""
    # Variables are declared with their sorts. A message that is sent stays there for ever, as in the published
    # specification: one truth value per message is enough, and losing a message is the same as never receiving it.
    tm = Variable("tm", TM)
    commit, abort = Variable("commit_sent", BOOL), Variable("abort_sent", BOOL)
    rms = [Variable(f"rm{i}", RM) for i in range(managers)]
    said = [Variable(f"prepared_sent{i}", BOOL) for i in range(managers)]
    heard = [Variable(f"tm_knows{i}", BOOL) for i in range(managers)]
    variables = (tm, commit, abort, *rms, *said, *heard)

    # An action is a guard (`when`) and an effect (`set`), both over expressions. What it does not mention stays.
    actions: list[Action] = []

    def action(name: str, sentence: str, when: list[Expr], then: list[tuple[Expr, str | bool]]) -> None:
        step = Step(name, actor=name.partition(".")[0], kind=Kind.INTERNAL, sentence=sentence)
        step.when(*when)
        for variable, value in then:
            step.set(variable, value)
        actions.append(step.action())

    undecided = tm.expr == "INIT"
    action(
        "tm.commit", "All have prepared: the TM decides to commit.",
        [undecided, *(h.expr for h in heard)], [(tm.expr, "COMMITTED"), (commit.expr, True)],
    )  # fmt: skip
    action("tm.abort", "The TM decides to abort.", [undecided], [(tm.expr, "ABORTED"), (abort.expr, True)])
    for i, rm in enumerate(rms):
        works = rm.expr == "WORKING"
        action(f"tm.hear{i}", f"The TM hears that RM {i} has prepared.", [undecided, said[i].expr], [(heard[i].expr, True)])
        action(f"rm{i}.prepare", f"RM {i} prepares and says so.", [works], [(rm.expr, "PREPARED"), (said[i].expr, True)])
        action(f"rm{i}.choose_abort", f"RM {i} chooses to abort.", [works], [(rm.expr, "ABORTED")])
        action(f"rm{i}.hear_commit", f"RM {i} hears the decision and commits.", [commit.expr], [(rm.expr, "COMMITTED")])
        action(f"rm{i}.hear_abort", f"RM {i} hears the decision and aborts.", [abort.expr], [(rm.expr, "ABORTED")])

    # A system is all of this and its initial states: complete assignments of values.
    start = {v.name: v.sort.default for v in variables}
    system = System("two-phase commit", variables, (start,), tuple(actions))

    # An always, and beside it the sometimes that would fail if the always held of a system that does nothing.
    some_commit = any_of(*(rm.expr == "COMMITTED" for rm in rms))
    some_abort = any_of(*(rm.expr == "ABORTED" for rm in rms))
    properties = [
        Property("consistent", PropertyKind.ALWAYS, "No RM commits while another aborts.", ~(some_commit & some_abort)),
        Property(
            "all-commit", PropertyKind.SOMETIMES, "All commit.", all_of(*(rm.expr == "COMMITTED" for rm in rms))
        ),
        Property("some-abort", PropertyKind.SOMETIMES, "Some RM aborts.", some_abort),
    ]
    return system, properties
