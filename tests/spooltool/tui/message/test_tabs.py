"""What single tabs show: headers, parts, raw bytes, long envelopes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from fixtures.build import AS_OF, headers, mail, tried
from spooltool.look.open_message import OpenMessage
from spooltool.look.sight import Sight
from spooltool.spool.recipient import Path as Mailbox
from spooltool.tui.message.pane import MessagePane
from tests.spooltool.tui.message.showing import LARGE, SMALL, Shown, at_rest, name_of, showing

NARROW = (70, 24)
FILE = "D_sender/R001njtab"
ARRIVED = AS_OF - 100.0
Play = Callable[[Shown, Pilot[None], Sight], Awaitable[None]]

MULTIPART = (
    b"--=_b\nContent-Type: text/plain; charset=iso-8859-1\n"
    b"Content-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\x1b[2J =\nand [b]more[/b]\n"
    b'--=_b\nContent-Type: application/octet-stream; name="[red]a\x1b.bin"\n'
    b"Content-Transfer-Encoding: base64\n\nAAECA//+\n--=_b--\n"
)
_MORE = 'Content-Type: multipart/mixed; boundary="=_b"\n'
MIME = headers("001njtab", ARRIVED, more=_MORE)


def played(spool: Path, tab: str, play: Play, size: tuple[int, int] = SMALL) -> None:
    async def whole() -> None:
        async with showing(spool, FILE, size) as (app, pilot, sight):
            app.pane.choose(tab)
            await at_rest(app, pilot)
            await play(app, pilot, sight)

    asyncio.run(whole())


def written(spool: Path, data: bytes) -> Path:
    path = spool / FILE
    path.write_bytes(data)
    return path


def rewritten(spool: Path) -> None:
    first = headers("001njtab", ARRIVED, to="anna@old.example, ben@example.org", more="X-No: 1\n")
    second = headers("001njtab", ARRIVED, to="anna@new.example, ben@example.org")
    written(spool, mail("001njtab", ARRIVED, original=first, rewritten=second))


def test_rewritten_headers_below_each_other(empty: Path) -> None:
    rewritten(empty)

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        lines = app.text[1:]
        assert lines[:3] == [
            "Received added by relay",
            "To rewritten: rule 11, resource smtp_in",
            "X-No removed: rule 11, resource smtp_in",
        ]
        assert lines[4].startswith("+ Received: from mail.example.com")
        at = lines.index("- To: [-anna@old.example,-] ben@example.org")
        assert lines[at + 1] == "+ To: {+anna@new.example,+} ben@example.org"
        assert "- X-No: 1" in lines
        assert "  Subject: Invoice 2026-1187" in lines

    played(empty, "headers", play, NARROW)


def test_rewritten_headers_beside_each_other(empty: Path) -> None:
    rewritten(empty)

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        rows = [f"{line} ".split(" | ") for line in app.text[6:]]
        pairs = [(one[0].rstrip(), one[1].rstrip()) for one in rows if len(one) == 2]
        assert (
            "- To: [-anna@old.example,-] ben@example.org",
            "+ To: {+anna@new.example,+} ben@example.org",
        ) in pairs
        assert ("- X-No: 1", "") in pairs
        assert ("  From: billing@example.com", "  From: billing@example.com") in pairs
        assert (
            "",
            "+ Received: from mail.example.com (mail.example.com [192.168.230.24])",
        ) in pairs

    played(empty, "headers", play, LARGE)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_header_lines_of_100_kb_are_wrapped(empty: Path, size: tuple[int, int]) -> None:
    long = headers("001njtab", ARRIVED, more="X-Long: " + "x" * 100_000 + "\nX-Last: 1\n")
    written(empty, mail("001njtab", ARRIVED, original=long))

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        assert app.pane.count > 100_000 // size[0]
        await pilot.press("end")
        assert app.text[-1].startswith("  X-Last: 1")

    played(empty, "headers", play, size)


def test_parts_are_listed_opened_and_left(empty: Path) -> None:
    data = mail("001njtab", ARRIVED, original=MIME, body=MULTIPART)
    written(empty, data)

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        assert app.text[1].split() == ["PART", "TYPE", "ENCODING", "SIZE", "AT", "NAME"]
        assert app.text[2].split() == [
            ">",
            "message", "multipart/mixed", "-", f"{len(MULTIPART)}", "B",
            f"{data.index(MULTIPART):,}",
        ]  # fmt: skip
        assert app.text[4].endswith("  [red]a^[.bin")
        await pilot.press("down", "enter")
        assert app.text[1].startswith(
            "Esc back  part 1: text/plain, quoted-printable, iso-8859-1, 31 B"
        )
        assert app.text[2:4] == ["Grüße^[[2J and [b]more[/b]", ""]
        await pilot.press("escape", "down", "enter")
        assert app.text[1].startswith("Esc back  part 2: application/octet-stream, base64")
        assert app.text[2] == f"{0:>9}  00 01 02 03 ff fe{' ' * 33}......"
        await pilot.press("escape")
        assert (app.pane.cursor, app.text[4][0]) == (2, ">")

    played(empty, "parts", play)


def test_a_part_stays_open_while_results_are_written(empty: Path) -> None:
    path = written(empty, mail("001njtab", ARRIVED, original=MIME, body=MULTIPART))

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        await pilot.press("down", "enter")
        os.utime(path)
        app.pane.show(sight.later(), name_of(FILE))
        assert app.text[1].startswith("Esc back  part 1")

    played(empty, "parts", play)


def test_a_message_of_100_mb_opens_at_once(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"--=_b\n\n" + (b"A" * 76 + b"\n") * 1_400_000 + b"--=_b--\n"
    written(empty, mail("001njtab", ARRIVED, original=MIME, body=body))
    monkeypatch.setattr(MessagePane, "_work", lambda pane: None)  # only what opening itself reads
    asked: list[int] = []
    read = OpenMessage.read

    def counted(message: OpenMessage, offset: int, length: int) -> bytes:
        asked.append(length)
        return read(message, offset, length)

    monkeypatch.setattr(OpenMessage, "read", counted)

    async def whole() -> None:
        async with showing(empty, FILE) as (app, pilot, _):
            for tab in ("raw", "parts", "headers", "envelope", "why"):
                app.pane.choose(tab)
                await pilot.pause()
                assert any(app.text[1:])
                assert max(asked, default=0) <= 1 << 20
            app.pane.choose("raw")
            await pilot.press("x", "end")
            assert app.text[-1].endswith("  --.")
            assert app.text[0].endswith(" 100% of 103 MB -")

    asyncio.run(whole())


def test_all_of_100_mb_is_found_in_slices(empty: Path) -> None:
    body = b"--=_b\n\n" + (b"A" * 76 + b"\n") * 1_400_000 + b"--=_b--\n"
    data = mail("001njtab", ARRIVED, original=MIME, body=body)
    written(empty, data)

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        assert app.pane.count == 2
        app.pane.choose("raw")
        await at_rest(app, pilot)
        await pilot.press("end")
        assert app.text[-1].split() == [str(len(data) - 8), "--=_b--"]
        at = app.pane.scroll_y
        await pilot.press("x")
        assert app.text[1].split()[0] == str((len(data) - 8 - 11 * 77) // 16 * 16)
        await pilot.press("x")
        assert 0 <= at - app.pane.scroll_y <= 2  # rows that the sixteen bytes lie in

    played(empty, "parts", play)


def test_an_envelope_of_many_recipients_is_drawn_as_it_is_seen(empty: Path) -> None:
    many = [
        tried(f"list-{at:05d}@example.org", 1, 300, 300, mark="D" if at % 2 else "P")
        for at in range(20_000)
    ]
    written(empty, mail("001njtab", ARRIVED, recipients=many))

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        assert app.pane.count > 20_000
        await pilot.press("end")
        assert "DIGEST" in app.text[-1] and "SIZES" in app.text[-2]
        assert "list-19999@example.org  delivered  tried 1 time" in app.text[-3]
        app.pane.choose("why")
        await at_rest(app, pilot)
        await pilot.press("end")
        assert any("and 19,980 more: 9,980 pending; 10,000 delivered" in line for line in app.text)
        app.pane.choose("headers")
        assert any("Subject: Invoice" in line for line in app.text)

    played(empty, "envelope", play)


def test_defects_stand_at_their_lines(empty: Path) -> None:
    data = mail("001njtab", ARRIVED, recipients=[Mailbox("a@b.example")])
    written(
        empty, data.replace(b"DPORT:\t25\n", b"DPORT:\t99999\n").replace(b"RULEACT:", b"RULE:", 1)
    )

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        app.pane.scroll_to(y=0, animate=False)
        text = [app.pane.row(row, 80) for row in range(app.pane.count)]
        lines = ["".join(word for word, _ in spans) for spans in text]
        at = next(at for at, line in enumerate(lines) if "DPORT" in line and "99999" in line)
        assert "! value-bad: DPORT: not a whole number from 1 to 65535" in "".join(
            lines[at + 1 : at + 3]
        )
        assert any("! key-doubled: RULE stands in line 11 too" in line for line in lines)
        assert lines[0] == "defects"
        assert any("key-missing" in line for line in lines[:4])

    played(empty, "envelope", play)


@pytest.mark.parametrize(("change", "words"), [(0, "fits"), (1, "does not fit")])
def test_the_digest_is_checked(empty: Path, change: int, words: str) -> None:
    data = bytearray(mail("001njtab", ARRIVED))
    data[-3] ^= change
    written(empty, bytes(data))

    async def play(app: Shown, pilot: Pilot[None], sight: Sight) -> None:
        await pilot.press("end")
        assert any(words in line for line in app.text[-4:])

    played(empty, "envelope", play)
