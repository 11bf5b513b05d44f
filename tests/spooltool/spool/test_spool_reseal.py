"""A new seal: what stands there is divided as a reader would, or not sealed at all."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from spooltool.spool.codec import apply_splices, parse
from spooltool.spool.compose import NewMessage, encode_digest, encode_envelope, encode_sizes
from spooltool.spool.envelope_change import rewritten
from spooltool.spool.names import SpoolName
from spooltool.spool.parts import parts_by_sizes
from spooltool.spool.plan import Apart, Change
from spooltool.spool.recipient import Path, Recipient
from spooltool.spool.reseal import Seal, accept, difference, divided, resealed
from spooltool.spool.state import State
from spooltool.spool.verbs import Seen, undo
from tests.spooltool.spool.spool_files import FILES

NOW = 1_795_545_851
ORIGINAL, MODIFIED, BODY = b"Subject: a\n", b"Received: x\nSubject: a\n", b"hi\n"


def made(state: State | None = None, content: bytes | None = None) -> bytes:
    """A sealed file; `content` stands in place of what was sealed."""
    chapter = {"SRC": "192.0.2.7", "SPORT": "1", "DST": "10.1.5.2", "ERR_SERVER": "10.1.5.2"}
    message = NewMessage(chapter, 1.5, Path("a@b"), [Path("c@d")], state=state)
    composed = encode_envelope(message)
    head = bytearray(composed.head)
    sealed = ORIGINAL + b"\n" + MODIFIED + b"\n" + BODY
    digest = encode_digest(hashlib.sha256(sealed).hexdigest())
    for at, raw in (
        (composed.sizes_at, encode_sizes(len(ORIGINAL), len(MODIFIED), len(BODY))),
        (composed.digest_at, digest),
    ):
        head[at : at + len(raw)] = raw
    return bytes(head) + (sealed if content is None else content)


def seal(data: bytes) -> Seal | str:
    env = parse(data)
    lengths = divided(env, data[env.end :])
    if isinstance(lengths, str):
        return lengths
    return Seal(lengths, hashlib.sha256(data[env.end :]).hexdigest())


def seen(data: bytes, file: str = "D_resend/R001njchs") -> Seen:
    directory, _, base = file.rpartition("/")
    return Seen(SpoolName(directory, base[0], base[1:]), 7, len(data), parse(data))


def accepted(data: bytes) -> bytes:
    change = accept(seen(data), seal(data))
    assert isinstance(change, Change), change
    return apply_splices(data, rewritten(parse(data), change, NOW, restoring=False))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ORIGINAL + b"\n" + MODIFIED + b"\nHI\n", "the same lengths, other bytes"),
        (ORIGINAL + b"\n" + MODIFIED + b"\nhi\nmore\n", "body 3 -> 8 bytes"),
        (ORIGINAL + b"\n" + MODIFIED + b"X: y\n\nhi\n", "modified headers 23 -> 28 bytes"),
        (b"S: b\n\n" + MODIFIED + b"X: longer\n\nhi\n",
         "original headers 11 -> 5 bytes, modified headers 23 -> 33 bytes"),
        # what one header set lost, the body got: the sum fits, the parts do not
        (ORIGINAL + b"\n" + MODIFIED[12:] + b"\nhi\n" + b"x" * 12,
         "modified headers 23 -> 11 bytes, body 3 -> 15 bytes"),
    ],
)  # fmt: skip
def test_the_seal_fits_what_stands_there(content: bytes, said: str) -> None:
    data = made(content=content)
    found = seal(data)
    assert isinstance(found, Seal)
    assert difference(parse(data), found) == said
    new = accepted(data)
    env = parse(new)
    assert new[env.end :] == content
    parts = parts_by_sizes(env)
    assert parts is not None
    original, modified, body = (
        new[at : at + length] for at, length in (parts.original, parts.modified, parts.body)
    )
    assert original + b"\n" + modified + b"\n" + body == content
    assert modified.startswith((b"Received", b"Subject")) and body.lower().startswith(b"hi\n")
    assert env.get("DIGEST") == f"sha256:{hashlib.sha256(content).hexdigest()}"
    others = [(ln.key, ln.raw) for ln in parse(data).lines if ln.key not in (
        "SIZES", "DIGEST", "STATE")]  # fmt: skip
    assert [(ln.key, ln.raw) for ln in env.lines if ln.key not in (
        "SIZES", "DIGEST", "STATE")] == others  # fmt: skip
    assert accept(seen(new), seal(new)) is None


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (ORIGINAL + MODIFIED + b"\nhi there, this is longer\n", "cannot be told apart"),
        (ORIGINAL + b"\n" + MODIFIED + b"hi: there, this is longer\n", "no empty line ends"),
    ],
)
def test_what_cannot_be_divided_is_not_sealed(content: bytes, word: str) -> None:
    data = made(content=content)
    apart = accept(seen(data), seal(data))
    assert isinstance(apart, Apart) and word in apart.reason


def test_a_torn_file_is_left_alone_with_what_helps() -> None:
    data = made()[:-2]
    apart = accept(seen(data), "")
    assert isinstance(apart, Apart)
    assert apart.reason.startswith(f"torn, {len(data):,} of {len(data) + 2:,} bytes")
    assert "`show R001njchs --eml -o COPY`" in apart.reason and "`bounce`" in apart.reason


def test_right_seals_foreign_and_partial_files_are_no_change() -> None:
    assert accept(seen(made()), seal(made())) is None
    foreign = FILES["gw/D_resend/Rsupplied"]
    assert accept(seen(foreign), "") is None
    partial = accept(seen(made(), "D_state/T001njchs"), "")
    assert isinstance(partial, Apart) and partial.reason == "being received"
    crlf = FILES["gw/D_resend/Rcrlfsealed"]
    apart = accept(seen(crlf), seal(crlf))
    assert isinstance(apart, Apart) and "dos2unix" in apart.reason


def test_a_seal_that_fits_again_wants_a_kick() -> None:
    data = made(State(reason="edited", term=5))
    apart = accept(seen(data), seal(data))
    assert isinstance(apart, Apart) and "`kick R001njchs`" in apart.reason


def test_a_missing_half_of_the_seal_is_put_in_its_place() -> None:
    data = b"".join(x for x in made().splitlines(True) if not x.startswith(b"DIGEST"))
    new = accepted(data)
    assert [line.key for line in parse(new).lines][-2:] == ["SIZES", "DIGEST"]
    assert accept(seen(new), seal(new)) is None


def test_state_is_due_now_and_tells_the_failure_of_before() -> None:
    edited = State(reason="edited", attempts=3, next_try=NOW + 500, term=5, text="the content")
    fresh = resealed(edited, [Recipient(Path("a@b"))], NOW)
    assert (fresh.reason, fresh.text, fresh.next_try, fresh.attempts) == ("", "", NOW, 3)
    tried = Recipient(Path("a@b"), "P", 451, "4.7.1", 2, 9, 9, "10.1.5.2:25", "later")
    later = replace(tried, last_try=20, code=0, text="connect: refused")
    gone = replace(tried, mark="D", last_try=99)
    put_off = resealed(edited, [tried, gone], NOW)
    assert (put_off.reason, put_off.code, put_off.text) == ("put-off", 451, "later")
    assert resealed(edited, [tried, later], NOW).reason == "unknown"
    other = State(reason="refused", next_try=NOW + 500, text="x")
    assert resealed(other, [tried], NOW) == replace(other, next_try=NOW)


def test_undo_gives_the_old_seal_back_and_leaves_state() -> None:
    data = made(State(reason="edited", term=5), ORIGINAL + b"\n" + MODIFIED + b"\nhi\nmore\n")
    change = accept(seen(data), seal(data))
    assert isinstance(change, Change)
    new = accepted(data)
    assert parse(new).state == State(next_try=NOW, term=5)
    back = undo(seen(new), change)
    assert isinstance(back, Change)
    again = apply_splices(new, rewritten(parse(new), back, NOW + 1, restoring=True))
    assert parse(again).state == State(next_try=NOW, term=5)
    keys = ("SIZES", "DIGEST")
    assert [parse(again).get(key) for key in keys] == [parse(data).get(key) for key in keys]
