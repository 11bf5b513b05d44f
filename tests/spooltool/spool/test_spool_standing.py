"""Standing: a total function, and the table of what *stuck* means."""

from __future__ import annotations

import itertools

import pytest

from spooltool.spool.codec import parse
from spooltool.spool.names import (
    FLAT,
    HOLD,
    LETTERS,
    QUARANTINE,
    RESEND,
    SENDER,
    STATE_DIR,
    TRASH,
    SpoolName,
)
from spooltool.spool.state import State
from spooltool.spool.states import REASONS, STANDINGS, Circumstance, home, judge, standing
from tests.spooltool.spool.spool_files import FILES

NOW = 1_795_545_851
STATES = [
    None,
    *(
        State(reason, attempts, NOW - 100, due)
        for reason in ("", "-x", "nonsense", *REASONS)
        for attempts in (0, 1, 2)
        for due in (0, NOW - 5000, NOW - 30, NOW + 500)
    ),
]
AROUND = [
    Circumstance(NOW, mtime, holder, relay_up=up, next_probe=probe)
    for mtime in (0.0, NOW - 5000.0, NOW - 10.0, NOW + 5000.0)
    for holder in ("", "mdq 4172")
    for up in (True, False)
    for probe in (0.0, NOW + 60.0)
]


@pytest.mark.parametrize("directory", [*LETTERS, "D_other"])
def test_every_message_has_one_standing(directory: str) -> None:
    flags = list(itertools.product((False, True), repeat=3))
    for letter, state, around in itertools.product("TREZ", STATES, AROUND):
        for torn, edited, deliverable in flags:
            got = judge(
                directory, letter, state, around,
                torn=torn, edited=edited, deliverable=deliverable,
            )  # fmt: skip
            assert got.word in STANDINGS
            assert (got.reason in REASONS) if got.stuck else (got.reason == "")
            assert got.why


@pytest.mark.parametrize("path", FILES)
def test_every_fixture_has_one_standing(path: str) -> None:
    directory, _, base = path.partition("/")[2].rpartition("/")
    name = SpoolName(directory, base[:1], base[1:])
    for around in AROUND:
        for env in (None, parse(FILES[path]), parse(FILES[path][:900], len(FILES[path]))):
            got = standing(name, env, around)
            assert got.word in STANDINGS and (got.reason in REASONS) == got.stuck


def tried(reason: str, attempts: int = 3, due: int = 300, code: int = 0) -> State:
    return State(reason, attempts, NOW - 100, NOW + due, code=code, text="told")


@pytest.mark.parametrize(
    ("directory", "letter", "state", "around", "word", "reason", "why"),
    [
        (STATE_DIR, "T", None, Circumstance(NOW, NOW - 80), "receiving", "", "receiving"),
        (STATE_DIR, "T", None, Circumstance(NOW, NOW - 99), "stuck", "partial", "partial: idle"),
        (STATE_DIR, "T", None, Circumstance(NOW, NOW - 99, "asmtpd 1"), "receiving", "", "rec"),
        (SENDER, "R", State(next_try=NOW - 59), Circumstance(NOW), "fresh", "", "first attempt"),
        (SENDER, "R", State(next_try=NOW - 61), Circumstance(NOW), "stuck", "overdue", "overdue"),
        (SENDER, "R", State(next_try=NOW - 61), Circumstance(NOW, scan_period=7), "fresh", "", ""),
        (SENDER, "R", State(next_try=NOW - 61), Circumstance(NOW, relay_up=False), "fresh", "", ""),
        (SENDER, "R", None, Circumstance(NOW, NOW - 10), "fresh", "", "first attempt due"),
        (RESEND, "R", tried("refused"), Circumstance(NOW, holder="mdq 4172"), "delivering", "",
         "delivering: mdq 4172, 1 m"),
        (RESEND, "R", tried("put-off", 1, code=451), Circumstance(NOW), "waiting", "", "put off o"),
        (RESEND, "R", tried("put-off", 2, code=451), Circumstance(NOW), "stuck", "put-off",
         "put off: 451 told"),
        (RESEND, "R", tried("refused", 1), Circumstance(NOW), "stuck", "refused", "refused: told"),
        (RESEND, "R", tried("rejected"), Circumstance(NOW), "stuck", "rejected", "rejected"),
        (RESEND, "R", tried("tls"), Circumstance(NOW), "stuck", "tls", "tls"),
        (RESEND, "R", tried("put-off", 1, -61), Circumstance(NOW), "stuck", "overdue", "overdue"),
        (RESEND, "R", tried("refused", 9, -500), Circumstance(NOW, next_probe=NOW + 9), "stuck",
         "refused", "refused"),
        (RESEND, "R", tried("nonsense"), Circumstance(NOW), "stuck", "unknown", "unknown"),
        (RESEND, "R", None, Circumstance(NOW), "stuck", "unknown", "unknown: no STATE"),
        (RESEND, "E", tried("refused"), Circumstance(NOW), "stuck", "notice", "notice due: told"),
        (RESEND, "E", None, Circumstance(NOW), "stuck", "notice", "notice due"),
        (FLAT, "R", None, Circumstance(NOW, NOW - 5), "fresh", "", "first attempt due"),
        (FLAT, "E", None, Circumstance(NOW), "stuck", "notice", "notice due"),
        (HOLD, "E", tried("refused"), Circumstance(NOW), "held", "", "held"),
        (HOLD, "R", tried("limit"), Circumstance(NOW), "held", "", "held: told"),
        (QUARANTINE, "R", None, Circumstance(NOW), "quarantined", "", "in quarantine"),
        (TRASH, "R", None, Circumstance(NOW), "trashed", "", "in the trash"),
    ],
)  # fmt: skip
def test_the_table(
    directory: str, letter: str, state: State | None, around: Circumstance, word: str,
    reason: str, why: str,
) -> None:  # fmt: skip
    got = judge(directory, letter, state, around)
    assert (got.word, got.reason) == (word, reason)
    assert got.why.startswith(why)


def test_what_is_wrong_with_the_file_comes_before_its_history() -> None:
    around = Circumstance(NOW)
    state = tried("refused")
    torn = judge(RESEND, "R", state, around, torn=True, edited=False, deliverable=False)
    nobody = judge(RESEND, "E", state, around, deliverable=False)
    edited = judge(RESEND, "R", state, around, edited=True)
    unread = standing(SpoolName(RESEND, "R", "1"), None, around)
    found = [got.reason for got in (torn, nobody, edited, unread)]
    assert found == ["torn", "no-envelope", "edited", "unreadable"]
    assert standing(SpoolName(HOLD, "R", "1"), None, around).word == "held"


def test_an_outcome_that_nobody_knows_is_listed_as_such() -> None:
    state = State("timeout", 1, NOW - 100, NOW + 1100, text="outcome unknown: connection lost")
    got = judge(RESEND, "R", state, Circumstance(NOW))
    assert (got.word, got.reason, got.why) == ("stuck", "timeout", state.text)


def test_mail_held_by_an_operator_is_not_said_to_be_unfit() -> None:
    assert judge(HOLD, "R", tried("put-off"), Circumstance(NOW)).why == "held"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(61, "1 m"), (720, "12 m"), (18480, "5h08m"), (5 * 86400, "5d00h"), (90 * 86400, "90d00h")],
)
def test_ages_in_words(seconds: int, text: str) -> None:
    got = judge(RESEND, "R", tried("refused", 3, -seconds), Circumstance(NOW))
    assert got.why == f"overdue: due {text} ago"


@pytest.mark.parametrize(
    ("letter", "state", "place"),
    [("R", None, SENDER), ("R", State(), SENDER), ("R", tried("refused"), RESEND),
     ("E", None, RESEND), ("E", tried("refused"), RESEND)],
)  # fmt: skip
def test_where_a_released_message_belongs(letter: str, state: State | None, place: str) -> None:
    assert home(letter, state) == place
