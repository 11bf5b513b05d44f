"""The message in a person's pager, on a real terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.build import mail
from spooltool.render.text import visible
from tests.harness.terminal import Terminal
from tests.spooltool.cli.calling import ROOT
from tests.spooltool.tui.message.test_tabs import ARRIVED, FILE, MIME, MULTIPART, written

_RUN = (
    "import sys; from tests.spooltool.tui.message.showing import Shown; Shown.alone(*sys.argv[1:])"
)


@pytest.fixture
def spool(empty: Path) -> Path:
    written(empty, mail("001njtab", ARRIVED, original=MIME, body=MULTIPART))
    return empty


@contextmanager
def terminal(spool: Path, tab: str = "why", **env: str) -> Iterator[Terminal]:
    """The pane on a terminal; a variable that is "" is not set."""
    argv = [sys.executable, "-c", _RUN, str(spool), FILE, tab]
    with Terminal(argv, env={"PYTHONPATH": str(ROOT), **env}) as on:
        on.wait_for(f"[{tab}]")
        yield on


ON = "the pager is on"


def ended(on: Terminal) -> None:
    """Wait until the screen is painted over what the pager wrote: it has the keys again."""
    on.wait(lambda screen: not any(ON in line for line in screen.lines))


def recording(folder: Path) -> tuple[str, Path]:
    """A pager that keeps what it is given and waits for a key as a pager does."""
    kept = folder / "kept"
    pager = folder / "pager"
    pager.write_text(f'#!/bin/sh\ncat >"{kept}"\necho {ON}\nread answer </dev/tty\n')
    pager.chmod(0o755)
    return str(pager), kept


def test_headers_and_body_go_to_the_pager_as_visible_text(spool: Path, tmp_path: Path) -> None:
    pager, kept = recording(tmp_path)
    with terminal(spool, PAGER=pager) as on:
        on.send("o")
        on.wait_for(ON)
        on.send("\n")
        ended(on)
        on.send("]")
        on.wait_for("[envelope]")
    lines = kept.read_text().splitlines()
    assert lines[0].startswith("Received: from mail.example.com")
    assert "Subject: Invoice 2026-1187" in lines
    assert lines[lines.index("") + 1] == "--=_b"
    assert "Gr=FC=DFe^[[2J =" in lines
    assert [line for line in lines if visible(line) != line] == []


def test_a_part_goes_there_decoded(spool: Path, tmp_path: Path) -> None:
    pager, kept = recording(tmp_path)
    with terminal(spool, "parts", PAGER=pager) as on:
        on.send("j\r")
        on.wait_for("Esc back")
        on.send("|")
        on.wait_for(ON)
        on.send("\n")
        ended(on)
        assert any("Esc back" in line for line in on.lines)
    assert kept.read_text().splitlines() == [
        "# part 1: text/plain, quoted-printable, iso-8859-1, 31 B",
        "Grüße^[[2J and [b]more[/b]",
    ]


def test_a_pager_that_is_left_early_does_no_harm(spool: Path, tmp_path: Path) -> None:
    written(spool, mail("001njtab", ARRIVED, body=b"a long body\n" * 200_000))
    pager = tmp_path / "early"
    pager.write_text(f"#!/bin/sh\nhead -n 1 >/dev/null\necho {ON}\nread answer </dev/tty\n")
    pager.chmod(0o755)
    with terminal(spool, PAGER=str(pager)) as on:
        on.send("o")
        on.wait_for(ON)
        on.send("\n")
        ended(on)
        on.send("]")
        on.wait_for("[envelope]")


def test_ctrl_c_in_the_pager_ends_the_pager_alone(spool: Path, tmp_path: Path) -> None:
    pager, _ = recording(tmp_path)
    with terminal(spool, PAGER=pager) as on:
        on.send("o")
        on.wait_for(ON)
        on.send(b"\x03")
        ended(on)
        on.send("]")
        on.wait_for("[envelope]")


def test_a_pager_that_is_missing_is_told(spool: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "bin"
    nothing.mkdir()
    with terminal(spool, PAGER="/no/such/[b]pager", PATH=str(nothing)) as on:
        on.send("o")
        on.wait_for("no pager: /no/such/[b]pager:")


def test_the_next_pager_is_taken_where_one_is_missing(spool: Path, tmp_path: Path) -> None:
    pager, kept = recording(tmp_path)
    Path(pager).rename(tmp_path / "less")
    with terminal(spool, PAGER="/no/such/pager", PATH=f"{tmp_path}:/usr/bin:/bin") as on:
        on.send("o")
        on.wait_for(ON)
        on.send("\n")
        on.wait_for("/no/such/pager: No such file")
    assert kept.read_text().startswith("Received: ")
