"""The lines below a list."""

from __future__ import annotations

from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.tally import Tally
from spooltool.render.summary import (
    count_line,
    flowed,
    next_lines,
    not_shown,
    reason_parts,
    relay_words,
)


def tally() -> Tally:
    """The queue of the manual: 143 stuck of 1,204."""
    made = Tally()
    made.reasons = {
        ("refused", "10.1.5.2"): 120,
        ("put-off", "mx1.example.net"): 14,
        ("overdue", ""): 6,
        ("notice", ""): 1,
        ("partial", ""): 1,
        ("unreadable", ""): 1,
    }
    made.unreadable = [("D_resend/R001njn2b", "Permission denied")]
    made.standings = {"stuck": 143}
    made.total, made.bytes, made.oldest = 143, 4613734, 568000.0
    return made


def whole() -> Tally:
    made = tally()
    made.standings = {"stuck": 143, "waiting": 38, "held": 17, "quarantined": 3}
    made.total = 1204
    return made


UP = RelayView(up=True, scanned=999999.0)


def test_the_example_of_the_manual() -> None:
    line = count_line(tally(), whole(), "stuck", "gw1:/var/spool/relay", UP, 1000000.0)
    assert line == (
        "143 stuck of 1,204 (4.4 MB) in gw1:/var/spool/relay, oldest 5d00h; "
        "relay up, scanned 1 s ago"
    )
    assert flowed(reason_parts(tally()), 92) == [
        "  120 refused by 10.1.5.2    14 put off by mx1.example.net    6 overdue    1 notice due",
        "  1 partial    1 unreadable: D_resend/R001njn2b permission denied",
    ]
    assert not_shown(tally(), whole()) == (
        "not stuck, not shown: 38 wait for their first retry, 17 held, 3 in quarantine"
    )
    assert next_lines(tally())[1].startswith(
        "      spooltool retarget stuck dst:10.1.5.2 --to HOST   sends 120 another way"
    )


def test_hosts_beyond_the_first_few_are_summed_up() -> None:
    many = Tally()
    many.reasons = {("refused", f"10.0.0.{n}"): 20 - n for n in range(9)}
    parts = reason_parts(many)
    assert parts[0] == "20 refused by 10.0.0.0"
    assert parts[6:] == ["39 refused at 3 more hosts"]


def test_a_host_name_of_somebody_elses_making() -> None:
    hostile = Tally()
    hostile.reasons = {("refused", "\x1b[2J"): 2}
    assert reason_parts(hostile) == ["2 refused by ^[[2J"]
    assert next_lines(hostile) == ["next: spooltool show ID    what happened to one of them"]


def test_the_relay_in_words() -> None:
    assert relay_words(RelayView(up=True), 5.0) == "relay up"
    assert relay_words(RelayView(), 5.0) == "relay not running"
    assert relay_words(RelayView(why_not="its control socket is another's"), 5.0) == (
        "relay not asked: its control socket is another's"
    )
