"""The verdict below the list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from spooltool.diagnose.relay import Destination, RelayView
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.render.text import HIDDEN
from spooltool.render.verdict import Alike
from spooltool.spool.hosts import HostPort
from spooltool.tui.panes.verdict import LINES, VerdictPane
from tests.spooltool.cli.calling import AS_OF
from tests.spooltool.tui.message.showing import STYLES_OF_ALL, name_of, sight_of, themed

ACCEPT = "mend   spooltool accept D_resend/Rgrown  delivers it as it stands now"
OWED = "mend   Q try to deliver it after all          S set another ERR_SERVER"
ALIKE = Alike(121, more="new mail still goes there", source="relay.toml:42")


class Shown(App[None]):
    CSS_PATH = STYLES_OF_ALL
    CSS = f"VerdictPane {{ height: {LINES}; }}"

    def __init__(self, *, changes: bool = True) -> None:
        super().__init__()
        themed(self)
        self.pane = VerdictPane(changes=changes)

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def text(self) -> list[str]:
        return [self.pane.render_line(y).text.rstrip() for y in range(LINES)]


def told(
    spool: Path,
    file: str,
    alike: Alike | None = None,
    *,
    width: int = 80,
    changes: bool = True,
    before: Callable[[Sight], None] = lambda sight: None,
) -> list[str]:
    app, sight = Shown(changes=changes), sight_of(spool)
    lines: list[str] = []

    async def play() -> None:
        async with app.run_test(size=(width, 24)):
            before(sight)
            row = RowMaker(sight).named(name_of(file))
            assert row is not None
            app.pane.show(sight, row, alike)
            lines.extend(app.text)

    asyncio.run(play())
    sight.close()
    return lines


def test_the_picture_of_the_manual(gateway: Path) -> None:
    assert told(gateway, "D_resend/R001njd6k", ALIKE) == [
        "- R001njd6k  2 KB  billing@example.com > anna@example.org +1 -------------------",
        " refused: connect 10.1.5.2:25: Connection refused                 stuck, refused",
        " last   18:36:13 connect 10.1.5.2:25: Connection refused                 [STATE]",
        " next   18:46:13, in 2m; given up 29 Nov 13:36:11, in 4d18h              [STATE]",
        " alike  121 messages for this host; new mail still goes there    [relay.toml:42]",
        " mend   R retarget these 121          P probe another host first",
    ]


@pytest.mark.parametrize(
    ("file", "last"),
    [
        ("D_hold/R001njm01", "mend   U release it          B give it up and tell the sender"),
        ("D_resend/E001mz77a", OWED),
        ("D_resend/R001njf4s", "mend   K try it now          H set it aside"),
        ("D_sender/R001njr00", "next   18:44:09, now; given up 29 Nov 18:44:09, in 4d23h"),
        ("D_resend/Rdigest", "mend   R retarget it          P probe another host first"),
        ("D_resend/Rgrown", ACCEPT),
        ("D_resend/Rempty", "mend   H set it aside"),
        ("D_state/T001njh3e", "partial: idle, no writer"),
    ],
)  # fmt: skip
def test_what_helps(gateway: Path, file: str, last: str) -> None:
    lines = [line for line in told(gateway, file) if line]
    assert lines[-1].removesuffix("[STATE]").removesuffix("stuck, partial").strip() == last


def test_no_key_that_changes_something_where_nothing_may_be_changed(gateway: Path) -> None:
    for file in ("D_resend/R001njd6k", "D_hold/R001njm01"):
        assert not any(line.startswith(" mend") for line in told(gateway, file, changes=False))


def test_long_lists_of_recipients_are_counted_from_the_head(gateway: Path) -> None:
    assert "member002@example.org +599 ---" in told(gateway, "D_resend/R001njk6h")[0]


def test_a_suspended_host_is_said(gateway: Path) -> None:
    from spooltool.control import Order

    def suspend(sight: Sight) -> None:
        order = Order("10.1.5.2", 0.0, sight.now + 7200, "jo", "migration", 3)
        sight.relay = RelayView(up=True, orders=(order,))

    lines = told(gateway, "D_resend/R001njd6k", before=suspend)
    assert lines[1].startswith(" suspended: refused")
    assert lines[3].startswith(" next   no attempt while its host is suspended")


REFUSED = " refused: connect 10.1.5.2:25: Connection refused "
NOTHING = "nothing got through since "


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, f" refused: connect port 25; {NOTHING}13:21"),
        ({"last_success": None}, f" refused: connect port 25; {NOTHING}14:21"),
        ({"last_success": None, "since": AS_OF - 86400.0}, f"; {NOTHING}23 Nov 18:44"),
        ({"down": False}, REFUSED),
        ({"hosts": (HostPort("10.1.5.2", 26),)}, REFUSED),
        ({"since": None, "last_success": None}, REFUSED),
    ],
)
def test_since_when_nothing_got_through(
    gateway: Path, change: dict[str, object], words: str
) -> None:
    """As the relay knows it, of the very host and port; what it does not know is not told."""
    down = Destination(
        "10.1.5.2:25",
        down=True,
        since=AS_OF - 4 * 3600 - 1380,
        last_success=AS_OF - 5 * 3600 - 1380,
        hosts=(HostPort("10.1.5.2", 25),),
        next_probe=AS_OF + 60.0,
    )._replace(**change)

    def known(sight: Sight) -> None:
        sight.relay = RelayView(up=True, destinations=(down,))

    line = told(gateway, "D_resend/R001njd6k", before=known)[1]
    assert words in line
    assert line.endswith("stuck, refused")
    assert (NOTHING in line) is (NOTHING in words)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_every_message_has_one(gateway: Path, width: int) -> None:
    app, sight = Shown(), sight_of(gateway)

    async def play() -> None:
        async with app.run_test(size=(width, 24)):
            rows_of = RowMaker(sight)
            for path in sorted(gateway.glob("D_*/*")):
                row = rows_of.named(name_of(f"{path.parent.name}/{path.name}"))
                assert row is not None
                app.pane.show(sight, row, ALIKE)
                lines = app.text
                assert lines[0].startswith(f"- {path.name} ")
                assert lines[1].strip() and app.pane.count < LINES
                assert [line for line in lines if HIDDEN.search(line)] == []
            app.pane.clear()
            words = " no message under the cursor"
            assert app.text == ["-" * width, words, *[""] * (LINES - 2)]

    asyncio.run(play())
    sight.close()
