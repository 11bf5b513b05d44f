"""A scan by ICAP from preview to verdict: what counts as clean, as cured, as a finding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.antivirus.wire.icap_request import Method, Piece
from relay.antivirus.wire.icap_scan import IcapScan
from relay.antivirus.wire.orders import Finished, Keep, Send
from relay.policy.scan_outcome import (
    UNNAMED,
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Unreachable,
    Unscanned,
)
from tests.relay.antivirus.wire.icap_sample import (
    CONTINUE,
    FOUND,
    SERVICE,
    UNMODIFIED,
    finished,
    returned,
    scan_of,
)


def verdict(answer: bytes, mode: Mode = Mode.CHECK, content: bytes = b"content") -> Outcome:
    return finished(scan_of(content, mode=mode).receive(answer)).outcome


def reason(outcome: Outcome) -> Unscanned:
    assert isinstance(outcome, NotScanned)
    return outcome.reason


# what is sent


def test_the_offsets_are_those_of_the_parts() -> None:
    for method, parts in (
        (Method.RESPMOD, ("req-hdr", "res-hdr", "res-body")),
        (Method.REQMOD, ("req-hdr", "req-body")),
    ):
        sent = IcapScan(SERVICE, method, Piece("a b\r\n.txt", length=3), Mode.CHECK, 0).opening()
        head, _, rest = sent.partition(b"\r\n\r\n")
        assert head.startswith(f"{method} icap://127.0.0.1:1344/virus_scan ICAP/1.0\r\n".encode())
        assert b"\r\nAllow: 204\r\nPreview: 0\r\n" in head
        said = head.decode().partition("Encapsulated: ")[2].split(", ")
        assert [item.partition("=")[0] for item in said] == list(parts)
        offsets = [int(item.partition("=")[2]) for item in said]
        assert offsets[0] == 0 and offsets[-1] == len(rest)
        for at in offsets[1:]:
            assert rest[:at].endswith(b"\r\n\r\n")
        assert rest.count(b"\r\n\r\n") == len(parts) - 1
        assert b"/a%20b%0D%0A.txt HTTP/1.1\r\n" in rest and b"Content-Length: 3\r\n" in rest


@pytest.mark.parametrize("preview", [0, 1, 5])
def test_a_preview_that_is_not_all_waits_and_goes_on(preview: int) -> None:
    scan = scan_of(b"", preview=preview, whole=False)
    sent = scan.content(b"abc") + (b"" if scan.holding else scan.content(b"def"))
    first = f"{preview:x}\r\n{'abcdef'[:preview]}\r\n" if preview else ""
    assert sent == f"{first}0\r\n\r\n".encode() and scan.holding
    rest = b"abcdef"[preview:] if preview == 5 else b"abc"[preview:]
    assert scan.receive(CONTINUE) == [Send(b"%x\r\n%b\r\n" % (len(rest), rest))]
    assert not scan.holding
    assert scan.content(b"xy") == b"2\r\nxy\r\n" and scan.ended() == b"0\r\n\r\n"
    assert finished(scan.receive(UNMODIFIED)) == Finished(Clean(), True)


@pytest.mark.parametrize("content", [b"", b"abc", b"abcd"])
def test_a_preview_that_is_all_says_so(content: bytes) -> None:
    scan = scan_of(b"", preview=4, whole=False)
    assert scan.content(content) == b""
    chunk = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
    assert scan.ended() == chunk + b"0; ieof\r\n\r\n"
    assert finished(scan.receive(UNMODIFIED)) == Finished(Clean(), True)


# clean


def test_clean() -> None:
    assert verdict(UNMODIFIED) == Clean()
    assert verdict(returned(b"content")) == Clean()
    assert verdict(returned(b"content"), Mode.CURE) == Clean()


def test_a_204_to_a_preview_that_was_not_all_is_not_clean() -> None:
    scan = scan_of(b"more than four", preview=4)
    done = finished(scan.receive(UNMODIFIED))
    assert reason(done.outcome) == Unscanned.LIMIT and done.reusable


def test_an_answer_before_everything_was_sent_is_not_clean() -> None:
    for answer in (UNMODIFIED, returned(b"content")):
        done = finished(scan_of(whole=False).receive(answer))
        assert reason(done.outcome) == Unscanned.LIMIT and not done.reusable


def test_content_of_another_length_than_announced_is_never_clean() -> None:
    assert reason(finished(scan_of(length=6).receive(UNMODIFIED)).outcome) == Unscanned.LIMIT
    assert finished(scan_of(length=7).receive(UNMODIFIED)).outcome == Clean()


def test_a_204_with_a_finding_is_a_finding() -> None:
    answer = UNMODIFIED.replace(b"ISTag", b"X-Virus-ID: Eicar\r\nISTag")
    assert verdict(answer) == Infected(("Eicar",))
    assert verdict(answer, Mode.CURE) == Infected(("Eicar",))


# findings


@pytest.mark.parametrize(
    ("field", "names"),
    [
        (FOUND.format(2), ("Eicar",)),
        ("X-Virus-ID: Eicar", ("Eicar",)),
        ("X-Virus-Name: Eicar", ("Eicar",)),
        ("X-Virus-ID:", (UNNAMED,)),
        ("X-Infection-Found: yes", (UNNAMED,)),
        ("X-Violations-Found: 1\r\n\t-\r\n\tEicar\r\n\t0\r\n\t0", ("Eicar",)),
        ("X-Violations-Found: 2" + "\r\n\t".join(["", *"aA00", *"bB00"]), ("A", "B")),
        ("X-Violations-Found: 1", (UNNAMED,)),
        (f"{FOUND.format(1)}\r\nX-Virus-ID: Eicar", ("Eicar",)),
    ],
)
def test_each_field_that_tells_of_a_finding(field: str, names: tuple[str, ...]) -> None:
    answer = returned(b"a page", field, status="403 Forbidden", kind="text/html")
    assert verdict(answer) == Infected(names)
    assert verdict(answer, Mode.CURE) == Infected(names)


def test_no_violations_is_no_finding() -> None:
    assert verdict(returned(b"content", "X-Violations-Found: 0")) == Clean()


def test_names_of_limits_and_encryption_are_no_verdict() -> None:
    for name, why in (("Limits.Exceeded.MaxFiles", "limit"), ("Encrypted.Zip", "encrypted")):
        answer = returned(b"page", f"X-Infection-Found: Threat=Heuristics.{name};")
        assert reason(verdict(answer)) == why
    both = returned(b"page", FOUND.format(0), "X-Virus-ID: Heuristics.Encrypted.Zip")
    assert verdict(both) == Infected(("Eicar",))


@pytest.mark.parametrize("mode", list(Mode))
def test_what_comes_back_changed_without_a_finding_is_one(mode: Mode) -> None:
    """c-icap that has sent a part already ends the body where it found something."""
    for answer in (
        returned(b"conten"),
        returned(b"a page", kind="text/html"),
        returned(b"content", status="403 Forbidden"),
        returned(b"content", http_fields=("Content-Length: 9",)),
        returned(b"content", part="req"),
    ):
        assert verdict(answer, mode) == Infected((UNNAMED,))


def test_a_finding_before_everything_was_sent_ends_it() -> None:
    head = returned(b"page", FOUND.format(0), kind="text/html").partition(b"HTTP/")[0]
    assert scan_of(whole=False).receive(head) == [Finished(Infected(("Eicar",)))]


# cured


@pytest.mark.parametrize("resolution", [1, 2])
def test_cured(resolution: int) -> None:
    orders = scan_of(mode=Mode.CURE).receive(returned(b"mended", FOUND.format(resolution)))
    assert b"".join(one.data for one in orders if isinstance(one, Keep)) == b"mended"
    assert finished(orders).outcome == Cured(("Eicar",), 6)


def test_cured_by_reqmod() -> None:
    scan = scan_of(mode=Mode.CURE, method=Method.REQMOD)
    done = finished(scan.receive(returned(b"mended", FOUND.format(1), part="req")))
    assert done.outcome == Cured(("Eicar",), 6)


@pytest.mark.parametrize(
    "answer",
    [
        returned(b"mended", FOUND.format(0)),
        returned(b"mended", "X-Virus-ID: Eicar"),
        returned(b"content", FOUND.format(1)),
        returned(b"mended", FOUND.format(1), kind="text/html"),
        returned(b"mended", FOUND.format(1), status="403 Forbidden"),
        returned(b"mended", FOUND.format(1), http_fields=("Content-Length: 7",)),
        returned(b"mended", FOUND.format(1), part="req"),
        returned(b"mended", FOUND.format(1), "X-Virus-ID: Other").replace(
            FOUND.format(1).encode(), FOUND.format(0).encode()
        ),
    ],
)
def test_what_is_not_cured_is_infected(answer: bytes) -> None:
    outcome = verdict(answer, Mode.CURE)
    assert isinstance(outcome, Infected) and "Eicar" in outcome.names


def test_who_only_checks_cures_nothing() -> None:
    orders = scan_of().receive(returned(b"mended", FOUND.format(1)))
    assert orders == [Finished(Infected(("Eicar",)), True)]


# no verdict


@pytest.mark.parametrize(
    ("status", "why"),
    [(206, "error"), (404, "error"), (408, "error"), (413, "limit"), (500, "error")],
)
def test_refusals(status: int, why: str) -> None:
    assert reason(verdict(b"ICAP/1.0 %d Because\r\n\r\n" % status)) == why


def test_an_unasked_continue_is_an_error() -> None:
    assert reason(verdict(CONTINUE)) == "error"
    scan = scan_of(b"long content", preview=4)
    scan.receive(CONTINUE)
    assert reason(finished(scan.receive(CONTINUE)).outcome) == "error"


def test_lost() -> None:
    assert isinstance(scan_of().lost(), Unreachable) and scan_of().untouched
    scan = scan_of()
    scan.receive(UNMODIFIED[:-1])
    assert reason(scan.lost()) == "partial" and not scan.untouched


def test_a_connection_is_used_on_only_when_both_have_ended() -> None:
    assert finished(scan_of().receive(UNMODIFIED)).reusable
    assert not finished(scan_of().receive(UNMODIFIED + b"x")).reusable
    closing = UNMODIFIED.replace(b"keep-alive", b"close")
    assert not finished(scan_of().receive(closing)).reusable


# R14: nothing that is cut short reads as clean

ANSWERS = [
    UNMODIFIED,
    CONTINUE + UNMODIFIED,
    returned(b"content"),
    returned(b"page", FOUND.format(0), status="403 Forbidden", kind="text/html"),
    returned(b"mended", FOUND.format(1)),
]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_cut_at_every_byte_it_never_passes(answer: bytes, mode: Mode) -> None:
    for at in range(len(answer)):
        scan = scan_of(mode=mode)
        orders = scan.receive(answer[:at])
        done = orders[-1].outcome if orders and isinstance(orders[-1], Finished) else scan.lost()
        assert not isinstance(done, Clean | Cured)


@given(st.sampled_from(ANSWERS), st.integers(0, 400), st.binary(max_size=3), st.booleans())
def test_damaged_anywhere_it_passes_only_with_what_makes_it_pass(
    answer: bytes, at: int, put: bytes, over: bool
) -> None:
    at %= len(answer)
    damaged = answer[:at] + put + answer[at + (len(put) if over else 0) :]
    scan = scan_of(mode=Mode.CURE)
    orders = scan.receive(damaged)
    done = orders[-1].outcome if orders and isinstance(orders[-1], Finished) else scan.lost()
    if isinstance(done, Clean):
        assert damaged.startswith(b"ICAP/1.") and (b" 204" in damaged or b"content" in damaged)
    if isinstance(done, Cured):
        assert re.search(rb"Resolution\s*=\s*[12]", damaged)
