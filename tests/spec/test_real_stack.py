"""What a real stack did, segment for segment and with its numbers: the specification does the same.

Taken from captures of our own of a Linux 6.18 kernel that listens on a port (TCP timestamps off), at its own interface; most of
its peers were hand-made segments. `came` is a segment that arrives at the kernel, `sent` one that it sends, `user` and `timer`
what must have happened in it before the next; `lost` is an answer that its rate limit for challenge ACKs held back.
"""

from __future__ import annotations

import pytest

from synproof.spec.alone import Arrives, Close, Endpoint, Event, PassiveOpen, Segment, Send, Timeout, Timer

IN_TIME_WAIT = """
came <SEQ=1000><CTL=SYN>
sent <SEQ=3371203861><ACK=1001><CTL=SYN,ACK>
came <SEQ=1001><ACK=3371203862><CTL=ACK>
came <SEQ=1001><ACK=3371203862><DATA=50><CTL=ACK>
sent <SEQ=3371203862><ACK=1051><CTL=ACK>
user CLOSE
sent <SEQ=3371203862><ACK=1051><CTL=FIN,ACK>
came <SEQ=1051><ACK=3371203863><CTL=ACK>
came <SEQ=1051><ACK=3371203863><CTL=FIN,ACK>
sent <SEQ=3371203863><ACK=1052><CTL=ACK>
came <SEQ=1001><ACK=3371203862><DATA=50><CTL=ACK>
sent <SEQ=3371203863><ACK=1052><CTL=ACK>
came <SEQ=1052><CTL=RST>
came <SEQ=1057><CTL=RST>
"""
CAPTURES: dict[str, tuple[str, str, dict[str, str]]] = {
    "handshake, data each way, close": ("""
came <SEQ=984516406><CTL=SYN>
sent <SEQ=3728417728><ACK=984516407><CTL=SYN,ACK>
came <SEQ=984516407><ACK=3728417729><CTL=ACK>
came <SEQ=984516407><ACK=3728417729><DATA=5><CTL=ACK>
sent <SEQ=3728417729><ACK=984516412><CTL=ACK>
user SEND 6
sent <SEQ=3728417729><ACK=984516412><DATA=6><CTL=ACK>
came <SEQ=984516412><ACK=3728417735><CTL=ACK>
came <SEQ=984516412><ACK=3728417735><CTL=FIN,ACK>
sent <SEQ=3728417735><ACK=984516413><CTL=ACK>
user CLOSE
sent <SEQ=3728417735><ACK=984516413><CTL=FIN,ACK>
came <SEQ=984516413><ACK=3728417736><CTL=ACK>
""", "CLOSED", {}),
    "the last ACK is late, and comes twice": ("""
came <SEQ=1000><CTL=SYN>
sent <SEQ=967657677><ACK=1001><CTL=SYN,ACK>
came <SEQ=1001><ACK=967657678><CTL=ACK>
came <SEQ=1001><ACK=967657678><CTL=FIN,ACK>
sent <SEQ=967657678><ACK=1002><CTL=ACK>
user CLOSE
sent <SEQ=967657678><ACK=1002><CTL=FIN,ACK>
timer retransmission
sent <SEQ=967657678><ACK=1002><CTL=FIN,ACK>
timer retransmission
sent <SEQ=967657678><ACK=1002><CTL=FIN,ACK>
came <SEQ=1002><ACK=967657679><CTL=ACK>
came <SEQ=1002><ACK=967657679><CTL=ACK>
sent <SEQ=967657679><CTL=RST>
""", "CLOSED", {}),
    "an old SYN and the old third segment": ("""
came <SEQ=1000><CTL=SYN>
sent <SEQ=454799297><ACK=1001><CTL=SYN,ACK>
came <SEQ=1001><ACK=453109263><CTL=ACK>
sent <SEQ=453109263><CTL=RST>
came <SEQ=1001><CTL=RST>
""", "LISTEN", {}),
    "SYNs, a SYN-ACK and resets in ESTABLISHED": ("""
came <SEQ=1000><CTL=SYN>
sent <SEQ=3403888475><ACK=1001><CTL=SYN,ACK>
came <SEQ=1001><ACK=3403888476><CTL=ACK>
came <SEQ=1000><CTL=SYN>
sent <SEQ=3403888476><ACK=1001><CTL=ACK>
came <SEQ=1000><CTL=SYN>
lost <SEQ=3403888476><ACK=1001><CTL=ACK>
came <SEQ=1000><ACK=3403888476><CTL=SYN,ACK>
sent <SEQ=3403888476><ACK=1001><CTL=ACK>
came <SEQ=1011><CTL=RST>
sent <SEQ=3403888476><ACK=1001><CTL=ACK>
came <SEQ=501><CTL=RST>
came <SEQ=1001><ACK=3403888476><DATA=11><CTL=ACK>
sent <SEQ=3403888476><ACK=1012><CTL=ACK>
came <SEQ=1012><CTL=RST>
""", "CLOSED", {}),
    "the peer, another kernel, has rebooted and opens again": ("""
came <SEQ=2829222132><CTL=SYN>
sent <SEQ=2432200331><ACK=2829222133><CTL=SYN,ACK>
came <SEQ=2829222133><ACK=2432200332><CTL=ACK>
user SEND 2
sent <SEQ=2432200332><ACK=2829222133><DATA=2><CTL=ACK>
came <SEQ=2829222133><ACK=2432200334><CTL=ACK>
came <SEQ=2831032600><CTL=SYN>
sent <SEQ=2432200334><ACK=2829222133><CTL=ACK>
came <SEQ=2829222133><CTL=RST>
""", "CLOSED", {}),
    "TIME-WAIT is assassinated": (IN_TIME_WAIT, "CLOSED", {}),
    "TIME-WAIT ignores resets, and does not even challenge them": (IN_TIME_WAIT, "TIME-WAIT", {"rfc1337": "on"}),
}  # fmt: skip
"""What -> what happened, the state afterwards, and the settings of the kernel that are not the default here."""


def asked(words: str) -> Event:
    if words == "CLOSE":
        return Close()
    call, _, number = words.partition(" ")
    return Send(int(number)) if call == "SEND" else Timeout(Timer(words))


@pytest.mark.parametrize("what", CAPTURES)
def test_the_specification_does_what_the_kernel_did(what: str) -> None:
    text, end, settings = CAPTURES[what]
    endpoint = Endpoint(settings)
    now, due = endpoint.step(endpoint.closed, PassiveOpen())
    lines = [line.partition(" ") for line in text.split("\n") if line]
    sent = [Segment.read(words) for kind, _, words in lines if kind == "sent"]
    iss = next(segment.seq for segment in sent if segment.syn)
    for kind, _, words in lines:
        if kind in ("sent", "lost"):
            assert due[:1] == (Segment.read(words),), f"{words}: due is {[str(each) for each in due]}"
            due = due[1:]
        else:
            assert not due, f"before {words}: {[str(each) for each in due]} is due"
            now, due = endpoint.step(now, Arrives(Segment.read(words), iss) if kind == "came" else asked(words))
    assert (str(now), due) == (end, ())


PORT_THAT_IS_CLOSED = {
    "<SEQ=7000><CTL=SYN>": ["<SEQ=0><ACK=7001><CTL=RST,ACK>"],
    "<SEQ=7001><ACK=4242><CTL=ACK>": ["<SEQ=4242><CTL=RST>"],
    "<SEQ=7001><ACK=4242><CTL=FIN,ACK>": ["<SEQ=4242><CTL=RST>"],
    "<SEQ=7001><CTL=RST>": [],
    "<SEQ=7001><ACK=4242><DATA=3><CTL=ACK>": ["<SEQ=4242><CTL=RST>"],
    "<SEQ=7000><DATA=4><CTL=SYN>": ["<SEQ=0><ACK=7005><CTL=RST,ACK>"],
}


@pytest.mark.parametrize("segment", PORT_THAT_IS_CLOSED)
def test_a_closed_port_answers_as_the_kernel_did(segment: str) -> None:
    endpoint = Endpoint()
    _, sent = endpoint.step(endpoint.closed, Arrives(Segment.read(segment)))
    assert [str(each) for each in sent] == PORT_THAT_IS_CLOSED[segment]
