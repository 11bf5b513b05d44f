"""clamd's protocol: what is sent, and what each answer is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.antivirus.wire.clamd import ClamdScan
from relay.antivirus.wire.orders import Finished
from relay.policy.scan_outcome import Clean, Infected, NotScanned, Outcome, Unreachable, Unscanned


def answered(*pieces: bytes, whole: bool = True) -> Outcome:
    """The outcome of an answer that came in these pieces, after which the connection is lost."""
    scan = ClamdScan()
    scan.opening()
    scan.content(b"content")
    if whole:
        scan.ended()
    for piece in pieces:
        for order in scan.receive(piece):
            assert isinstance(order, Finished) and not order.reusable
            return order.outcome
    return scan.lost()


def reason(outcome: Outcome) -> Unscanned:
    assert isinstance(outcome, NotScanned)
    return outcome.reason


def test_what_is_sent() -> None:
    scan = ClamdScan()
    assert scan.opening() == b"zINSTREAM\0"
    assert scan.content(b"abc") == b"\0\0\0\3abc"
    assert scan.content(bytes(70000))[:4] == b"\0\1\x11\x70"
    assert scan.ended() == b"\0\0\0\0"


def test_an_empty_piece_is_not_the_end_of_the_stream() -> None:
    assert ClamdScan().content(b"") == b""


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"stream: OK\0", Clean()),
        (b"stream: Eicar-Test FOUND\0", Infected(("Eicar-Test",))),
        (b"stream: a FOUND b FOUND\0", Infected(("a FOUND b",))),
        (b"stream: \xff\x1b[2J FOUND\0", Infected(("\\xff?[2J",))),
    ],
)
def test_verdicts(answer: bytes, outcome: Outcome) -> None:
    assert answered(answer) == outcome


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"INSTREAM size limit exceeded. ERROR\0", Unscanned.LIMIT),
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", Unscanned.LIMIT),
        (b"stream: Heuristics.Encrypted.Zip FOUND\0", Unscanned.ENCRYPTED),
        (b"COMMAND READ TIMED OUT\0", Unscanned.ERROR),
        (b"stream: Can't allocate memory ERROR\0", Unscanned.ERROR),
        (b"UNKNOWN COMMAND\0", Unscanned.ERROR),
        (b"\0", Unscanned.ERROR),
        (b"PONG\0", Unscanned.ERROR),
        (b"stream: ok\0", Unscanned.ERROR),
        (b"other: OK\0", Unscanned.ERROR),
        (b"stream: OK\n\0", Unscanned.ERROR),
        (b"stream: OK\0stream: X FOUND\0", Unscanned.ERROR),
        (b"stream: OK", Unscanned.PARTIAL),
        (b"x" * 5000, Unscanned.ERROR),
    ],
)
def test_what_is_no_verdict(answer: bytes, why: Unscanned) -> None:
    assert reason(answered(answer)) == why


def test_ok_before_everything_was_sent_is_not_clean() -> None:
    assert reason(answered(b"stream: OK\0", whole=False)) == Unscanned.PARTIAL


def test_a_finding_before_everything_was_sent_counts() -> None:
    assert answered(b"stream: X FOUND\0", whole=False) == Infected(("X",))


def test_no_answer_is_a_lost_connection() -> None:
    assert isinstance(answered(), Unreachable)


@pytest.mark.parametrize(
    "answer", [b"stream: OK\0", b"stream: Eicar FOUND\0", b"INSTREAM size limit exceeded. ERROR\0"]
)
def test_cut_at_every_byte_it_is_never_clean(answer: bytes) -> None:
    whole = answered(answer)
    for at in range(len(answer)):
        assert not isinstance(answered(answer[:at]), Clean | Infected)
        assert answered(answer[:at], answer[at:]) == whole


@given(st.binary(max_size=80))
def test_only_one_answer_is_clean(answer: bytes) -> None:
    assert isinstance(answered(answer), Clean) == (answer == b"stream: OK\0")
