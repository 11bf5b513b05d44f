"""Nothing hostile in a message, a name or a log reaches a terminal as anything but text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.spooltool.cli.calling import AS_OF, on_terminal

AT = ("--as-of", str(AS_OF))
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
HOSTILE = "a\x1b[2J\x1b]0;t\x07\x9b31m\u202ex\x7f\r\b[@click=app.quit]x[/]"


def harmless(shown: bytes) -> str:
    """Check what a terminal got."""
    text = shown.decode("utf-8")
    assert not OBEYED.search(text), OBEYED.search(text)
    assert "Traceback" not in text
    return text


@pytest.fixture
def hostile(gateway: Path) -> Path:
    """The gateway's spool with hostile logs, journal and foreign files as well."""
    logs = gateway / ".spooltool" / "log"
    logs.mkdir(parents=True)
    bad = HOSTILE.encode()
    (logs / "mdq.elg").write_bytes(
        b"[1@gw1] 2026-11-24T18:43:58.123Z 001njd6k put-off host="
        + bad + b' reply="' + bad + b'"\n' + bad + b"\n[1@" + bad + b"] " + bad + b"\n"
    )  # fmt: skip
    (logs / "tracker.log").write_bytes(b"24Nov2026 18:43:59 " + bad + b" gw1 id: " + bad + b";\n")
    quoted = r"a\u001b[2J\u202e\u009bx"
    keys = ",".join(f'"{key}":"{quoted}"' for key in ("user", "tty", "host", "command"))
    (gateway / ".spooltool" / "journal").write_text(
        '{"v":1,"txn":"1","kind":"begin","at":1795545000,"verb":"h\\u001b[2Jold","spool":"x",'
        f'"found_by":"y","query":"\\u202eq","count":1,"reason":"\\u0007r","undoes":"",{keys}}}\n'
        '{"v":1,"txn":"1","kind":"result","id":"1","file":"D\\u001b[2J","result":"do\\u009bne",'
        '"detail":"\\u202ed"}\n'
    )
    (gateway / "D_resend" / "R9").write_bytes(
        b"".join(key + b":\t" + bad + b"\n" for key in (b"DST", b"RULE", b"RESOURCE", b"ROUTE",
        b"SRC", b"HELO", b"PROTO", b"ERR_SERVER", b"FROM", b"RCPT")) + b"\nSubject: " + bad + b"\n"
    )  # fmt: skip
    return gateway


@pytest.mark.parametrize(
    "arguments",
    [
        ["ls"],
        ["ls", "--json"],
        ["ls", "--ids"],
        ["ls", "--sort", "dst"],
        ["status"],
        ["status", "--json"],
        ["log"],
        ["log", "--json"],
        ["log", "stuck"],
        ["history"],
        ["history", "1"],
        ["history", "--json"],
        ["show", HOSTILE.replace("\x00", "")],
        ["ls", HOSTILE],
        ["ls", "--sort", HOSTILE],
        ["ls", f"dst:{HOSTILE}"],
        ["--as-of", HOSTILE, "ls"],
        ["history", HOSTILE],
        [HOSTILE],
        ["--config", HOSTILE, "ls"],
        ["ls", f"--{HOSTILE}"],
        ["completion", HOSTILE],
    ],
    ids=lambda arguments: re.sub("[^a-z0-9-]", "", " ".join(arguments))[:20],
)
def test_every_command(hostile: Path, arguments: list[str]) -> None:
    harmless(on_terminal(["--spool", hostile, *AT, *arguments], 100))


@pytest.mark.parametrize("way", [[], ["--headers"], ["--diff"], ["--body"], ["--json"]])
@pytest.mark.parametrize("kind", ["Rescapes", "Rcontrol", "Rbidi", "Rclipboard", "Rjunk2", "R9"])
def test_every_way_to_show_a_message(hostile: Path, kind: str, way: list[str]) -> None:
    text = harmless(on_terminal(["--spool", hostile, *AT, "show", f"D_resend/{kind}", *way], 80))
    assert text.strip() or way in (["--diff"], ["--body"])


def test_a_hostile_spool_name(hostile: Path) -> None:
    renamed = hostile.rename(hostile.with_name("gw\x1b[2J\u202e\udcff"))
    shown = harmless(on_terminal(["--spool", renamed, *AT, "status"]))
    assert "gw^[[2J\\u202e\\xff" in shown
    assert "gw^[[2J" in harmless(on_terminal(["--spool", renamed, "ls", "--stuck"]))
