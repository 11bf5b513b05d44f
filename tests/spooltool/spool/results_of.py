"""Envelopes with any results, for the tests of what commands make of them."""

from __future__ import annotations

from hypothesis import strategies as st

from spooltool.spool.codec import Envelope, parse
from spooltool.spool.compose import NewMessage, encode_envelope
from spooltool.spool.recipient import MARKS, Path, Recipient
from spooltool.spool.state import State, summarise
from spooltool.spool.states import REASONS

CHAPTER = {"SRC": "192.0.2.1", "SPORT": "9", "DST": "10.1.5.2", "ERR_SERVER": "10.1.5.3"}
NOW = 1795631622.0

marks = st.sampled_from(list(MARKS))


@st.composite
def recipients(draw: st.DrawFn, of: st.SearchStrategy[str] = marks) -> list[Recipient]:
    """One to six recipients with results as attempts leave them."""
    return [
        Recipient(
            Path(f"r{number}@example.org"),
            mark=mark,
            code=draw(st.sampled_from([0, 250, 451, 550])),
            attempts=draw(st.integers(0, 40)),
            last_try=draw(st.integers(0, int(NOW))),
            next_try=draw(st.integers(0, int(NOW) * 2)) if mark in "PU" else 0,
            host="10.1.5.2:25",
            text=draw(st.sampled_from(["", "slow down", "no such user", "given up by hand"])),
        )
        for number, mark in enumerate(draw(st.lists(of, min_size=1, max_size=6)))
    ]


states = st.builds(
    State,
    reason=st.sampled_from(["", *REASONS]),
    attempts=st.integers(0, 99),
    last_try=st.integers(0, int(NOW)),
    next_try=st.integers(0, int(NOW) * 2),
    term=st.integers(1, int(NOW)),
    held=st.sampled_from([0, 0, int(NOW) - 50]),
    text=st.sampled_from(["", "slow down"]),
)


def envelope(
    found: list[Recipient],
    state: State | None = None,
    sender: str = "jo@example.com",
    notice_of: str = "",
    **chapter: str,
) -> Envelope:
    """An envelope as the relay writes it; STATE sums the recipients up."""
    state = summarise(state or State(term=int(NOW) - 500, next_try=int(NOW)), found)
    message = NewMessage(
        {**CHAPTER, **chapter}, 1.5, Path(sender), found, state=state, notice_of=notice_of
    )
    return parse(encode_envelope(message).head)


def one(mark: str = "P", params: str = "", **results: object) -> Recipient:
    """One recipient of mark `mark`."""
    return Recipient(Path("anna@example.org", params), mark=mark, **results)  # type: ignore[arg-type]
