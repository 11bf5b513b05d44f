"""Files inside of text: names and first bytes, however the text is cut."""

from __future__ import annotations

import pytest

from relay.message.mime import Embedded
from relay.message.mime.defects import Defect
from relay.message.mime.embedded import EmbeddedFiles
from tests.relay.message.mime.hidden_mail import codings

BODIES = {name: body for name, (_, body) in codings()}


def found(text: bytes, step: int = 1 << 16) -> tuple[list[Embedded], set[Defect]]:
    files = EmbeddedFiles()
    for at in range(0, len(text), step):
        files.feed(text[at : at + step])
    files.end()
    return files.found, files.defects


@pytest.mark.parametrize("step", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("name", "coding"),
    [
        ("uuencode", "uuencode"),
        ("uuencode, after words", "uuencode"),
        ("uuencode, mode 0", "uuencode"),
        ("uuencode, no mode", "uuencode"),
        ("uuencode -m", "base64"),
        ("yEnc", "yenc"),
        ("BinHex", "binhex"),
    ],
)
def test_each_coding(name: str, coding: str, step: int) -> None:
    files, defects = found(BODIES[name], step)
    assert [(one.coding, one.names[0]) for one in files] == [(coding, "report")]
    assert "application/x-msdownload" in files[0].types
    assert defects == {Defect.EMBEDDED}


@pytest.mark.parametrize(
    "text", [b"we begin 644 a\n", b"beginning\n", b"begin\n", b"x=ybegin name=a"]
)
def test_words_are_no_files(text: bytes) -> None:
    assert found(text) == ([], set())


def test_a_name_without_data_is_a_name() -> None:
    files, defects = found(b"begin  the meeting at ten\n")
    assert [one.names[0] for one in files] == ["the meeting at ten"]
    assert defects == set()


def test_two_files_one_after_the_other() -> None:
    files, _ = found(BODIES["uuencode"] + BODIES["yEnc"], 100)
    assert [one.coding for one in files] == ["uuencode", "yenc"]


def test_a_file_with_crlf() -> None:
    files, defects = found(BODIES["uuencode"].replace(b"\n", b"\r\n"))
    assert "application/x-msdownload" in files[0].types and defects == {Defect.EMBEDDED}
