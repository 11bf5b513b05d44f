"""An envelope as text, and what an editor made of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from spooltool.change.envelope_text import EnvelopeText, Mistake, envelope_text, read_text
from spooltool.change.order import Order
from spooltool.errors import UsageError
from spooltool.look.sight import Sight
from spooltool.spool.assignments import SETTABLE
from tests.spooltool.cli.changed import put


def read(spool: Path, *words: str) -> EnvelopeText:
    with closing(Sight(spool_option=str(spool))) as sight:
        return envelope_text(sight, words)


@pytest.fixture
def before(tmp_path: Path) -> EnvelopeText:
    (file,) = put(tmp_path / "spool", 1)
    return read(tmp_path / "spool", file[-8:])


def test_each_key_is_there_with_its_meaning(before: EnvelopeText) -> None:
    keys = [line.partition(":")[0] for line in before.text.splitlines() if line[:1].isupper()]
    assert keys == [*SETTABLE, "FROM", "RCPT"]
    assert "#   0|1: 1 when the sender is notified of a failure\n" in before.text


def test_nothing_differs(before: EnvelopeText) -> None:
    assert read_text(before, before.text) is None
    assert read_text(before, "".join(f"{line}  \n\n" for line in before.text.splitlines())) is None


def changed(before: EnvelopeText, old: str, new: str) -> Order | Mistake | None:
    assert old in before.text
    return read_text(before, before.text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "words", "options"),
    [
        ("ERRMAIL: 1", "ERRMAIL: 0", ("ERRMAIL=0",), {}),
        ("LOG_OK: MDQ_LOG\n", "LOG_OK:\n", ("LOG_OK=none",), {}),
        ("LOG_OK: MDQ_LOG\n", "LOG_OK: none\n", ("LOG_OK=none",), {}),
        ("DST: 10.1.5.2\n", "DST: {10.1.5.9,b.example}\n", ("DST={10.1.5.9,b.example}",), {}),
        ("FROM: jo@example.com", "FROM: <>", (), {"from": "<>"}),
        ("FROM: jo@example.com", "FROM: zoe@example.net", (), {"from": "zoe@example.net"}),
        (
            "RCPT: anna0@example.org",
            "RCPT: zoe@example.net",
            (),
            {"rcpt": ("anna0@example.org=zoe@example.net",)},
        ),
    ],
)
def test_what_differs_is_a_set(
    before: EnvelopeText,
    old: str,
    new: str,
    words: tuple[str, ...],
    options: dict[str, str | tuple[str, ...]],
) -> None:
    assert changed(before, old, new) == Order("set", (before.word, *words), options=options)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ERRMAIL: 1", "ERRMAIL: 7", "ERRMAIL=7: not one of 0, 1"),
        ("ERRMAIL: 1", "ERRMAIL:", "ERRMAIL has no value"),
        ("ERRMAIL: 1", "ERRMAIL 1", "not KEY: value: ERRMAIL 1"),
        ("ERRMAIL: 1", "ERRMAIL: 1\nERRMAIL: 0", "ERRMAIL stands there twice"),
        ("ERRMAIL: 1", "STATE: x", "STATE is no key that can be edited here"),
        ("FROM: jo@example.com", "FROM:", "FROM has no address"),
        ("FROM: jo@example.com", "FROM: jo@", "--from jo@"),
        ("RCPT: anna0@example.org", "RCPT: anna", "--rcpt anna0@example.org=anna"),
        ("RCPT: anna0@example.org", "", "a RCPT line is missing"),
        ("RCPT: anna0", "RCPT: b@example.org\nRCPT: anna0", "no recipient can be added"),
        ("DST: 10.1.5.2\n", "DST: \x1b[2J\n", "DST=^[[2J"),
    ],
)
def test_a_mistake_has_its_line(before: EnvelopeText, old: str, new: str, says: str) -> None:
    found = changed(before, old, new)
    assert isinstance(found, Mistake) and says in found.text
    if found.line:
        line = before.text.replace(old, new).splitlines()[found.line - 1]
        assert line.split(":")[0].split()[0] in new


def test_what_no_line_can_hold_is_left_alone(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    (file,) = put(spool, 1)
    path = spool / file
    text = path.read_bytes().replace(b"DST:\t10.1.5.2", b"DST:\t10.\x1b[2J", 1)
    path.write_bytes(text.replace(b"<anna0@", b"<\xff\x07@"))
    found = read(spool, file[-8:])
    assert "\x1b" not in found.text and "# DST holds what no line of text can" in found.text
    assert read_text(found, found.text) is None


def test_one_message_at_a_time(tmp_path: Path) -> None:
    put(tmp_path / "spool", 2)
    with pytest.raises(UsageError, match="2 messages are meant"):
        read(tmp_path / "spool", "dst:10.1.5.2")
