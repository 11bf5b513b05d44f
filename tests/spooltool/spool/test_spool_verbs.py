"""What each verb changes in one message, as a table."""

from __future__ import annotations

import pytest

from spooltool.spool import verbs
from spooltool.spool.codec import parse
from spooltool.spool.hosts import parse_hosts
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import Apart, Change, KeyChange
from spooltool.spool.state import State, encode_state

HEAD = (
    b"DST:\t10.1.5.2\nDPORT:\t25\nERR_SERVER:\t10.1.5.2\nSTATE:\t%s\nROUTE:\tdst\n"
    b"FROM:\t<a@example.com>\nRCPT:\t<b@example.org>\n\n"
)


def seen(file: str = "D_resend/R001njchs", *, head: bytes = HEAD, attempts: int = 3) -> verbs.Seen:
    directory, _, base = file.rpartition("/")
    raw = head % encode_state(State(reason="refused", attempts=attempts)) if b"%s" in head else head
    return verbs.Seen(SpoolName(directory, base[0], base[1:]), 7, len(raw), parse(raw))


def keys(change: Change | Apart | None) -> list[tuple[str, str | None, str | None]]:
    assert isinstance(change, Change)
    return [(key.key, key.old, key.new) for key in change.keys]


@pytest.mark.parametrize(
    ("to", "changed"),
    [
        ("10.1.5.9", [("DST", "10.1.5.2", "10.1.5.9")]),
        ("10.1.5.9:2525", [("DST", "10.1.5.2", "10.1.5.9"), ("DPORT", "25", "2525")]),
        ("[2001:db8::1]", [("DST", "10.1.5.2", "[2001:db8::1]")]),
        ("{10.1.5.9, mx.example.net:26}", [("DST", "10.1.5.2", "{10.1.5.9,mx.example.net:26}")]),
        ("10.1.5.2:26", [("DPORT", "25", "26")]),
    ],
)
def test_retarget(to: str, changed: list[tuple[str, str, str]]) -> None:
    assert keys(verbs.retarget(seen(), parse_hosts(to))) == changed


def test_retarget_to_where_it_goes_already_is_no_change() -> None:
    assert verbs.retarget(seen(), parse_hosts("10.1.5.2")) is None


def test_retarget_takes_the_error_server_along_and_ends_mx_routing() -> None:
    head = HEAD.replace(b"ROUTE:\tdst", b"ROUTE:\tmx")
    hosts = parse_hosts("10.1.5.9")
    assert keys(verbs.retarget(seen(head=head), hosts, err_server=hosts)) == [
        ("DST", "10.1.5.2", "10.1.5.9"),
        ("ERR_SERVER", "10.1.5.2", "10.1.5.9"),
        ("ROUTE", "mx", "dst"),
    ]


def test_retarget_to_mx_and_back_leaves_dst_as_it_was() -> None:
    assert keys(verbs.retarget(seen(), ())) == [("ROUTE", "dst", "mx")]
    assert keys(verbs.retarget(seen(), (), notices_by_mx=True)) == [
        ("ROUTE", "dst", "mx"),
        ("ERR_ROUTE", None, "mx"),
    ]
    head = HEAD.replace(b"ROUTE:\tdst", b"ROUTE:\tmx\nERR_ROUTE:\tmx")
    assert verbs.retarget(seen(head=head), ()) is None
    hosts = parse_hosts("10.1.5.2")
    assert keys(verbs.retarget(seen(head=head), hosts)) == [("ROUTE", "mx", "dst")]
    assert keys(verbs.retarget(seen(head=head), hosts, err_server=hosts)) == [
        ("ERR_ROUTE", "mx", "dst"),
        ("ROUTE", "mx", "dst"),
    ]


def test_an_e_file_is_left_alone_and_told_what_helps() -> None:
    apart = verbs.retarget(seen("D_resend/E001mz77a"), parse_hosts("10.1.5.9"))
    assert isinstance(apart, Apart)
    assert "`set E001mz77a ERR_SERVER=HOST`" in apart.reason


def test_a_doubled_key_is_changed_where_one_of_its_lines_differs() -> None:
    head = HEAD.replace(b"DPORT", b"DST:\t10.6.6.6\nDPORT")
    assert keys(verbs.retarget(seen(head=head), parse_hosts("10.1.5.2"))) == [
        ("DST", "10.1.5.2", "10.1.5.2")
    ]


def test_junk_and_partial_files_are_skipped() -> None:
    for one in (seen(head=b"\x00\xff junk"), seen("D_state/T001njchs")):
        assert isinstance(verbs.retarget(one, parse_hosts("10.1.5.9")), Apart)


@pytest.mark.parametrize(
    ("verb", "file", "attempts", "to"),
    [
        (verbs.hold, "D_sender/R1", 0, "D_hold/R1"),
        (verbs.hold, "D_resend/E1", 0, "D_hold/E1"),
        (verbs.release, "D_hold/R1", 0, "D_sender/R1"),
        (verbs.release, "D_hold/R1", 2, "D_resend/R1"),
        (verbs.release, "D_hold/E1", 0, "D_resend/E1"),
    ],
)
def test_moves(verb, file: str, attempts: int, to: str) -> None:  # type: ignore[no-untyped-def]
    change = verb(seen(file, attempts=attempts))
    assert isinstance(change, Change)
    assert (change.keys, change.to) == ((), to)


def test_moves_that_change_nothing_or_are_refused() -> None:
    assert verbs.hold(seen("D_hold/R1")) is None
    assert verbs.release(seen("D_resend/R1")) is None
    assert isinstance(verbs.hold(seen("D_state/T1")), Apart)
    assert isinstance(verbs.release(seen("D_quarantine/R1")), Apart)
    flat = verbs.release(seen("D_hold/R1"), flat=True)
    assert isinstance(flat, Change)
    assert flat.to == "R1"


def test_undo_is_the_reverse_or_says_why_not() -> None:
    went = Change("1", "D_resend/R1", 7, 9, (KeyChange("DST", "10.1.5.2", "10.1.5.9"),))
    now = seen("D_resend/R1", head=HEAD.replace(b"10.1.5.2", b"10.1.5.9", 1))
    assert keys(verbs.undo(now, went)) == [("DST", "10.1.5.9", "10.1.5.2")]
    assert verbs.undo(seen("D_resend/R1"), went) is None
    other = seen("D_resend/R1", head=HEAD.replace(b"10.1.5.2", b"10.7.7.7", 1))
    assert isinstance(verbs.undo(other, went), Apart)


def test_undo_of_a_hold_brings_it_back_unless_it_moved_on() -> None:
    held = Change("1", "D_sender/R1", 7, 9, (), "D_hold/R1")
    back = verbs.undo(seen("D_hold/R1", attempts=0), held)
    assert isinstance(back, Change)
    assert back.to == "D_sender/R1"
    tried = verbs.undo(seen("D_hold/R1", attempts=2), held)
    assert isinstance(tried, Change)
    assert tried.to == "D_resend/R1"
    for back_in_the_queue in ("D_resend/R1", "D_resend/E1"):
        assert verbs.undo(seen(back_in_the_queue), held) is None
    assert isinstance(verbs.undo(seen("D_quarantine/R1"), held), Apart)
    assert verbs.undo(seen("D_sender/R1"), held) is None
