"""`ls` and `show` of an E file say what its notice is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.diagnose.quick import quick_facts
from tests.spooltool.cli.calling import AS_OF, Ended

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))
FILE = "D_resend/E001njf2b"


@pytest.mark.parametrize(
    ("value", "notice", "why", "goes"),
    [
        ("", "failure", "notice due", "given up; its notice goes to"),
        ("delay 1796420591", "delay", "notice of delay due", "a notice of delay about 001njf2a"),
        ("relayed", "relayed", "notice of success due", "a notice of success about 001njf2a"),
        ("blocked x", "blocked", "notice of blocked content due", "a notice of blocked content"),
        ("infected x", "infected", "notice of a virus due", "a notice of a virus"),
        ("not-allowed x", "not-allowed", "notice of the rule base due", "a notice of the rule"),
        ("gossip", None, "notice due", "given up; its notice goes to"),
    ],
)
def test_what_a_notice_is_about(
    gateway: Path, call: Call, value: str, notice: str | None, why: str, goes: str
) -> None:
    path = gateway / FILE
    if value:
        line = f"NOTICE:\t{value}\nFROM:".encode()
        path.write_bytes(path.read_bytes().replace(b"FROM:", line, 1))
    assert quick_facts(path.read_bytes()[:4096], path.stat().st_size) is not None
    (listed,) = call("ls", "--spool", gateway, *AT, "001njf2b", "--json").lines
    record = json.loads(listed)
    assert (record["notice"], record["stuck"]) == (notice, "notice")
    assert record["why"].startswith(why)
    shown = " ".join(call("show", "--spool", gateway, *AT, "001njf2b").out.split())
    assert goes in shown


def test_who_is_late_has_not_failed(gateway: Path, call: Call) -> None:
    path = gateway / FILE
    line = b"NOTICE:\tdelay 1796420591\nFROM:"
    path.write_bytes(path.read_bytes().replace(b"FROM:", line, 1))
    shown = call("show", "--spool", gateway, *AT, "001njf2b").out
    (to,) = (one for one in shown.splitlines() if one.startswith("  to "))
    assert "  late  " in to and "failed" not in to


def test_mail_owes_no_notice(gateway: Path, call: Call) -> None:
    (listed,) = call("ls", "--spool", gateway, *AT, "001njd6k", "--json").lines
    assert json.loads(listed)["notice"] is None
