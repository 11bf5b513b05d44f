"""The fixtures are what their script makes, and read as the golden text says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fixtures import golden
from fixtures.build import AS_OF, CHAPTER_17
from fixtures.hostile import KINDS
from fixtures.make import ROOT, differences, files
from spooltool.spool.codec import parse
from spooltool.spool.names import parse_path
from spooltool.spool.states import REASONS, STANDINGS, Circumstance, standing
from tests.spooltool.spool.spool_files import FILES

HEALTHY = [path for path in FILES if path.startswith("gw/") and "001" in path and "/T" not in path]


def test_the_files_are_as_made() -> None:
    assert differences() == [], "python -m fixtures.make"


def test_version_control_leaves_their_line_ends_alone() -> None:
    rules = (ROOT.parent.parent / ".gitattributes").read_text(encoding="ascii").splitlines()
    assert "fixtures/** -text" in rules


def test_making_them_twice_gives_the_same_bytes() -> None:
    assert files() == files()


def test_they_read_as_the_golden_text_says() -> None:
    assert golden.render() == golden.TARGET.read_text(encoding="ascii"), "python -m fixtures.golden"


def test_the_chapters_file_is_its_sample() -> None:
    listing = Path(ROOT, "gw/D_resend/Rlisting").read_text(encoding="ascii")
    assert listing.splitlines()[5:8] == [
        "SRC:    192.168.230.24", "SPORT:  3446", "DST:    10.158.5.2",
    ]  # fmt: skip
    assert listing.splitlines()[14] == "LOG_OK:          MDQ_LOG"
    assert Path(ROOT, "gw/D_resend/Rchapter").read_bytes() == CHAPTER_17
    assert len(CHAPTER_17.splitlines()) == 17


@pytest.mark.parametrize("path", HEALTHY)
def test_healthy_files_are_sealed_and_without_defect(path: str) -> None:
    data = FILES[path]
    env = parse(data)
    assert env.defects == ()
    assert env.expected_size == len(data)
    assert env.get("DIGEST") == "sha256:" + hashlib.sha256(data[env.end :]).hexdigest()
    assert env.state is not None
    assert env.state.pending == sum(recipient.pending for recipient in env.recipients)


def test_they_show_every_standing_and_reason_that_a_file_can_have() -> None:
    words, reasons = set(), set()
    for path, data in FILES.items():
        name = parse_path(path.partition("/")[2])
        if name is not None:
            for idle in (10, 7200):
                around = Circumstance(AS_OF, AS_OF - idle)
                got = standing(name, parse(data), around)
                words.add(got.word)
                reasons.add(got.reason)
    assert words == STANDINGS.keys() - {"delivering", "trashed"}
    assert reasons - {""} == REASONS.keys() - {"unreadable"}


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_stands_in_every_field_that_is_shown(kind: str) -> None:
    text = KINDS[kind][1]
    data = FILES[f"gw/D_resend/R{kind}"]
    raw = text.replace("\0", "").encode()
    assert data[parse(data).end :].count(raw) >= 8
    by_hand = parse(FILES[f"gw/D_hold/R{kind}2"])
    shown = text[:1500].encode().strip(b" \t")
    for key in ("DST", "ERR_SERVER", "HELO", "PROTO", "RESOURCE"):
        line = by_hand.line(key)
        assert line is not None and line.raw == shown
    for key in ("FROM", "RCPT", "STATE"):
        line = by_hand.line(key)
        assert line is not None and shown in line.raw


def test_escaped_line_breaks_forge_no_line() -> None:
    env = parse(FILES["gw/D_resend/Rlines"])
    assert env.defects == ()
    assert len(env.all("DST")) == len(env.all("RCPT")) == 1
