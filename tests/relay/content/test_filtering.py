"""What a worker makes of orders: the filtered form, decoded parts, parts replaced."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from relay.content import ContentPool, Judgement, Verdict
from relay.content.filtering import FILTER, to_filter, to_parts, to_replace
from relay.content.pieces import BadPieces, Piece, encode_piece, read_pieces
from relay.content.process import Limits
from relay.message.html import Weeding
from relay.policy.pipeline import Orders
from spooltool.spool.checks import Check

MAIL = b"""\
Subject: x
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=abc

--abc
Content-Type: text/html

<p>hello</p><script>evil</script>
--abc
Content-Type: application/octet-stream; name="a b.exe"
Content-Transfer-Encoding: base64

TVpldmls
--abc--
"""
ORDERS = Orders("in", "3", strip_file_by_name="*.exe", weeding=Weeding(strip_script_tags=True))


def judged(folder: Path, content: bytes, orders: Mapping[str, object]) -> tuple[Judgement, bytes]:
    path = folder / "message"
    path.write_bytes(b"envelope" + content)
    fd = os.open(path, os.O_RDONLY)

    async def ask() -> Judgement:
        pool = ContentPool(FILTER, str(folder), workers=1, limits=Limits(memory=400 << 20))
        try:
            return await pool.judge(fd, 8, 8 + len(content), orders)
        finally:
            pool.close()
            await asyncio.get_running_loop().shutdown_default_executor()

    found = uvloop.run(ask())
    os.close(fd)
    if found.output is None:
        return found, b""
    out = os.pread(found.output, found.size + 1, 0)
    os.close(found.output)
    return found, out


@pytest.mark.parametrize("crlf", [False, True])
def test_the_filtered_form_has_lf(tmp_path: Path, crlf: bool) -> None:
    content = MAIL.replace(b"\n", b"\r\n") if crlf else MAIL
    found, out = judged(tmp_path, content, to_filter(ORDERS, crlf=crlf))
    assert found.outcome.verdict is Verdict.CHANGED
    assert b"evil" not in out and b"TVp" not in out and b"\r" not in out
    assert len(found.outcome.removed) == 2
    assert found.size == len(out)


def test_what_blocks_is_told_with_its_check(tmp_path: Path) -> None:
    found, out = judged(tmp_path, MAIL[:-8], to_filter(ORDERS, crlf=False))
    assert (found.outcome.verdict, found.outcome.check) == (Verdict.BLOCKED, Check.STRUCTURE)
    assert (found.output, out) == (None, b"")


def test_parts_come_decoded_one_by_one(tmp_path: Path) -> None:
    found, out = judged(tmp_path, MAIL, to_parts(ORDERS, crlf=False))
    path = tmp_path / "parts"
    path.write_bytes(out)
    with path.open("rb") as file:
        pieces = list(read_pieces(file.fileno(), found.size))
    assert [(one.path, one.name) for one in pieces] == [("1.1", ""), ("1.2", "a b.exe")]
    assert out[pieces[1].at : pieces[1].at + pieces[1].size] == b"MZevil"


def test_a_part_is_replaced(tmp_path: Path) -> None:
    _, out = judged(tmp_path, MAIL, to_replace(ORDERS, {"1.2": "Eicar"}, crlf=False))
    assert b"antivirus (Eicar)" in out and b"TVp" not in out and b"<script>" in out


def test_a_path_that_is_none_defers(tmp_path: Path) -> None:
    found, _ = judged(tmp_path, MAIL, to_replace(ORDERS, {"1.7": "Eicar"}, crlf=False))
    assert found.outcome.verdict is Verdict.DEFER


def test_content_is_filtered_by_the_limits_of_the_intake(tmp_path: Path) -> None:
    """A header block that the intake took must not make a message ambiguous."""
    large = b"X-Large: " + b"x" * 900 + b"\n"
    content = large * 400 + MAIL
    wide = Orders("in", strip_file_by_name="*.zip", header_size=1 << 20)
    assert judged(tmp_path, content, to_filter(wide, crlf=False))[0].outcome.verdict is Verdict.PASS


@given(st.binary(max_size=200))
def test_nothing_but_pieces_is_read_as_pieces(data: bytes) -> None:
    fd = os.memfd_create("pieces")
    try:
        os.write(fd, encode_piece(Piece("1", 3, "ü")) + b"abc" + data)
        first, *rest = _read(fd, os.fstat(fd).st_size)
        assert first.name == "ü"
        assert all(isinstance(one, Piece) for one in rest)
    finally:
        os.close(fd)


def _read(fd: int, size: int) -> list[Piece]:
    found = []
    try:
        for piece in read_pieces(fd, size):
            found.append(piece)
    except BadPieces:
        pass
    return found
