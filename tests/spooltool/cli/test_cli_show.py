"""`show`: one message, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.build import headers, mail
from spooltool.spool.recipient import Path as Path_
from tests.spooltool.cli.calling import AS_OF, Ended, golden, on_terminal, settled

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))


@pytest.mark.parametrize(
    "message",
    ["R001njd6k", "R001njf2a", "E001mz77a", "R001njk6h", "D_resend/Rchapter", "D_resend/Rcut8",
     "D_resend/Rjunk1", "D_resend/Rempty", "D_resend/Rescapes", "D_sender/R001njr07",
     "D_resend/Rdoubled"],
)  # fmt: skip
def test_on_a_screen(gateway: Path, call: Call, message: str) -> None:
    done = call("show", "--spool", gateway, *AT, message)
    assert done.code == 0
    golden(f"show-{message.rpartition('/')[2]}.txt", settled(done.out, gateway))


def test_parts_of_it(gateway: Path, call: Call) -> None:
    show = ("show", "--spool", gateway, *AT, "001njd6k")
    both = call(*show, "--headers").lines
    at = both.index("# modified headers, as they will be sent")
    original, modified = both[1:at], both[at + 1 :]
    assert modified[-len(original) :] == original and modified[0].startswith("Received: ")
    diff = call(*show, "--diff").lines
    assert diff[:2] == ["--- original headers", "+++ modified headers"]
    assert [line[1:] for line in diff if line.startswith("+R")] == modified[:1]
    assert call(*show, "--body").lines[0].startswith("Dear Eva")


def test_who_changed_the_headers_is_named(gateway: Path, call: Call, root: Path) -> None:
    original = headers(
        "001njz01", AS_OF, more="DKIM-Signature: v=1; d=example.com; h=from:to; b=x\n"
    )
    changed = original.replace(b"eva@example.org", b"eva@mail.example.org")
    recipient = Path_("eva@mail.example.org", "", "eva@example.org")
    data = mail("001njz01", AS_OF, recipients=(recipient,), original=original, rewritten=changed)
    (gateway / "D_sender" / "R001njz01").write_bytes(data)
    show = ("show", "--spool", gateway, *AT, "001njz01")
    lines = call(*show).lines
    reasons = [
        "Received added by relay",
        "To rewritten: rule 11, resource smtp_in",
        "DKIM broken by rule 11, resource smtp_in",
    ]
    at = lines.index("headers (- as received, + as it will be sent); body 73 B")
    assert lines[at + 1 : at + 5] == [*(f"  {reason}" for reason in reasons), ""]
    assert {"- To: eva@example.org", "+ To: eva@mail.example.org"} < set(lines)
    assert "eva@mail.example.org was eva@example.org" in "\n".join(lines)
    diff = call(*show, "--diff").lines
    assert diff[-3:] == [f"# {reason}" for reason in reasons]
    record = json.loads(call(*show, "--json").out)
    assert record["header_changes"][1] == {
        "fields": ["To"], "done": "rewritten", "by": "rule 11, resource smtp_in"
    }  # fmt: skip


def test_what_would_be_sent(gateway: Path, call: Call, tmp_path: Path) -> None:
    show = ("show", "--spool", gateway, *AT, "001njd6k")
    raw = call(*show, "--raw")
    assert raw.out.encode() == (gateway / "D_resend" / "R001njd6k").read_bytes()
    eml = call(*show, "--eml").out
    assert eml.startswith("Received: ") and "\r\n\r\nDear Eva" in eml
    assert eml.count("\n") == eml.count("\r\n")
    target = tmp_path / "out.eml"
    assert call(*show, "-o", target).code == 0
    assert target.read_bytes() == eml.encode()
    again = call(*show, "-o", target)
    assert again.code == 73 and "File exists" in again.err
    assert call(*show, "-o", tmp_path / "body", "--body").code == 0
    assert (tmp_path / "body").read_bytes().startswith(b"Dear Eva")


@pytest.mark.parametrize("option", ["--raw", "--eml"])
def test_bytes_do_not_go_to_a_terminal(gateway: Path, option: str) -> None:
    shown = on_terminal(["--spool", gateway, "show", "D_resend/Rescapes", option])
    assert b"do not go to a terminal" in shown and b"\x1b" not in shown


def test_json(gateway: Path, call: Call, root: Path) -> None:
    record = json.loads(call("show", "--spool", gateway, *AT, "001njf2a", "--json").out)
    assert list(record) == list(
        json.loads((root / "docs/schema/show.json").read_text())["properties"]
    )
    assert [(one["recipient"], one["mark"]) for one in record["results"]] == [
        ("gone@example.org", "N"),
        ("here@example.org", "P"),
    ]
    assert record["results"][0]["enhanced"] == "5.1.1"
    assert record["modified_headers"].endswith(record["original_headers"])
    hostile = json.loads(call("show", "--spool", gateway, *AT, "D_resend/Rjunk1", "--json").out)
    assert hostile["defects"]


def test_a_changed_body_is_told(gateway: Path, call: Call) -> None:
    done = call("show", "--spool", gateway, *AT, "D_resend/Rdigest")
    assert "the content does not fit DIGEST" in done.out


def test_one_message_is_meant(gateway: Path, call: Call) -> None:
    several = call("show", "--spool", gateway, *AT, "stuck")
    assert several.code == 2 and "several messages match" in several.err
    none = call("show", "--spool", gateway, *AT, "size:9G..")
    assert none.code == 1 and "no message matches" in none.err
    gone = call("show", "--spool", gateway, *AT, "001zzzz9")
    assert gone.code == 1 and "no such message" in gone.err
    both = call("show", "--spool", gateway, *AT, "001njd6k", "--raw", "--body")
    assert both.code == 2
