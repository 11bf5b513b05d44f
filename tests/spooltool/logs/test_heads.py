"""Id and event of a line, as the whole reading finds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.logs import format_line, line_head, parse_line

_WORD = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
_ID = st.from_regex(r"[0-9A-Za-z]{0,17}", fullmatch=True)
_TIME = st.floats(0, 4e9)


@given(_TIME, _ID, _WORD, st.text(st.characters(codec="utf-8"), max_size=20))
def test_as_the_whole_reading(time: float, id: str, event: str, text: str) -> None:
    line = format_line(7, "gw1", time, id, event, {"reply": text} if text else None).encode()
    read = parse_line(line)
    assert line_head(line) == line_head(line + b"\r\n") == (read.id, read.event) == (id, event)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[195@firewall] max concurrent sent mails limit reached - spool scanning stops",
        b"24Nov2026 18:44:05 accept gw1 id: 001njqb0;",
        b"[7@gw1] 2026-11-24T18:44:11.000Z 001njqb0",
        b"x [7@gw1] 2026-11-24T18:44:11.000Z 001njqb0 stored",
        b"[7@gw1] 2026-11-24T18:44:11.000Z 001njqb0 Stored",
        b"[7@gw1] 2026-11-24T18:44:11.000Z 001njqb0 stored\x00",
    ],
)
def test_a_line_without_them(line: bytes) -> None:
    assert line_head(line) is None
