"""Eventually-properties: responses under fairness, decided by the fair components of the explored graph.

A response is violated by a run that, after a trigger, stays for ever where the goal is missing: it ends by going round in a set
of states from each of which it reaches each other, or by resting in one state (a run may always stop taking steps that
nothing obliges it to take). The sets are the strongly connected components of the *region*: the states where `meanwhile` holds
and `goal` does not, reached from a trigger without leaving. Whether a component holds a fair run is decided as for Streett
automata: where a message is sent and never delivered, the sending edges are taken out and the rest is looked at again.

Fairness, for what a run does infinitely often (see `property.Fairness`):

* weak: each action with such a tag is taken, or disabled in some state;
* compassion: a message value that an endpoint or the environment sends into the channel, dropped ones included, is delivered (a
  copy that the network makes is not sent). Values are compared without their history fields;
* delivery: a message value that is in flight in every state is delivered.

A delivery is an action of kind SEGMENT_ARRIVES that takes the message. An action with a weak tag that lacks only room in a
channel with compassion (its guard has the conjunct `~is_full(channel)`) is *refused*: it may be tried in vain without a step
being seen, which counts as taken and as sent. Otherwise whatever keeps a channel full would excuse the sender.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from .compile import Compiled
from .errors import LanguageError, did_you_mean
from .explore import Exploration, Run
from .expr import all_of, any_of, is_full, negate
from .property import Fairness, Property, Response, Verdict
from .sorts import Record
from .system import Action, Kind, System

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["LivenessResult", "check_feasible", "check_responses"]

AROUND = (Kind.NETWORK, Kind.ENVIRONMENT)  # what no endpoint does
REFUSED = -1  # the label of an action that is tried in vain


@dataclass(frozen=True)
class LivenessResult:
    """Whether responses hold.

    `verdict` is HOLDS, VIOLATED (then `run` is a lasso and `response` says which response it violates) or INCOMPLETE: the
    exploration was, and nothing was found in the states that it expanded. `waiting` counts the states of the regions looked at.
    """

    verdict: Verdict
    run: Run | None = None
    response: Response | None = None
    waiting: int = 0


def check_responses(exploration: Exploration, prop: Property) -> LivenessResult:
    """Decide an eventually-property: its responses, in the order in which they are written, under its fairness.

    A lasso has a shortest way to a state from which the run can stay where it is or go round fairly, and goes round there
    through what fairness demands. It is a run whether or not the exploration is complete: only states whose transitions are
    all known are used for what repeats. Raises LanguageError if the property has no responses or names an unknown channel.
    """
    if not prop.responses:
        raise LanguageError(f"{prop.name} is no eventually-property: it has no responses")
    waiting = 0
    for response in prop.responses:
        region = _Region(exploration, response, prop.fairness)
        waiting += len(region.came)
        run = region.lasso()
        if run is not None:
            return LivenessResult(Verdict.VIOLATED, run, response, waiting)
    return LivenessResult(Verdict.HOLDS if exploration.complete else Verdict.INCOMPLETE, waiting=waiting)


def check_feasible(exploration: Exploration, fairness: Fairness) -> LivenessResult:
    """Whether every finite run extends to a fair one; if not, `run` is a shortest that does not.

    A fairness assumption that is not feasible rules out more than what goes on for ever, and what "holds" under it may hold for
    that reason alone.
    """
    region = _Region(exploration, Response(), fairness)
    stranded = region.stranded()
    if stranded is not None:
        return LivenessResult(Verdict.VIOLATED, exploration.run_to(stranded), waiting=len(region.came))
    return LivenessResult(Verdict.HOLDS if exploration.complete else Verdict.INCOMPLETE, waiting=len(region.came))


class _Edge(NamedTuple):
    """A transition that may repeat, or a refused action. Masks are over the actions and message values of `_Rules`."""

    source: int
    label: int
    target: int
    action: int  # weakly fair action taken
    sent: int  # values sent into a channel with compassion
    delivered: int
    sends: bool  # an endpoint sends something


class _Rules:
    """What fairness says of one state or transition, as bit masks over the weakly fair actions and the message values."""

    def __init__(self, exploration: Exploration, fairness: Fairness, without: frozenset[Kind]) -> None:
        system, self.unit = exploration.system, exploration.unit
        self.layout = self.unit.layout
        _check_channels(system, fairness)
        weak = [i for i, a in enumerate(system.actions) if a.tags & fairness.weak]
        self.weak = {action: 1 << bit for bit, action in enumerate(weak)}
        self.values: dict[tuple[str, int], int] = {}  # (channel, element without history) -> bit
        self.masks = {name: _told(system.channel_element(name)) for name in fairness.compassion | fairness.delivery}
        self.compassion = [c.variable if c.variable in fairness.compassion else "" for c in system.channels]
        self.delivery = sorted(fairness.delivery)
        self.repeats = [action.kind not in without for action in system.actions]
        self.endpoint = [action.kind not in AROUND for action in system.actions]
        self.speaks = [bool(action.sends) and action.kind is not Kind.NETWORK for action in system.actions]
        self.takes = [self._taken(action) for action in system.actions]
        vain = [(bit, _in_vain(system, system.actions[i], fairness)) for i, bit in self.weak.items() if self.repeats[i]]
        refused = [(bit, action) for bit, action in vain if action is not None]
        self.vain_bits = [bit for bit, _ in refused]
        self.vain = Compiled(replace(system, actions=tuple(action for _, action in refused)))

    def _taken(self, action: Action) -> tuple[str, int] | None:
        """The channel from which an action delivers, and where in a label the element begins."""
        shift = 0
        for p in reversed(action.params):
            if p.channel is not None and p.channel == action.takes and action.kind is Kind.SEGMENT_ARRIVES:
                return (p.channel, shift) if p.channel in self.masks else None
            shift += p.sort.width
        return None

    def value(self, channel: str, element: int) -> int:
        """The bit of a message value."""
        key = channel, element & self.masks[channel]
        if key not in self.values:
            self.values[key] = 1 << len(self.values)
        return self.values[key]

    def refused(self, state: int) -> list[tuple[int, int]]:
        """The weakly fair actions that are refused in a state: (bit of the action, values that it tries to send)."""
        if not self.vain_bits:
            return []
        out: list[tuple[int, int, int]] = []
        self.vain.successors(state, out, [])
        shift = self.vain.layout.param_bits
        return [(self.vain_bits[label >> shift], self._told(self.vain.sends(state, label))) for label, _, _ in sorted(out)]

    def _told(self, messages: list[tuple[int, int]]) -> int:
        """The values, of those sent, that compassion is about."""
        mask = 0
        for channel, element in messages:
            if name := self.compassion[channel]:
                mask |= self.value(name, element)
        return mask

    def sent(self, state: int, label: int) -> tuple[int, bool]:
        """The values that a transition out of a packed state sends, and whether an endpoint sends anything."""
        action = label >> self.layout.param_bits
        if not self.speaks[action]:
            return 0, False
        messages = self.unit.sends(state, label)
        return self._told(messages), bool(messages) and self.endpoint[action]

    def delivered(self, label: int) -> int:
        """The value that a transition delivers."""
        taken = self.takes[label >> self.layout.param_bits]
        return 0 if taken is None else self.value(taken[0], label >> taken[1] & self.masks[taken[0]])

    def in_flight(self, state: int) -> int:
        """The values in channels that deliver all."""
        mask = 0
        for channel in self.delivery:
            for place in self.layout.places[channel]:
                if slot := state >> place.offset & place.mask:
                    mask |= self.value(channel, slot >> 1)
        return mask


def _check_channels(system: System, fairness: Fairness) -> None:
    known = [channel.variable for channel in system.channels]
    for name in sorted(fairness.compassion | fairness.delivery):
        if name not in known:
            raise LanguageError(f"fairness speaks of the channel {name!r}; {did_you_mean(name, known)}")


def _in_vain(system: System, action: Action, fairness: Fairness) -> Action | None:
    """The action as it is refused: where it lacks only room in a channel with compassion; it then changes nothing."""
    room = {negate(full): full for full in (is_full(system.by_name[name].expr) for name in fairness.compassion)}
    if not any(conjunct in room for conjunct in action.guard):
        return None
    wanted = [conjunct for conjunct in action.guard if conjunct not in room]
    full = [room[conjunct] for conjunct in action.guard if conjunct in room]
    return replace(action, guard=(*wanted, *(need for _, need in action.needs), any_of(*full)), effects=(), needs=(), events=())


def _told(element: Record) -> int:
    """Mask of the bits of an encoded element that are no history."""
    mask = 0
    for (name, sort), offset in zip(element.fields, element.offsets, strict=True):
        if name not in element.history:
            mask |= ((1 << sort.width) - 1) << offset
    return mask


class _Region:
    """The states where a response is waited for, and its fair components.

    `came` holds, for each state by its position, how the shortest run came there: (position before in the region or -1, label).
    """

    def __init__(self, exploration: Exploration, response: Response, fairness: Fairness) -> None:
        self.exploration, self.response = exploration, response
        system = exploration.system
        for name, part in (("trigger", response.trigger), ("goal", response.goal), ("meanwhile", response.meanwhile)):
            system.check_expr(part, f"the {name} of a response")
        self.rules = _Rules(exploration, fairness, response.without)
        self.came: dict[int, tuple[int, int]] = {}
        self.enabled: dict[int, int] = {}  # the weakly fair actions that are enabled or refused in a state
        self.resting: list[int] = []  # where a run may rest, the nearest first
        self._explore()

    def _explore(self) -> None:
        """Walk the region breadth first. A trigger is as far away as its state, so triggers join level by level."""
        import networkx as nx

        exploration, came = self.exploration, self.came
        index, expanded, shift = exploration.index, exploration.expanded, exploration.unit.layout.param_bits
        weak, repeats = self.rules.weak, self.rules.repeats
        waits = all_of(self.response.meanwhile, negate(self.response.goal))
        classify = Compiled(exploration.system, [waits, self.response.trigger]).predicates
        inside = bytearray(map(classify, exploration.states[:expanded]))  # 1: waits, 3: and is a trigger
        triggers = [position for position, mask in enumerate(inside) if mask == 3]
        self.graph = nx.DiGraph()
        level: list[int] = []
        next_trigger = depth = 0
        while level or next_trigger < len(triggers):
            while next_trigger < len(triggers) and exploration.depth_of(triggers[next_trigger]) <= depth:
                if triggers[next_trigger] not in came:
                    came[triggers[next_trigger]] = -1, -1
                    level.append(triggers[next_trigger])
                next_trigger += 1
            level.sort()
            following: list[int] = []
            for position in level:
                enabled = 0
                near: list[int] = []
                for label, state, _ in exploration.successors(position):
                    action, target = label >> shift, index[state]
                    if action in weak:
                        enabled |= weak[action]
                    if target < expanded and inside[target] & 1:
                        if target not in came:
                            came[target] = position, label
                            following.append(target)
                        if repeats[action] and target not in near:
                            near.append(target)
                self._may_rest(position, enabled)
                self.graph.add_edges_from([(position, target) for target in near])
            level, depth = following, depth + 1

    def _may_rest(self, position: int, enabled: int) -> None:
        state = self.exploration.states[position]
        in_vain = 0  # what can be tried without obliging the network to anything
        for action, sent in self.rules.refused(state):
            enabled |= action
            in_vain |= 0 if sent else action
        self.enabled[position] = enabled
        if not enabled & ~in_vain and not self.rules.in_flight(state) and not self.response.sending:
            self.resting.append(position)

    # -- answers -------------------------------------------------------------------------------------------------
    def lasso(self) -> Run | None:
        """A fair run that waits for ever, or None."""
        nearest = {position: i for i, position in enumerate(self.came)}
        ends: list[tuple[int, _Component | None]] = [(position, None) for position in self.resting[:1]]
        ends += [(min(c.states, key=nearest.__getitem__), c) for c in self._fair_components()]
        if not ends:
            return None
        at, component = min(ends, key=lambda end: nearest[end[0]])  # resting comes first of equals
        stem = self._stem(at)
        cycle = [] if component is None else _Tour(self, component).around(at)
        return replace(stem, labels=stem.labels + tuple(e.label for e in cycle if e.label != REFUSED), loop=len(stem))

    def _stem(self, position: int) -> Run:
        labels = []
        while self.came[position][0] >= 0:
            position, label = self.came[position]
            labels.append(label)
        return self.exploration.run_to(position, *reversed(labels))

    def stranded(self) -> int | None:
        """The first state, by position, from which no fair run starts, if every state is in the region."""
        exploration, before = self.exploration, self.graph.pred
        alive = set(self.resting).union(*(component.states for component in self._fair_components()))
        if not exploration.complete:  # what is not expanded may go on fairly
            alive.update(range(exploration.expanded, len(exploration.states)))
            alive.update(source for source, _, target in exploration.edges() if target in alive)
        pending = list(alive)
        while pending:
            for source in before.get(pending.pop(), ()):
                if source not in alive:
                    alive.add(source)
                    pending.append(source)
        return next((position for position in range(len(exploration.states)) if position not in alive), None)

    # -- components ----------------------------------------------------------------------------------------------
    def edges(self, states: set[int], banned: int) -> Iterator[_Edge]:
        """The transitions inside a set of states that may repeat and send no banned value; and what is refused there."""
        rules, exploration = self.rules, self.exploration
        index, repeats, weak, shift = exploration.index, rules.repeats, rules.weak, rules.layout.param_bits
        for position in sorted(states):
            state = exploration.states[position]
            for label, packed, _ in exploration.successors(position):
                target = index[packed]
                if target in states and repeats[label >> shift]:
                    sent, sends = rules.sent(state, label)
                    if not sent & banned:
                        yield _Edge(position, label, target, weak.get(label >> shift, 0), sent, rules.delivered(label), sends)
            for action, sent in rules.refused(state):
                if not sent & banned:
                    yield _Edge(position, REFUSED, position, action, sent, 0, False)

    def _fair_components(self) -> list[_Component]:
        """The largest sets of states in which a fair run can go round for ever, passing all of them."""
        import networkx as nx

        found: list[_Component] = []
        pending = [_Component(states, 0) for states in _cyclic(self.graph)]
        while pending:
            component = pending.pop()
            taken = sent = delivered = 0
            sends = False
            for edge in self.edges(component.states, component.banned):
                taken, sent, delivered = taken | edge.action, sent | edge.sent, delivered | edge.delivered
                sends = sends or edge.sends
            if not self._can_be_fair(component.states, taken, delivered, sends):
                continue  # and no part of it can: it takes, delivers and disables less
            if lost := sent & ~delivered:
                banned = component.banned | lost
                inside = self.edges(component.states, banned)
                rest = nx.DiGraph((edge.source, edge.target) for edge in inside if edge.label != REFUSED)
                pending.extend(_Component(states, banned) for states in _cyclic(rest))
            else:
                found.append(component)
        return found

    def _can_be_fair(self, states: set[int], taken: int, delivered: int, sends: bool) -> bool:
        forgone = stuck = -1  # weakly fair actions enabled, values in flight, in every state
        for position in states:
            forgone &= self.enabled[position]
            stuck &= self.rules.in_flight(self.exploration.states[position]) if self.rules.delivery else 0
        return not forgone & ~taken and not stuck & ~delivered and (sends or not self.response.sending)


@dataclass(frozen=True)
class _Component:
    """A strongly connected set of states, without the edges that send a banned value."""

    states: set[int]
    banned: int


def _cyclic(graph: nx.DiGraph) -> Iterator[set[int]]:
    """The strongly connected components in which one can go round."""
    import networkx as nx

    for states in nx.strongly_connected_components(graph):
        if len(states) > 1 or any(graph.has_edge(node, node) for node in states):
            yield states


class _Tour:
    """A closed walk through a fair component that does all that fairness asks of it."""

    def __init__(self, region: _Region, component: _Component) -> None:
        self.region, self.rules = region, region.rules
        self.out: dict[int, list[_Edge]] = {position: [] for position in component.states}
        for edge in region.edges(component.states, component.banned):
            self.out[edge.source].append(edge)

    def around(self, start: int) -> list[_Edge]:
        """A fair closed walk from `start`: the shortest way round, then longer ones by what the walks before lacked."""
        needs: list[_Need] = []
        while True:
            walk: list[_Edge] = []
            at = start
            while unmet := [need for need in needs if not any(need(edge) for edge in walk)]:
                walk += self._way(at, _either(unmet))
                at = walk[-1].target
            if not walk or at != start:
                walk += self._way(at, lambda edge: edge.target == start)
            lacking = self._lacking(walk)
            if lacking is None:
                return self._shortened(walk)
            needs.append(lacking)

    def _way(self, start: int, wanted: _Need) -> list[_Edge]:
        """A shortest walk of at least one edge whose last edge is wanted."""
        came: dict[int, _Edge] = {}
        queue = deque([start])
        while queue:
            position = queue.popleft()
            for edge in self.out[position]:
                if wanted(edge):
                    walk = [edge]
                    while walk[-1].source != start:
                        walk.append(came[walk[-1].source])
                    return walk[::-1]
                if edge.target not in came and edge.target != start:
                    came[edge.target] = edge
                    queue.append(edge.target)
        raise AssertionError("a fair component has an edge for everything that fairness asks")

    def _lacking(self, walk: list[_Edge]) -> _Need | None:
        """Something that fairness, or the response, asks of a walk for ever round and that it does not do."""
        taken = sent = delivered = 0
        forgone = stuck = -1
        for edge in walk:
            taken, sent, delivered = taken | edge.action, sent | edge.sent, delivered | edge.delivered
            forgone &= self.region.enabled[edge.target]
            stuck &= self._in_flight(edge)
        if missing := forgone & ~taken:
            weak = missing & -missing
            return lambda edge: bool(edge.action & weak or ~self.region.enabled[edge.target] & weak)
        if missing := sent & ~delivered:
            value = missing & -missing
            return lambda edge: bool(edge.delivered & value)
        if missing := stuck & ~delivered:
            kept = missing & -missing
            return lambda edge: bool(edge.delivered & kept or ~self._in_flight(edge) & kept)
        if self.region.response.sending and not any(edge.sends for edge in walk):
            return lambda edge: edge.sends
        return None

    def _in_flight(self, edge: _Edge) -> int:
        return self.rules.in_flight(self.region.exploration.states[edge.target])

    def _shortened(self, walk: list[_Edge]) -> list[_Edge]:
        """The walk without those detours (from a state back to it) that fairness does not need, the longest first."""
        i = 0
        while i < len(walk):
            for j in range(len(walk) - 1, i - 1, -1):
                rest = walk[:i] + walk[j + 1 :]
                if rest and walk[j].target == walk[i].source and self._lacking(rest) is None:
                    walk = rest
                    break
            else:
                i += 1
        return walk


_Need = Callable[[_Edge], bool]


def _either(needs: list[_Need]) -> _Need:
    return lambda edge: any(need(edge) for need in needs)
