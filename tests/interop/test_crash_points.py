"""A kill at every system call of one message's life: nothing acknowledged is lost.

Each scenario runs once under strace to learn its calls, then once for each of them with
SIGKILL at its entry.  After each the relay starts again, drains, and the checker judges.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.crash_bench import (
    ANNA,
    LATER,
    Bench,
    Scenario,
    crash_benches,
    kill_everywhere,
    make_template,
)
from tests.harness.gates import GateRun
from tests.harness.process import wait_until
from tests.harness.programs import need
from tests.harness.sink_plan import DEFAULT_EXTENSIONS, SinkPlan

BEN, CARL = "ben@example.org", "carl@example.org"
NEVER = "550 5.1.1 no such user"
WITHOUT_DSN = tuple(one for one in DEFAULT_EXTENSIONS if one != "DSN")
pytestmark = pytest.mark.gate("r3")


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[list[Bench]]:
    need("strace")
    with crash_benches(tmp_path) as made:
        yield made


def rehearse(
    benches: list[Bench], scenario: Scenario, name: str, gate: GateRun, *, least: int
) -> None:
    """Kill at every call, as often as the gate asks; each round must hold."""
    figures = dict.fromkeys(("points", "broken", "duplicated", "notices_twice"), 0)
    for _ in range(gate.number):
        tally = kill_everywhere(benches, scenario)
        found = (len(tally.hit), len(tally.broken), tally.duplicates, tally.notices_twice)
        figures = {key: figures[key] + one for key, one in zip(figures, found, strict=True)}
        gate.report(tally.show(name), figures)
        assert not tally.broken, "\n".join(tally.broken)
        assert len(tally.hit) >= least
        assert not tally.missed


def mdq_once(bench: Bench) -> list[str]:
    return bench.relay("mdq", "--once")


def test_kill_at_every_call_of_a_delivery(benches: list[Bench], gate: GateRun) -> None:
    scenario = Scenario(make_template(benches[0]), mdq_once, after="D_sender")
    rehearse(benches, scenario, "a delivery", gate, least=10)


def test_kill_at_every_call_of_a_deferral(benches: list[Bench], gate: GateRun) -> None:
    plan = SinkPlan(recipients={"*": LATER})
    scenario = Scenario(make_template(benches[0]), mdq_once, plan, after="D_sender")
    rehearse(benches, scenario, "a deferral", gate, least=10)


def test_kill_at_every_call_of_an_expiry(benches: list[Bench], gate: GateRun) -> None:
    plan = SinkPlan(recipients={ANNA: LATER})
    scenario = Scenario(
        make_template(benches[0]),
        mdq_once,
        plan,
        plan,
        settings={"abandon_time": 0},
        after="D_sender",
        settled={"delivered": 0, "noticed": 1},
    )
    rehearse(benches, scenario, "an expiry", gate, least=15)


def test_kill_at_every_call_of_a_notice(benches: list[Bench], gate: GateRun) -> None:
    scenario = Scenario(
        make_template(benches[0], expired=True),
        mdq_once,
        after="D_sender",
        settled={"delivered": 0, "noticed": 1},
    )
    rehearse(benches, scenario, "a notice", gate, least=10)


def test_kill_at_every_call_where_one_recipient_of_three_fails_for_good(
    benches: list[Bench], gate: GateRun
) -> None:
    scenario = Scenario(
        make_template(benches[0], (ANNA, BEN, CARL)),
        mdq_once,
        SinkPlan(recipients={BEN: NEVER, CARL: LATER}),
        SinkPlan(recipients={BEN: NEVER}),
        after="D_sender",
        settled={"delivered": 2, "noticed": 1},
    )
    rehearse(benches, scenario, "one recipient of three", gate, least=20)


def test_kill_at_every_call_of_mail_handed_on_whose_sender_is_told(
    benches: list[Bench], gate: GateRun
) -> None:
    scenario = Scenario(
        make_template(benches[0], params="NOTIFY=SUCCESS,FAILURE"),
        mdq_once,
        SinkPlan(extensions=WITHOUT_DSN),
        SinkPlan(extensions=WITHOUT_DSN),
        after="D_sender",
        settled={"delivered": 1, "noticed": 1},
    )
    rehearse(benches, scenario, "mail handed on", gate, least=20)


def test_kill_at_every_call_of_a_warning_that_mail_is_late(
    benches: list[Bench], gate: GateRun
) -> None:
    template, made = make_template(benches[0]), time.time()
    wait_until(lambda: time.time() >= made + 1, what="mail that is late")
    scenario = Scenario(
        template,
        mdq_once,
        SinkPlan(recipients={ANNA: LATER}),
        SinkPlan(recipients={ANNA: [LATER, "250 2.1.5 ok"]}),
        settings={"delay_warning": 1, "resend_period": 4},
        after="D_sender",
        settled={"delivered": 1, "noticed": 1},
    )
    rehearse(benches, scenario, "a warning", gate, least=20)


@pytest.mark.parametrize(
    ("verb", "before"),
    [
        (("retarget", "--all", "--to", "localhost", "--no-probe"), ()),
        (("set", "--all", "ERR_SERVER=localhost"), ()),
        (("hold", "--all"), ()),
        (("release", "--all"), (("hold", "--all"),)),
        (("undo",), (("set", "--all", "ERR_SERVER=localhost"),)),
    ],
    ids=lambda words: words[0] if words and isinstance(words[0], str) else "",
)
def test_kill_at_every_call_of_an_operators_command(
    benches: list[Bench],
    gate: GateRun,
    verb: tuple[str, ...],
    before: tuple[tuple[str, ...], ...],
) -> None:
    # A kill may come before the hold or after it, or before the release: then it is owed.
    settled = {} if verb[0] in ("hold", "release") else {"delivered": 1}
    scenario = Scenario(
        make_template(benches[0], deferred=True, commands=before),
        lambda bench: bench.spooltool(*verb, "--yes"),
        after="journal",
        settled=settled,
    )
    rehearse(benches, scenario, f"spooltool {verb[0]}", gate, least=8)


BOUNCE = ("bounce", "--all", "--reason", "INC-7")
GIVEN_UP = frozenset(("delivered", "noticed"))
BINNED = frozenset(("delivered", "kept"))
FREED = frozenset(("delivered", "freed"))


@pytest.mark.parametrize(
    ("verb", "before", "expired", "ends"),
    [
        (("requeue", "--all"), (), False, frozenset(("delivered",))),
        (("requeue", "--all"), (("hold", "--all"),), False, frozenset(("delivered", "owed"))),
        (("requeue", "--all"), (), True, GIVEN_UP),
        (BOUNCE, (), False, GIVEN_UP),
        (BOUNCE, (("set", "--all", "ERRMAIL=0"),), False, GIVEN_UP),
        (("delete", "--all"), (), False, BINNED),
        (("delete", "--all", "--purge"), (), False, FREED),
        (("purge",), (("delete", "--all"),), False, frozenset(("kept", "freed"))),
        (("undo",), (("requeue", "--all"),), True, GIVEN_UP),
        (("undo",), (BOUNCE,), False, GIVEN_UP),
        (("undo",), (("delete", "--all"),), False, BINNED),
    ],
    ids=[
        "requeue",
        "requeue-held",
        "requeue-given-up",
        "bounce",
        "bounce-errmail-0",
        "delete",
        "delete-purge",
        "purge",
        "undo-requeue",
        "undo-bounce",
        "undo-delete",
    ],
)
def test_kill_at_every_call_of_a_change_of_place(
    benches: list[Bench],
    gate: GateRun,
    verb: tuple[str, ...],
    before: tuple[tuple[str, ...], ...],
    expired: bool,
    ends: frozenset[str],
) -> None:
    scenario = Scenario(
        make_template(benches[0], deferred=not expired, expired=expired, commands=before),
        lambda bench: bench.spooltool(*verb, "--yes"),
        after="journal",
        settled={},
        ends=ends,
    )
    rehearse(benches, scenario, f"spooltool {' '.join(verb)}", gate, least=6)
