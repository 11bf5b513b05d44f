"""The quick look at a head must say what the parser says, whatever stands in the head."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.make import fixtures
from spooltool.diagnose.quick import addresses, quick_facts, recipients, value
from spooltool.spool.codec import HEAD_BYTES, parse
from spooltool.spool.compose import (
    NewMessage,
    encode_digest,
    encode_envelope,
    encode_sizes,
)
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.state import State

BODY = b"Subject: x\n\nSubject: x\n\nbody\n"
LENGTHS = (11, 11, 5)


def message(state: State | None = None, **chapter: str) -> bytes:
    """A whole file of this project's own form."""
    recipient = Recipient(
        Path("anna@example.org", "NOTIFY=NEVER"), "P", 451, "4.7.1", 2, 5, 9, "h", "t"
    )
    composed = encode_envelope(
        NewMessage(
            {
                "SRC": "192.0.2.1",
                "SPORT": "4000",
                "DST": "10.1.5.2",
                "ERR_SERVER": "10.1.5.2",
                **chapter,
            },
            1795543999.25,
            Path("billing@example.com"),
            [recipient, Path("ben@example.org")],
            state=state,
        )
    )
    sizes, digest = encode_sizes(*LENGTHS), encode_digest("0" * 64)
    head = bytearray(composed.head)
    head[composed.sizes_at : composed.sizes_at + len(sizes)] = sizes
    head[composed.digest_at : composed.digest_at + len(digest)] = digest
    return bytes(head) + BODY


STATE = State("put-off", 3, 1795544000, 1795544600, 1795543999, 0, 1, 1, 0, 0, 451, "4.7.1",
              "mx1.example.net", "slow down")  # fmt: skip


INSERTED = [
    b"\n", b"\nSTATE:\tx\n", b"\r\n", b"\nFROM:\t<x@y>\n", b"\nDST:\th\n", b"\n\n", b":", b" ",
    b"\nSIZES:\t1 2 3\n", b"\nARRIVED:\t1.5\n", b"STATE", b"<", b">", b'"', b"<a@b> ",
]  # fmt: skip


def agree(head: bytes, size: int) -> bool:
    """Check one head; whether the quick look took it."""
    quick = quick_facts(head, size)
    if quick is None:
        return False
    env = parse(head, size)
    assert env.complete
    assert quick.own == env.end
    assert quick.state == env.state
    assert quick.arrived == env.arrived
    assert quick.deliverable == (env.sender is not None and bool(env.recipients))
    assert (quick.torn, quick.edited) == (env.torn, env.grown)
    assert recipients(head, quick.own) == env.recipients
    assert addresses(head, quick.own) == tuple(one.address for one in env.recipients)
    assert quick.attempts == (env.state.attempts if env.state else None)
    assert quick.last_try == (env.state.last_try if env.state else 0)
    assert quick.next_try == (env.state.next_try if env.state else 0)
    assert quick.host == (env.state.host if env.state else "")
    for key in {line.key for line in env.lines} - {"STATE", "RCPT", "PASS"} | {"NONE"}:
        assert value(head, quick.own, key) == env.get(key)
    return True


def test_it_takes_what_this_project_writes() -> None:
    data = message(STATE)
    assert agree(data[:HEAD_BYTES], len(data))
    assert agree(message(), len(message()))
    assert agree(message(STATE, LOG_BAD=""), len(data))


def test_it_agrees_with_the_parser_on_every_fixture() -> None:
    taken = [agree(f.data[:HEAD_BYTES], len(f.data)) for f in fixtures()]
    assert any(taken)
    assert not all(taken)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_it_agrees_after_any_damage(data: st.DataObject) -> None:
    head = bytearray(message(STATE))
    end = head.index(b"\n\n") + 40
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, end))
        cut = data.draw(st.integers(0, 3))
        new = data.draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from(INSERTED),
            )
        )
        head[at : at + cut] = new
    size = data.draw(st.sampled_from([len(head), len(head) + 7, len(head) + 90, 10]))
    agree(bytes(head[:HEAD_BYTES]), max(size, 0))


def test_it_agrees_after_damage_by_the_thousand() -> None:
    dice = Random(1)
    base = message(STATE)
    end = base.index(b"\n\n") + 40
    taken = 0
    for _ in range(10_000):
        head = bytearray(base)
        for _ in range(dice.randint(1, 3)):
            at, cut = dice.randint(0, end), dice.randint(0, 2)
            head[at : at + cut] = dice.choice([*INSERTED, dice.randbytes(1), b"0", b"a"])
        size = dice.choice([len(head), len(head) + 9, 5])
        taken += agree(bytes(head[:HEAD_BYTES]), size)
    assert 500 < taken < 9_500


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["", "put-off", "refused", "edited"]),
    st.integers(0, 9999),
    st.integers(0, 999),
    st.text(max_size=90),
    st.text(max_size=50),
)
def test_it_reads_any_state_that_can_be_written(
    reason: str, attempts: int, code: int, text: str, host: str
) -> None:
    data = message(State(reason, attempts, 1, 2, 3, 4, 5, 6, 7, 8, code, "5.1.1", host, text))
    assert agree(data, len(data))
