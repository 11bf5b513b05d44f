"""What the why tab says beyond the file: since when, how many alike, what helps for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.diagnose.relay import Destination, RelayView
from spooltool.diagnose.row import Row
from spooltool.look.selection import RowMaker
from spooltool.render.verdict import Alike
from spooltool.spool.hosts import HostPort
from spooltool.tui.message.advice import key_advice
from spooltool.tui.spans import text_of
from tests.spooltool.cli.calling import AS_OF
from tests.spooltool.tui.message.showing import name_of, sight_of

DOWN = Destination(
    "10.1.5.2:25",
    down=True,
    since=AS_OF - 15720.0,
    last_success=AS_OF - 15760.0,
    hosts=(HostPort("10.1.5.2", 25),),
    next_probe=AS_OF + 60.0,
)
ALIKE = Alike(121, more="new mail still goes there", source="relay.toml:42")


@pytest.fixture
def row(gateway: Path) -> Row:
    sight = sight_of(gateway)
    found = RowMaker(sight).named(name_of("D_resend/R001njd6k"))
    sight.close()
    assert found is not None
    return found


def told(row: Row, relay: RelayView, *places: str, changes: bool = True) -> list[tuple[str, str]]:
    lines = key_advice(row, ALIKE, relay, places, changes=changes)
    return [(label, text_of(spans)) for label, spans in lines]


def test_all_that_is_known(row: Row) -> None:
    relay = RelayView(up=True, destinations=(DOWN,))
    assert told(row, relay, "mail_delivery_server, relay.toml:42", "dst, relay.toml:2") == [
        ("since", "down since 14:22:11, last success 14:21:31"),
        ("alike", "121 messages for this host; new mail still goes there"),
        ("mend", "R retarget these 121          P probe another host first"),
        ("", "then change mail_delivery_server at relay.toml:42 and dst at relay.toml:2,"),
        ("", "or new mail gets stuck the same way"),
    ]


def test_a_host_that_never_took_anything(row: Row) -> None:
    never = DOWN._replace(last_success=None)
    (label, line), *_ = told(row, RelayView(up=True, destinations=(never,)))
    assert (label, line) == (
        "since",
        "down since 14:22:11, no success since the relay began",
    )


def test_a_relay_that_is_down_knows_nothing(row: Row) -> None:
    assert [label for label, _ in told(row, RelayView())] == ["alike", "mend"]


def test_whoever_may_change_nothing_is_told_no_key(row: Row) -> None:
    labels = [label for label, _ in told(row, RelayView(), "dst, relay.toml:2", changes=False)]
    assert labels == ["alike"]


def test_a_hostile_name_is_made_visible(row: Row) -> None:
    lines = told(row, RelayView(), "dst\x1b[2J, rel\x07.toml:2")
    assert lines[-2] == ("", "then change dst^[[2J at rel^G.toml:2,")
