"""Result fields and STATE: fixed width, round trip at every extreme, checksum."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.spool.codec import apply_splices, parse
from spooltool.spool.recipient import (
    FRESH_RESULT,
    LATEST,
    MARKS,
    RESULT_WIDTH,
    Path,
    Recipient,
    encode_result,
    fit,
    parse_path_value,
    parse_recipient,
)
from spooltool.spool.state import (
    STATE_WIDTH,
    State,
    encode_state,
    fresh_state,
    parse_state,
    set_aside,
    summarise,
    taken_back,
    with_started,
)
from spooltool.spool.states import REASONS
from tests.spooltool.spool.spool_files import FILES, outside

counts = st.one_of(st.integers(0, 9999), st.sampled_from([0, 1, 9999]))
times = st.one_of(st.integers(0, LATEST), st.sampled_from([0, LATEST]))
codes = st.integers(0, 999)
enhanced = st.one_of(st.just(""), st.builds("{}.{}.{}".format, st.sampled_from([2, 4, 5]),
                                            st.integers(0, 999), st.integers(0, 999)))  # fmt: skip
wild_numbers = st.one_of(st.integers(), st.sampled_from([-1, 10**10, 10**30]))
states = st.builds(
    State, st.sampled_from(["", *REASONS]), counts, times, times, times, times, counts, counts,
    counts, st.integers(0, 9), codes, enhanced, outside(100), outside(200),
)  # fmt: skip
recipients = st.builds(
    Recipient, st.just(Path("a@b")), st.sampled_from(list(MARKS)), codes, enhanced, counts, times,
    times, outside(100), outside(200),
)  # fmt: skip


def line(recipient: Recipient) -> bytes:
    return encode_result(recipient) + b" <a@b>"


@settings(max_examples=300)
@given(recipients)
def test_results_read_back(recipient: Recipient) -> None:
    raw = encode_result(recipient)
    assert len(raw) == RESULT_WIDTH and raw.isascii() and raw.decode().isprintable()
    back = parse_recipient(line(recipient), 7)
    assert back is not None and back.fixed and back.offset == 7
    assert back == dataclasses.replace(
        recipient, offset=7, fixed=True, host=back.host, text=back.text
    )
    assert encode_result(back) == raw
    if recipient.text.isascii() and recipient.text.isprintable() and "%" not in recipient.text:
        assert back.text == recipient.text[:80].rstrip(" ")


@settings(max_examples=300)
@given(states)
def test_state_reads_back(state: State) -> None:
    raw = encode_state(state)
    assert len(raw) == STATE_WIDTH
    back, fixed = parse_state(raw)
    assert back is not None and fixed
    assert back == dataclasses.replace(state, host=back.host, text=back.text)
    assert encode_state(back) == raw


@given(states, st.integers(-1, 12))
def test_a_begun_attempt_changes_one_digit_and_the_checksum(state: State, started: int) -> None:
    raw = with_started(encode_state(state), started)
    assert raw == encode_state(dataclasses.replace(parse_state(raw)[0], started=started))  # type: ignore[type-var]
    was = encode_state(state)[:-8]
    assert sum(a != b for a, b in zip(was, raw[:-8], strict=True)) <= 1


@given(wild_numbers, wild_numbers, outside())
def test_numbers_out_of_range_keep_the_width(number: int, other: int, text: str) -> None:
    recipient = Recipient(Path("a@b"), "P", number, text, other, number, other)
    assert len(encode_result(recipient)) == RESULT_WIDTH
    back = parse_recipient(line(recipient), 0)
    assert back is not None and back.fixed
    raw = encode_state(State("", number, other, number, other, number, other, number, other,
                             number, other, text))  # fmt: skip
    state, fixed = parse_state(raw)
    assert len(raw) == STATE_WIDTH and fixed and state is not None


@pytest.mark.parametrize("reason", ["Refused", "re fused", "longer-than-eleven", "x\n", "é"])
def test_a_reason_that_is_no_code_is_a_bug(reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        encode_state(State(reason))


@pytest.mark.parametrize("mark", ["", "Q", "PP", "\n"])
def test_a_mark_that_is_none_is_a_bug(mark: str) -> None:
    with pytest.raises(ValueError, match="mark"):
        encode_result(Recipient(Path("a@b"), mark))


@pytest.mark.parametrize(
    "state",
    [State(), State("put-off", 25, 1795545751, 1795546331, 1795531451, 0, 3, 2, 1, 0, 451, "4.7.1",
                    "mx1.example.net", "slow down 100%")],
)  # fmt: skip
def test_every_flipped_byte_of_state_is_found(state: State) -> None:
    raw = encode_state(state)
    for at in range(STATE_WIDTH):
        for flip in range(1, 256):
            bad = raw[:at] + bytes((raw[at] ^ flip,)) + raw[at + 1 :]
            assert parse_state(bad) == (None, True), (at, flip)


def test_state_of_another_length_is_not_written_in_place() -> None:
    raw = encode_state(State("refused", 3))
    assert parse_state(raw + b" ") == (None, False)
    assert parse_state(b" ".join(raw.split())) == (None, False)


def test_a_fresh_line_is_what_encoding_gives() -> None:
    assert encode_result(Recipient(Path("a@b"))) == FRESH_RESULT
    assert parse_recipient(FRESH_RESULT + b" <a@b>", 3) == Recipient(
        Path("a@b"), offset=3, fixed=True
    )


@pytest.mark.parametrize(
    ("damage", "mark"),
    [
        (lambda raw: raw.replace(b"5.1.1    ", b"5.1.1"), "F"),
        (lambda raw: raw.replace(b"5.1.1    ", b"5.1.1        "), "F"),
        (lambda raw: b" ".join(raw.split()), "F"),
        (lambda raw: raw[:100] + b" " + raw[100:], "F"),
        (lambda raw: FRESH_RESULT + b"<a@b>", "P"),
        (lambda raw: b"<a@b>", "P"),
        (lambda raw: b"D <a@b>", "D"),
        (lambda raw: b"Q" + raw[1:], "P"),
    ],
)
def test_results_of_another_width_are_never_written_in_place(damage: object, mark: str) -> None:
    assert callable(damage)
    raw = damage(line(Recipient(Path("a@b"), "F", 550, "5.1.1", 1, 2, 0, "h", "no such user")))
    back = parse_recipient(raw, 0)
    assert back is not None
    assert (back.address, back.mark, back.fixed) == ("a@b", mark, False)


def test_results_written_over_a_fixture_touch_nothing_else() -> None:
    data = FILES["gw/D_resend/R001njk6h"]
    env = parse(data)
    assert len(env.recipients) == 600 and all(r.fixed for r in env.recipients)
    for recipient in env.recipients:
        at = recipient.offset
        assert data[at : at + RESULT_WIDTH] == encode_result(recipient)
    told = env.recipients[417]
    new = encode_result(dataclasses.replace(told, mark="D", code=250, text="queued"))
    changed = data[: told.offset] + new + data[told.offset + RESULT_WIDTH :]
    again = parse(changed)
    assert len(changed) == len(data) and again.end == env.end
    assert [r for r in again.recipients if r not in env.recipients] == [
        dataclasses.replace(told, mark="D", code=250, text="queued")
    ]
    assert apply_splices(changed, ()) == changed


def test_a_reply_that_holds_an_address_is_not_taken_for_the_recipient() -> None:
    told = Recipient(Path("a@b", "X", "o@c"), "N", 550, "5.1.1", text="<x@y>: unknown <z>")
    raw = encode_result(told) + b" <a@b> X ORIG=<o@c>"
    assert parse_recipient(raw, 0) == dataclasses.replace(told, offset=0, fixed=True)
    back = parse_recipient(b" ".join(raw.split()), 0)
    assert back == Recipient(told.path, "N", offset=0)


@given(outside(120), st.integers(1, 80))
def test_fit_has_its_width_and_cuts_between_characters(text: str, width: int) -> None:
    raw = fit(text, width)
    assert len(raw) == width and raw.decode().isprintable()
    back = parse_state(encode_state(State(text=text)))[0]
    assert back is not None and text.startswith(back.text.rstrip(" "))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("<>", Path("")),
        ("<a@b> BODY=8BITMIME", Path("a@b", "BODY=8BITMIME")),
        ('<"a>b"@c> X', Path('"a>b"@c', "X")),
        ("<a@b> X=1 ORIG=<old@c>", Path("a@b", "X=1", "old@c")),
        ("<a@b> ORIG=<%C3%28@c>", Path("a@b", "", b"\xc3(@c".decode("utf-8", "surrogateescape"))),
        ("a@b", None),
        ("<a@b", None),
        ("<a@b>X", None),
        ("", None),
    ],
)
def test_path_values(value: str, path: Path | None) -> None:
    assert parse_path_value(value) == path


def test_parameters_are_found_by_name_in_any_case() -> None:
    path = Path("a@b", "body=8BITMIME SMTPUTF8 RET=HDRS")
    assert path.param("BODY") == "8BITMIME"
    assert path.param("SMTPUTF8") == ""
    assert path.param("ENVID") is None


def test_state_sums_up_its_recipients() -> None:
    rcpts = [
        Recipient(Path("a"), "P", next_try=500), Recipient(Path("b"), "U", next_try=300),
        Recipient(Path("c"), "D"), Recipient(Path("d"), "F"), Recipient(Path("e"), "X"),
    ]  # fmt: skip
    state = summarise(State(next_try=7, term=5), rcpts)
    assert (state.pending, state.delivered, state.failed, state.next_try) == (2, 1, 2, 300)
    assert summarise(State(next_try=7), rcpts[2:]).next_try == 7


def test_a_recipient_never_tried_is_due_since_the_term_began() -> None:
    rcpts = [Recipient(Path("a"), "P", next_try=500), Recipient(Path("b"), "P")]
    assert summarise(State(next_try=400, term=100), rcpts).next_try == 100
    assert summarise(fresh_state(100, 2), rcpts[1:]).next_try == 100


def test_time_aside_does_not_count() -> None:
    state = fresh_state(1000, 1)
    back = taken_back(set_aside(state, 1500.5), 4000.0)
    assert (back.term, back.held) == (1000 + 2500, 0)
    assert taken_back(state, 4000.0) == state
    assert taken_back(set_aside(state, 1500), 1400).term == 1000
