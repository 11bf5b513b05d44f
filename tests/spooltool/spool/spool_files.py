"""Spool files for tests: arbitrary bytes that look enough like one to reach every branch."""

from __future__ import annotations

from hypothesis import strategies as st

from fixtures.make import fixtures
from spooltool.spool.fields import FIELDS
from spooltool.spool.recipient import FRESH_RESULT
from spooltool.spool.state import State, encode_state

FILES: dict[str, bytes] = {
    fixture.path: fixture.data for fixture in fixtures() if not fixture.path.endswith(".keep")
}

SMALL: dict[str, bytes] = {path: data for path, data in FILES.items() if len(data) < 6000}

KEYS = [field.key for field in FIELDS]

_values = st.one_of(
    st.sampled_from(
        [
            b"", b"0", b"25", b"10.1.5.2", b"{ a, b:2525 }", b"none", b"MDQ_LOG", b"<>", b"1 2 3",
            b"<a@b> X=1", b"5 6 7", b"9" * 5000, FRESH_RESULT + b" <a@b>", b"P <a@b>", b"\r",
            encode_state(State()), encode_state(State("refused", 3, 1, 2))[:-1] + b"x",
            b"sha256:00", b"1795543999.5", b"a \t b", b"\xff\xfe", b"a:b:c",
        ]
    ),
    st.binary(max_size=30),
)  # fmt: skip

_keys = st.one_of(
    st.sampled_from([key.encode() for key in KEYS]),
    st.sampled_from([b"", b" ", b"X", b"dst", b"DST ", b" DST", b"\xff"]),
    st.binary(max_size=5),
)

_lines = st.one_of(
    st.builds(
        lambda key, colon, value, end: key + colon + value + end,
        _keys,
        st.sampled_from([b":\t", b":", b": \t ", b" :", b":   ", b""]),
        _values,
        st.sampled_from([b"", b"", b"", b" ", b"\t", b"\r"]),
    ),
    st.binary(max_size=20),
    st.just(b""),
)


@st.composite
def hostile_files(draw: st.DrawFn) -> bytes:
    """Bytes of a file: lines of known and unknown keys, junk, any line ends, any end."""
    eol = draw(st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]))
    text = eol.join(draw(st.lists(_lines, max_size=12)))
    return text + draw(st.sampled_from([b"", eol, eol + eol, eol + eol + b"a: b" + eol + b"x"]))


anything = st.one_of(
    hostile_files(), st.binary(max_size=400), st.sampled_from(list(SMALL.values()))
)


def outside(max_size: int = 60) -> st.SearchStrategy[str]:
    """Text as it comes from outside: any bytes, decoded as all of the project decodes them."""
    raw = st.one_of(st.binary(max_size=max_size), st.text(max_size=max_size // 2).map(_encoded))
    return raw.map(lambda data: data.decode("utf-8", "surrogateescape"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "ignore")
