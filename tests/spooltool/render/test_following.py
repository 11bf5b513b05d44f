"""The lines of a watch."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from spooltool.diagnose.leaving import OUTCOMES
from spooltool.render.following import (
    OUTCOME_WORDING,
    Stand,
    Step,
    end_line,
    end_record,
    pipe_line,
    record,
    screen_line,
    start_line,
)

AT = 1795545851.5
FILE = "D_resend/R001njd6k"
REFUSED = Stand("stuck", "refused")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


STEPS = [
    Step(AT, FILE, Stand("fresh"), REFUSED, "10.1.5.2", "refused: connect port 25"),
    Step(AT, FILE, Stand("fresh"), Stand("waiting"), "mx1.example.net", "put off once: 451 slow"),
    Step(AT, FILE, REFUSED, Stand("stuck", "timeout"), "10.1.5.2", "timeout: no answer in 90 s"),
    Step(AT, FILE, Stand("delivering"), Stand("delivered"), "mx1.example.net:2525", "250 4F1 ok"),
    Step(AT, FILE, Stand("fresh"), Stand("held"), "", "held"),
    Step(AT, FILE, Stand("fresh"), Stand("left"), "", ""),
    Step(AT, FILE, None, Stand("delivered"), "10.1.5.9", "250 ok", True),
]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (80, [
            "18:44:11  R001njd6k  fresh -> stuck      10.1.5.2  refused: connect port 25",
            "18:44:11  R001njd6k  fresh -> waiting    mx1.example.net  put off once: 451 slow",
            "18:44:11  R001njd6k  refused -> timeout  10.1.5.2  timeout: no answer in 90 s",
            "18:44:11  R001njd6k  delivering -> delivered  mx1.example.net:2525  250 4F1 ok",
            "18:44:11  R001njd6k  fresh -> held       held",
            "18:44:11  R001njd6k  fresh -> left       left the queue",
            "18:44:11  R001njd6k  delivered           10.1.5.9  250 ok",
        ]),
        (100, [
            "18:44:11  R001njd6k  fresh -> stuck           10.1.5.2         "
            "refused: connect port 25",
            "18:44:11  R001njd6k  fresh -> waiting         mx1.example.net  put off once: 451 slow",
            "18:44:11  R001njd6k  refused -> timeout       10.1.5.2         "
            "timeout: no answer in 90 s",
            "18:44:11  R001njd6k  delivering -> delivered  mx1.example.net:2525  250 4F1 ok",
            "18:44:11  R001njd6k  fresh -> held                             held",
            "18:44:11  R001njd6k  fresh -> left                             left the queue",
            "18:44:11  R001njd6k  delivered                10.1.5.9         250 ok",
        ]),
    ],
)  # fmt: skip
def test_on_a_screen(width: int, lines: list[str]) -> None:
    assert [screen_line(step, width) for step in STEPS] == lines


def test_what_left_before_it_was_seen_is_given_no_standing() -> None:
    step = STEPS[-1]
    assert pipe_line(step).split("\t")[2:4] == ["-", "delivered"]
    assert (record("001njd6k", step)["before"], record("001njd6k", step)["outcome"]) == (
        None,
        "delivered",
    )


def test_nothing_raw_on_a_screen_or_in_a_pipe() -> None:
    hostile = "[/b]:smile:\x1b[2J\u202e\x9b[@click=app.quit]x[/]\udcff\tb\n"
    step = Step(AT, FILE, Stand("fresh"), Stand("rejected"), hostile, hostile, True)
    for line in (screen_line(step, 200), *pipe_line(step).split("\t")):
        assert line.isprintable()
        assert "[/b]" in line or "\x1b" not in line
    assert len(screen_line(step, 80)) == 80
    one = record("001njd6k", step)
    assert one["raw"] is not None and "\udcff" not in one["why"]


def test_the_first_line_and_the_last() -> None:
    here = [REFUSED, REFUSED, Stand("waiting"), Stand("held")]
    assert start_line(here, "gw1:/s") == (
        "watching 4 messages in gw1:/s: 2 refused, 1 waits for its first retry, 1 held"
    )
    assert start_line(here[:1], "gw1:/s", 3) == (
        "watching 4 messages in gw1:/s: 1 refused, 3 gone already"
    )
    assert start_line([], "gw1:/s", 1) == "watching 1 message in gw1:/s: 1 gone already"
    assert end_line(["delivered", "notice", "delivered"], [], 2.14) == (
        "3 left in 2.1 s: 2 delivered, 1 bounced (notice sent)"
    )
    assert end_line([], here[:1], 600.0, ended=" after the time of --for") == (
        "0 left in 600.0 s; 1 still here after the time of --for: 1 refused"
    )
    assert end_record(["left"], here, 1.0)["here"] == {"refused": 2, "waiting": 1, "held": 1}


def test_every_outcome_has_words() -> None:
    assert set(OUTCOME_WORDING) == set(OUTCOMES)
