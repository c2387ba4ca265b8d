"""Laws: what no single step of an end may do, said a second time and in another order than by the rules.

The RFC says much twice: figure 5 draws the arcs that 3.10 describes, 3.5.2 and 3.5.3 say when resets are sent and believed, 3.4
which numbers a segment may bear. The laws follow these; what 3.10 alone says they ask of all states at once. A law reads off a
finished action what it does, whatever its rule was written to do; where the two accounts differ that is an event (`observing`),
and a named property says that it never happens.
"""

from __future__ import annotations

from .acceptance import UNACCEPTABLE_IS_ANSWERED
from .arcs import FOLLOWS_FIGURE_5
from .delivery import NEXT_OCTET_IS_DELIVERED
from .law import Law
from .numbers import NUMBERS_MOVE_FORWARD
from .resets import RESETS_ARE_BELIEVABLE, RESETS_ARE_BELIEVED
from .segments import SEGMENTS_ARE_TRUE
from .timeouts import KEEPALIVE_ASKS_FIRST, USER_TIMEOUT_IN_FULL
from .told import USER_IS_TOLD

__all__ = ["LAWS", "Law"]

LAWS: tuple[Law, ...] = (
    FOLLOWS_FIGURE_5,
    RESETS_ARE_BELIEVABLE,
    RESETS_ARE_BELIEVED,
    UNACCEPTABLE_IS_ANSWERED,
    SEGMENTS_ARE_TRUE,
    NUMBERS_MOVE_FORWARD,
    NEXT_OCTET_IS_DELIVERED,
    KEEPALIVE_ASKS_FIRST,
    USER_TIMEOUT_IN_FULL,
    USER_IS_TOLD,
)
"""The laws, in the order in which they are shown."""
