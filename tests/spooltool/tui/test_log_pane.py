"""The log pane by its keys: what it shows, asks for, follows, opens and copies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from spooltool.live.merge import LogLine
from spooltool.logs import format_line
from spooltool.spool.hosts import HostPort
from spooltool.tui.glyphs import ASCII
from spooltool.tui.log_words import ALL, HOST, MESSAGE, Subject
from spooltool.tui.panes.log import LogPane
from spooltool.workers.log_choice import shown
from spooltool.workers.log_messages import (
    MOST,
    Everything,
    Followed,
    Line,
    Lines,
    Looked,
    OneMessage,
    Rates,
    Show,
    Toward,
)
from spooltool.workers.queue import Misread
from tests.spooltool.tui.local import lines


def toward(host: str, port: int | None = None) -> Toward:
    return Toward((HostPort(host, port),))


NOW = 1795545851.0
"""2026-11-24T18:44:11Z."""

SUBJECT = Subject("R001njd6k", "001njd6k", (HostPort("10.1.5.2", 2525),))


class Host(App[None]):
    CSS = """
    Grid { scrollbar-size: 0 0; }
    Grid > .grid--good { color: green; }
    Grid > .grid--bad { color: red; }
    Grid > .grid--found { text-style: underline; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.pane = LogPane(ASCII)
        self.pane.digit = 6
        self.shows: list[Show] = []
        self.heard: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_log_pane_asked(self, event: LogPane.Asked) -> None:
        self.shows.append(event.show)

    def on_log_pane_message_chosen(self, event: LogPane.MessageChosen) -> None:
        self.heard.append(("chosen", event.letter + event.number))

    def on_pane_noted(self, event: LogPane.Noted) -> None:
        self.heard.append(("noted", event.text))

    def on_grid_opened(self) -> None:
        self.heard.append(("opened", ""))

    def key_q(self) -> None:
        self.heard.append(("key", "q"))


Play = Callable[[Pilot[None], Host, LogPane], Awaitable[None]]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def piloted(play: Play, size: tuple[int, int] = (80, 8)) -> Host:
    app = Host()

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            app.pane.focus()
            app.pane.hear([Rates(NOW), Followed(("mdq.elg", "asmtpd.elg"), "/log")])
            app.pane.ask()
            await pilot.pause()
            await play(pilot, app, app.pane)

    asyncio.run(run())
    return app


def elg(second: float, id: str, event: str, **fields: object) -> Line:
    """A line as it is shown, from the bytes that stand in a log."""
    line = format_line(7, "gw1", NOW - 60 + second, id, event, fields)
    return shown(
        LogLine("/log/mdq.elg", NOW - 60 + second, line.encode("utf-8", "surrogateescape"))
    )


def kicks(first: int, count: int) -> tuple[Line, ...]:
    return tuple(elg(0, "", "kick", ids=number) for number in range(first, first + count))


def told(app: Host, *some: Line, older: bool = False) -> None:
    app.pane.hear([Lines(app.shows[-1].serial, some, older)])


def ids(app: Host) -> list[int]:
    """The numbers of the kicks that are seen."""
    return [int(line.partition("ids=")[2]) for line in lines(app) if "ids=" in line]


def test_a_line_is_time_log_message_event_and_facts() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        old = elg(-86400, "001njq59", "delivered", host="10.1.5.7:25", reply="250 ok")
        put_off = elg(1, "001njq5a", "put-off", host="10.1.5.2:25", reply="connection refused")
        told(app, old, put_off, elg(2, "", "down", host="10.1.5.2"))
        await pilot.pause()
        assert lines(app)[:5] == [
            "- 6 LOG  [all] | this message | this destination " + "-" * 31,
            "  following mdq.elg asmtpd.elg",
            " 23 Nov 18:43:11 mdq  R001njq59 delivered 10.1.5.7 250 ok",
            " 18:43:12 mdq  R001njq5a put off   10.1.5.2 connection refused",
            ">18:43:13 mdq  -         down      10.1.5.2",
        ]

    piloted(play)


def test_it_follows_until_the_cursor_goes_up_and_again_from_the_end() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(app, *kicks(0, 20))
        told(app, *kicks(20, 2))
        await pilot.pause()
        assert ids(app) == [16, 17, 18, 19, 20, 21]
        await pilot.press("up")
        told(app, *kicks(22, 3))
        await pilot.pause()
        assert ids(app) == [16, 17, 18, 19, 20, 21]
        assert lines(app)[1] == "  3 new below: End"
        await pilot.press("end")
        await pilot.pause()
        assert ids(app) == [19, 20, 21, 22, 23, 24]
        told(app, *kicks(25, 1))
        await pilot.pause()
        assert ids(app)[-1] == 25
        assert lines(app)[1] == "  following mdq.elg asmtpd.elg"

    piloted(play)


def test_older_lines_do_not_move_what_is_seen() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(app, *kicks(100, 20), older=True)
        await pilot.pause()
        assert ids(app) == [114, 115, 116, 117, 118, 119]
        await pilot.press("home", "down")
        assert ids(app) == [100, 101, 102, 103, 104, 105]
        told(app, *kicks(50, 50), older=True)
        await pilot.pause()
        assert ids(app) == [100, 101, 102, 103, 104, 105]
        assert pane.book.rows[pane.cursor].words.endswith("ids=101")
        await pilot.press("up", "up")
        await pilot.pause()
        assert ids(app)[0] == 99

    piloted(play)


def test_only_the_last_ones_are_kept_and_the_view_stays() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(app, *kicks(0, MOST))
        await pilot.press("up", "up", "up", "up", "up", "up", "up")
        await pilot.pause()
        seen = ids(app)
        told(app, *kicks(MOST, 300))
        await pilot.pause()
        assert (pane.count, ids(app)) == (MOST, seen)
        await pilot.press("end")
        await pilot.pause()
        assert ids(app)[-1] == MOST + 299
        assert lines(app)[1].endswith("; the last 2,000 lines, more: spooltool log")
        told(app, *kicks(0, 300), older=True)
        assert pane.count == MOST

    piloted(play, (100, 8))


def test_l_goes_from_all_to_the_message_to_the_destination() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        pane.subject(SUBJECT)
        await pilot.press("l", "l", "l")
        await pilot.pause()
        assert [one.about for one in app.shows] == [
            Everything(),
            OneMessage("001njd6k"),
            toward("10.1.5.2", 2525),
            Everything(),
        ]
        assert [one.serial for one in app.shows] == [1, 2, 3, 4]
        await pilot.press("l")
        await pilot.pause()
        assert lines(app)[0].startswith("- 6 LOG  all | [R001njd6k] | this destination ---")
        pane.hear([Lines(3, kicks(0, 1))])
        assert pane.count == 0, "the answer of a question that was asked before"
        await pilot.press("l")
        await pilot.pause()
        assert lines(app)[0].startswith("- 6 LOG  all | this message | [10.1.5.2:2525] ---")

    piloted(play)


@pytest.mark.parametrize(
    ("subject", "about", "shown", "words"),
    [
        (
            Subject("R1", "1", (HostPort("10.1.5.2"), HostPort("mx.example.net", 26))),
            Toward((HostPort("10.1.5.2"), HostPort("mx.example.net", 26))),
            "[10.1.5.2 +1]",
            ["log", "dst:10.1.5.2,mx.example.net:26", "-f"],
        ),
        (
            Subject("R1", "1", domains=("example.net", "example.org")),
            Toward(domains=("example.net", "example.org")),
            "[example.net +1]",
            ["log", "domain:example.net,example.org", "-f"],
        ),
        (Subject("R1", "1"), None, "[this destination]", ["log", "-f"]),
    ],
)
def test_a_destination_may_be_several_hosts_or_the_domains_of_mail_by_mx(
    subject: Subject, about: Toward | None, shown: str, words: list[str]
) -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        pane.subject(subject)
        pane.choose(HOST)
        await pilot.pause()
        assert [one.about for one in app.shows[1:]] == ([] if about is None else [about])
        assert shown in lines(app)[0]
        assert pane.equal(None) == words

    piloted(play)


def test_another_message_under_the_cursor_is_asked_for_when_the_cursor_rests() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        pane.choose(MESSAGE)
        await pilot.pause()
        assert [one.about for one in app.shows] == [Everything()]
        assert lines(app)[2] == "  no message under the cursor"
        for number in ("001njd6a", "001njd6b", "001njd6c"):
            pane.subject(Subject(f"R{number}", number, (HostPort("10.1.5.2"),)))
        while len(app.shows) < 2:
            await pilot.pause(0.01)
        assert [one.about for one in app.shows] == [Everything(), OneMessage("001njd6c")]
        pane.choose(HOST)
        pane.subject(Subject("R001njd6d", "001njd6d", (HostPort("10.1.5.2"),)))
        pane.choose(ALL)
        await pilot.pause()
        assert [one.about for one in app.shows[2:]] == [
            toward("10.1.5.2"),
            Everything(),
        ]

    piloted(play)


def test_enter_opens_the_message_and_y_copies_the_line() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(app, elg(1, "001njq5a", "notice-put-off", host="h", reply="451 x"), *kicks(1, 1))
        await pilot.press("enter", "up", "enter", "y")
        await pilot.pause()
        copied = "2026-11-24 18:43:12 mdq  E001njq5a notice put off h 451 x"
        assert app.heard == [("chosen", "E001njq5a"), ("noted", f"copied: {copied}")]
        assert app.clipboard == copied

    piloted(play)


def test_a_text_narrows_and_its_letters_are_no_keys() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(
            app, elg(1, "00000001", "kick", host="Quincy"), *kicks(1, 9), elg(2, "", "up", host="q")
        )
        await pilot.press("slash", *"qy", "backspace", "U", "i")
        await pilot.pause()
        assert lines(app)[1:4] == [
            "  /qUi_   1 of 11 lines",
            ">18:43:12 mdq  R00000001 kick      Quincy",
            "",
        ]
        assert app.heard == []
        told(app, *kicks(20, 2), elg(3, "", "up", host="QUIET"))
        await pilot.press("enter", "q")
        await pilot.pause()
        assert [line.words.split()[-1] for line in pane.book.rows] == ["Quincy", "QUIET"]
        assert app.heard == [("key", "q")]
        await pilot.press("escape")
        await pilot.pause()
        assert (pane.count, pane.book.narrow) == (14, "")
        assert lines(app)[1] == "  following mdq.elg asmtpd.elg"

    piloted(play)


def test_what_was_found_is_marked() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(app, elg(1, "00000001", "delivered", host="HOST", reply="host"))
        await pilot.press("slash", *"host")
        await pilot.pause()
        strip = pane.render_line(2)
        marked = [s.text for s in strip if s.style is not None and s.style.underline]
        assert marked == ["HOST", "host"]

    piloted(play)


def test_colour_only_repeats_what_a_word_says() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(
            app,
            elg(1, "00000001", "delivered", host="h", reply="250"),
            elg(1, "00000002", "rejected", host="h", reply="550"),
        )
        await pilot.pause()
        styles = []
        for y in (2, 3):
            segment = list(pane.render_line(y))[2]
            assert segment.style is not None and segment.style.color is not None
            styles.append((segment.style.color.get_truecolor(), segment.text.split()[2]))
        (green, delivered), (red, rejected) = styles
        assert (delivered, rejected) == ("delivered", "rejected")
        assert green.green > green.red and red.red > red.green

    piloted(play)


EVIL = "[@click=app.quit]x[/] [/b] [link=http://e] :smile: \x1b]0;evil\x07 \u202egnp \udcff"


def test_hostile_lines_are_text() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        told(app, elg(1, "001njq5a", "delivered", host=EVIL, to=EVIL, reply=EVIL))
        pane.subject(Subject(EVIL, "1", (HostPort(EVIL),)))
        pane.hear([Misread(app.shows[-1].serial, EVIL)])
        for _ in range(3):
            await pilot.press("y")
            for y, text in enumerate(lines(app)):
                assert text.isprintable()
                for segment in pane.render_line(y):
                    assert segment.style is None or not segment.style.link
                    assert segment.style is None or not segment.style.meta
            await pilot.press("l")
            await pilot.pause()
        assert all(text.isprintable() for _, text in app.heard)

    app = piloted(play, (200, 8))
    assert app.return_value is None


def test_what_was_told_meanwhile_is_taken_in_at_once() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        serial = app.shows[-1].serial
        pane.hear([Lines(serial, kicks(3, 2)), Lines(serial, kicks(5, 4)), Rates(NOW)])
        await pilot.pause()
        assert ids(app) == [3, 4, 5, 6, 7, 8]
        await pilot.press("up", "up")
        pane.hear([Lines(serial, kicks(9, 9)), Lines(serial, kicks(1, 2), older=True)])
        await pilot.pause()
        assert ids(app) == [3, 4, 5, 6, 7, 8], "who has gone up stays there"
        assert lines(app)[1].strip() == "9 new below: End"
        await pilot.press("end")
        await pilot.pause()
        assert ids(app)[-1] == 17

    piloted(play)


def test_how_the_search_stands() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        def status(value: Any) -> str:
            pane.hear([value])
            return pane._state()[0]

        serial = app.shows[-1].serial
        assert status(Looked(serial, 7, 0, asking=True)) == (
            "asking the queue: 7 messages looked at"
        )
        assert status(Looked(serial, 30, 120, NOW - 60)) == (
            "looking through the logs: 25 %, back to 18:43:11"
        )
        assert status(Looked(serial, 120, 120, done=True)) == "following mdq.elg asmtpd.elg"
        await pilot.pause()
        assert lines(app)[2] == "  no log lines"
        assert status(Followed(("asmtpd.elg",), "/log", ("mdq.elg: permission denied",))) == (
            "mdq.elg: permission denied"
        )

    piloted(play)


def test_a_pane_that_was_hidden_shows_the_end() -> None:
    async def play(pilot: Pilot[None], app: Host, pane: LogPane) -> None:
        pane.display = False
        await pilot.pause()
        told(app, *kicks(0, 50))
        told(app, *kicks(50, 7))
        await pilot.pause()
        pane.display = True
        await pilot.pause()
        assert ids(app) == [51, 52, 53, 54, 55, 56]
        told(app, *kicks(57, 1))
        await pilot.pause()
        assert ids(app)[-1] == 57

    piloted(play)
