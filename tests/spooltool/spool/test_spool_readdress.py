"""Other recipients, another sender: what changes and what stays; nothing forges a line (R7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fixtures.build import CHAPTER_17
from spooltool.spool import verbs
from spooltool.spool.assignments import read_asked
from spooltool.spool.codec import Envelope, apply_splices, parse
from spooltool.spool.compose import NewMessage, encode_envelope
from spooltool.spool.envelope_change import EnvelopeWish, rewritten, set_envelope
from spooltool.spool.mailbox import BadPath
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import Apart, Change, RecipientChange
from spooltool.spool.readdress import compare, encode_orcpt, read_address, split_pair
from spooltool.spool.recipient import RESULT_WIDTH, Path, Recipient
from spooltool.spool.state import State
from tests.spooltool.spool.spool_files import FILES, anything, outside

NOW = 1_795_545_851
OLD, NEW = "anna@example.org", "zoe@example.net"
CHAPTER = {"SRC": "192.168.230.24", "SPORT": "3446", "DST": "10.1.5.2", "ERR_SERVER": "10.1.5.2"}


def seen(data: bytes, file: str = "D_resend/R001njchs") -> verbs.Seen:
    directory, _, base = file.rpartition("/")
    return verbs.Seen(SpoolName(directory, base[0], base[1:]), 7, len(data), parse(data))


def made(*recipients: Recipient | Path, sender: Path | None = None) -> bytes:
    state = State("refused", 3, NOW - 100, NOW + 500, NOW - 9000, pending=len(recipients))
    message = NewMessage(
        CHAPTER, NOW - 9000.5, sender or Path("jo@example.com", "RET=HDRS ENVID=x"), recipients,
        state=state,
    )  # fmt: skip
    return encode_envelope(message).head + b"Subject: a\n\nSubject: a\n\nhi\n"


def tried(address: str = OLD, mark: str = "P", params: str = "", orig: str = "") -> Recipient:
    path = Path(address, params, orig)
    return Recipient(path, mark, 451, "4.7.1", 3, NOW - 100, NOW + 500, "10.1.5.2:25", "later")


def wish(*pairs: tuple[str, str], **more: object) -> EnvelopeWish:
    return replace(EnvelopeWish(replaced=pairs), **more)  # type: ignore[arg-type]


def changed(data: bytes, asked: EnvelopeWish) -> Change:
    change = set_envelope(seen(data), asked)
    assert isinstance(change, Change), change
    return change


def after(data: bytes, asked: EnvelopeWish) -> bytes:
    return apply_splices(data, rewritten(parse(data), changed(data, asked), NOW, restoring=False))


def undone(data: bytes, change: Change) -> bytes:
    back = verbs.undo(seen(data), change)
    assert isinstance(back, Change), back
    return apply_splices(data, rewritten(parse(data), back, NOW, restoring=True))


def recipients(data: bytes) -> list[tuple[str, str, int, int, str]]:
    return [(r.address, r.mark, r.attempts, r.next_try, str(r.path.params))
            for r in parse(data).recipients]  # fmt: skip


# one recipient in the place of another


def test_a_waiting_recipient_is_replaced_in_its_line_and_due_now() -> None:
    data = made(tried(params="NOTIFY=FAILURE"), tried("ben@example.org"))
    new = after(data, wish((OLD, NEW)))
    assert recipients(new) == [
        (NEW, "P", 0, NOW, f"NOTIFY=FAILURE ORCPT=rfc822;{OLD}"),
        ("ben@example.org", "P", 3, NOW + 500, ""),
    ]
    before, env = parse(data), parse(new)
    assert env.recipients[0].path.orig == OLD
    assert env.recipients[0].fixed and env.recipients[0].text == ""
    assert env.state is not None and before.state is not None
    assert env.state == replace(before.state, next_try=NOW)
    assert env.defects == before.defects
    others = [(line.key, line.raw) for line in before.lines if line.key not in ("STATE", "RCPT")]
    assert [(ln.key, ln.raw) for ln in env.lines if ln.key not in ("STATE", "RCPT")] == others
    assert env.all("RCPT")[1].raw == before.all("RCPT")[1].raw
    assert new[env.end :] == data[before.end :]


def test_what_the_sender_wrote_goes_on_being_named() -> None:
    data = made(tried(params="ORCPT=rfc822;list+40x.example", orig="list@x.example"))
    (line,) = changed(data, wish((OLD, NEW))).recipients
    assert line.new == f"<{NEW}> ORCPT=rfc822;list+40x.example ORIG=<list@x.example>"
    data = made(tried(orig="list@x.example"))
    (line,) = changed(data, wish((OLD, NEW))).recipients
    assert line.new == f"<{NEW}> ORCPT=rfc822;list@x.example ORIG=<list@x.example>"


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("a+b=c@x.org", "rfc822;a+2Bb+3Dc@x.org"),
        ('"a b"@x.org', 'rfc822;"a+20b"@x.org'),
        ("jörg@müller.example", "utf-8;jörg@müller.example"),
        ("a\udcff@x.org", ""),
        ("a" * 500 + "@x", ""),
        ("", ""),
    ],
)
def test_orcpt(address: str, value: str) -> None:
    assert encode_orcpt(address) == value


def test_a_delivered_recipient_is_not_replaced() -> None:
    data = made(tried(mark="D"), tried("ben@example.org"))
    apart = set_envelope(seen(data), wish((OLD, NEW)))
    assert isinstance(apart, Apart)
    assert apart.reason == f"{OLD} has been delivered to 10.1.5.2:25: leave it out"
    assert isinstance(set_envelope(seen(data), wish((OLD, NEW), ("ben@example.org", "x@y"))), Apart)


@pytest.mark.parametrize("mark", ["N", "X", "F"])
def test_one_that_failed_keeps_its_line_and_the_new_one_gets_its_own(mark: str) -> None:
    data = made(tried(mark=mark), tried("ben@example.org"))
    new = after(data, wish((OLD, NEW)))
    assert [(r[0], r[1]) for r in recipients(new)] == [
        (OLD, mark), ("ben@example.org", "P"), (NEW, "P"),
    ]  # fmt: skip
    state = parse(new).state
    assert state is not None and (state.pending, state.failed, state.next_try) == (2, 1, NOW)
    assert set_envelope(seen(new), wish((OLD, NEW))) is None
    back = undone(new, changed(data, wish((OLD, NEW))))
    assert recipients(back) == recipients(data)


def test_who_is_no_recipient_or_is_one_already() -> None:
    data = made(tried(), tried("ben@example.org"))
    cases: list[tuple[EnvelopeWish, str]] = [
        (wish(("x@y.example", NEW)), "x@y.example is no recipient of it"),
        (wish((OLD, "BEN@example.org")),
         f"BEN@example.org is a recipient of it already, and {OLD} still waits"),
        (EnvelopeWish(added=(NEW,)), "it has recipients already: `--rcpt OLD=NEW` puts another "
         "in the place of one"),
    ]  # fmt: skip
    for asked, reason in cases:
        apart = set_envelope(seen(data), asked)
        assert isinstance(apart, Apart) and apart.reason == reason
    assert set_envelope(seen(data), wish(("x@y.example", OLD))) is None
    assert set_envelope(seen(data), EnvelopeWish(added=(OLD,))) is None


def test_an_old_address_is_found_as_written_first_then_in_any_case() -> None:
    data = made(tried("Anna@Example.org"), tried("anna@example.org"))
    assert [r[0] for r in recipients(after(data, wish((OLD, NEW))))] == ["Anna@Example.org", NEW]
    data = made(tried("Anna@Example.org"))
    assert [r[0] for r in recipients(after(data, wish((OLD, NEW))))] == [NEW]


def test_an_address_that_is_the_new_one_already_keeps_its_results() -> None:
    data = made(tried(params="ORCPT=rfc822;x@y"), tried("ben@example.org"))
    assert set_envelope(seen(data), wish((OLD.upper(), OLD))) is None


def test_two_recipients_change_places() -> None:
    data = made(tried(), tried("ben@example.org"))
    new = after(data, wish((OLD, "ben@example.org"), ("ben@example.org", OLD)))
    assert [r[0] for r in recipients(new)] == ["ben@example.org", OLD]


def test_e_and_t_files_keep_their_recipients() -> None:
    for file, word in (("D_resend/E001njchs", "requeue"), ("D_state/T001njchs", "received")):
        apart = set_envelope(seen(made(tried()), file), wish((OLD, NEW)))
        assert isinstance(apart, Apart) and word in apart.reason


# the sender


def test_the_sender_changes_and_its_parameters_stay() -> None:
    data = made(tried(), sender=Path("jo@example.com", "RET=HDRS ENVID=x", "was@example.com"))
    for sender in (NEW, ""):
        new = after(data, EnvelopeWish(sender=sender))
        assert parse(new).get("FROM") == f"<{sender}> RET=HDRS ENVID=x"
        assert new.replace(parse(new).line("FROM").raw, b"") == data.replace(  # type: ignore[union-attr]
            parse(data).line("FROM").raw,
            b"",  # type: ignore[union-attr]
        )
        assert undone(new, changed(data, EnvelopeWish(sender=sender))) == data
    assert set_envelope(seen(data), EnvelopeWish(sender="jo@example.com")) is None


def test_a_notice_keeps_somebody_to_go_to() -> None:
    data = made(tried(mark="F"))
    apart = set_envelope(seen(data, "D_resend/E001njchs"), EnvelopeWish(sender=""))
    assert isinstance(apart, Apart) and "notice is owed" in apart.reason
    assert isinstance(
        set_envelope(seen(data, "D_resend/E001njchs"), EnvelopeWish(sender=NEW)), Change
    )


def test_a_resource_keeps_the_digest_of_its_name() -> None:
    data = made(tried()).replace(b"RESOURCE:\tnone\n", b"RESOURCE:\tsmtp_in 00ff\n")
    assert set_envelope(seen(data), EnvelopeWish(resource="smtp_in")) is None
    assert parse(after(data, EnvelopeWish(resource="other"))).get("RESOURCE") == "other"
    assert parse(after(data, EnvelopeWish(resource="none"))).get("RESOURCE") == "none"


# files without an envelope


def test_the_chapters_file_gets_an_envelope_and_is_closed_and_gives_it_back() -> None:
    asked = EnvelopeWish(sender=NEW, added=("eva@example.org", "ben@example.org"))
    new = after(CHAPTER_17, asked)
    assert new.startswith(CHAPTER_17 + b"FROM:\t<" + NEW.encode() + b">\nRCPT:\t")
    env = parse(new)
    assert [r.address for r in env.recipients] == ["eva@example.org", "ben@example.org"]
    assert all(r.fixed and r.pending and r.attempts == 0 for r in env.recipients)
    assert env.end == env.size == len(new)
    assert not {"no-envelope", "key-order"} & {defect.code for defect in env.defects}
    assert set_envelope(seen(new), asked) is None
    change = changed(CHAPTER_17, asked)
    assert undone(new, change) == CHAPTER_17
    half = after(CHAPTER_17, EnvelopeWish(sender=NEW))
    assert parse(half).end == -1, "closed once it has both"
    assert parse(after(half, EnvelopeWish(added=(OLD,)))).end > 0


def test_a_cut_line_at_the_end_does_not_swallow_what_is_added() -> None:
    new = after(CHAPTER_17[:-1], EnvelopeWish(sender=NEW, added=(OLD,)))
    assert new == after(CHAPTER_17, EnvelopeWish(sender=NEW, added=(OLD,)))


def test_a_key_alone_closes_nothing() -> None:
    data = after(CHAPTER_17, EnvelopeWish(sender=NEW, added=(OLD,)))[:-1]
    assert parse(data).end == -1
    assert changed(data, EnvelopeWish({"DST": "10.1.5.9"})).closing == 0


def test_typed_recipients_get_fixed_width_results() -> None:
    data = FILES["gw/D_resend/Rsupplied"]
    new = after(data, wish(("eva@example.org", NEW)))
    (one,) = parse(new).recipients
    assert one.fixed and one.address == NEW
    assert len(new) - len(data) == RESULT_WIDTH + 1 + len(str(one.path)) + len(
        f" {one.path.params} ORIG=<eva@example.org>"
    ) - len("<eva@example.org>")


# taking back


def test_undo_gives_the_address_back_and_leaves_results() -> None:
    data = made(tried(), tried("ben@example.org"))
    change = changed(data, wish((OLD, NEW)))
    new = after(data, wish((OLD, NEW)))
    again = undone(new, change)
    assert [r[:2] for r in recipients(again)] == [(OLD, "P"), ("ben@example.org", "P")]
    assert recipients(again)[0][2] == 0, "results are not touched"
    tried_since = new.replace(b"P 000 0.0.0     0000", b"P 451 4.7.1     0001")
    assert recipients(undone(tried_since, change))[0][:3] == (OLD, "P", 1)
    redo = verbs.undo(seen(again), verbs.undo(seen(new), change))  # type: ignore[arg-type]
    assert isinstance(redo, Change)
    assert [r.address for r in parse(
        apply_splices(again, rewritten(parse(again), redo, NOW, restoring=True))
    ).recipients] == [NEW, "ben@example.org"]  # fmt: skip
    assert verbs.undo(seen(again), change) is None


@pytest.mark.parametrize(
    ("mark", "word"), [("D", "has been delivered"), ("N", "has failed for good")]
)
def test_what_has_ended_is_not_taken_back(mark: str, word: str) -> None:
    data = made(tried(), tried("ben@example.org"))
    pairs = wish((OLD, NEW), ("ben@example.org", "x@y.example"))
    change, new = changed(data, pairs), after(data, pairs)
    ended = new.replace(b"P 000 ", mark.encode() + b" 000 ", 1)
    back = undone(ended, change)
    assert [r[0] for r in recipients(back)] == [NEW, "ben@example.org"]
    only = replace(change, recipients=change.recipients[:1])
    apart = verbs.undo(seen(ended), only)
    assert isinstance(apart, Apart) and f"{NEW} {word}" in apart.reason
    assert compare(parse(ended), (RecipientChange(change.recipients[0].new, None),)) == (
        False, f"{NEW} {word} since",
    )  # fmt: skip


def test_an_address_that_was_changed_again_stays() -> None:
    data = made(tried())
    change = changed(data, wish((OLD, NEW)))
    new = after(after(data, wish((OLD, NEW))), wish((NEW, "x@y.example")))
    apart = verbs.undo(seen(new), change)
    assert isinstance(apart, Apart) and "any more" in apart.reason


# what a person types


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("a@b=c@d", ("a@b", "c@d")),
        ("x=y@b=c=d@e", ("x=y@b", "c=d@e")),
        ("<a@b>=<c@d>", ("a@b", "<c@d>")),
        ('"a@b=c"@d=e@f', ('"a@b=c"@d', "e@f")),
        ("postmaster=c@d", ("postmaster", "c@d")),
        ("<odd>=c@d", ("odd", "c@d")),
        ("a@b=", ("a@b", "")),
        ("SRS0=x@y", None),
        ("a@b", None),
        ('"a@b=c"@d', None),
    ],
)
def test_old_and_new(text: str, pair: tuple[str, str] | None) -> None:
    assert split_pair(text) == pair


@pytest.mark.parametrize(
    "text",
    ["a@b@c", "a%b@c", "a!b@c", "a b@c", "a@b\nRCPT:x", "a@b\x00", "a@b>", "a@b> X=1", "@b", "a@",
     "a", "", "<>", "a\udcff@b", "a@b\u202e.example", "a" * 65 + "@b"],
)  # fmt: skip
def test_what_the_intake_would_not_take_is_no_address(text: str) -> None:
    assert isinstance(read_address(text), BadPath)
    assert read_asked((), None, (text,)).problems
    assert read_asked((), None, (f"x@y={text}",)).problems


def test_every_mistake_at_once() -> None:
    asked = read_asked(
        ("stuck", "DPORT=x", "STATE=1", "SIZES=1", "LOG_OK=x", "LOG_BAD=none"),
        "a@b@c",
        ("a@b=", "a@b=a@b", "c@d=x@y", "c@d=z@y", "e@f=X@Y", "new@x.org"),
        "a b",
    )
    assert asked.query == ("stuck",)
    assert asked.wish.values == {"DPORT": "x", "STATE": "1", "SIZES": "1", "LOG_OK": "x",
                                 "LOG_BAD": None}  # fmt: skip
    starts = [problem.partition(": ")[0] for problem in asked.problems]
    assert starts == [
        "DPORT=x", "STATE=1", "SIZES=1", "LOG_OK=x", "--from a@b@c", "--rcpt a@b=",
        "--rcpt a@b=a@b", "--rcpt c@d=z@y", "--rcpt e@f=X@Y", "--rcpt new@x.org", "--resource a b",
    ]  # fmt: skip


# properties


def lines_of(env: Envelope) -> list[tuple[str, bytes]]:
    return [(line.key, line.raw) for line in env.lines if line.key not in ("FROM", "RCPT", "STATE")]


@settings(max_examples=300)
@example("a@b\nRCPT:\t<x@y>", "<>", "none")
@given(outside(), outside(), outside())
def test_nothing_typed_forges_a_line(one: str, other: str, third: str) -> None:
    data = made(tried(), tried("ben@example.org"))
    asked = read_asked((f"DST={third}",), one, (f"{OLD}={other}",), third)
    if asked.problems:
        return
    change = set_envelope(seen(data), asked.wish)
    assert isinstance(change, Change)
    new = apply_splices(data, rewritten(parse(data), change, NOW, restoring=False))
    before, env = parse(data), parse(new)
    assert [line.key for line in env.lines] == [line.key for line in before.lines]
    assert env.get("DST") == third.strip(" \t")
    assert env.sender is not None and env.sender.address == read_address(one, sender=True).text
    assert env.recipients[0].address == read_address(other).text
    assert new[env.end :] == data[before.end :]


_addresses = st.sampled_from(
    [OLD, "a@b", NEW, "jörg@müller.example", '"a b"@x.org', "postmaster", "eva@example.org"]
)


@settings(max_examples=400)
@given(anything, _addresses, _addresses, _addresses)
def test_of_any_file_only_these_lines_change(data: bytes, old: str, new: str, sender: str) -> None:
    before = parse(data)
    addresses = [r.address for r in before.recipients]
    pairs = ((addresses[0] if addresses else old, new),)
    asked = EnvelopeWish(sender=sender if "@" in sender else "",
                         replaced=pairs if addresses else (),
                         added=() if addresses else (new,))  # fmt: skip
    change = set_envelope(seen(data), asked)
    if not isinstance(change, Change):
        return
    edited = apply_splices(data, rewritten(before, change, NOW, restoring=False))
    env = parse(edited)
    assert lines_of(env) == lines_of(before)
    assert env.sender is not None and env.sender.address == asked.sender
    if before.end >= 0:
        assert edited[env.end :] == data[before.end :]
    if change.recipients:
        wanted = {c.new.encode() for c in change.recipients if c.new is not None}
        assert all(any(line.raw.endswith(w) for line in env.all("RCPT")) for w in wanted)
        assert compare(env, change.recipients)[0]
    state = env.state
    if state is not None and change.recipients:
        assert state.pending == sum(r.pending for r in env.recipients)
        assert state.delivered == sum(r.mark == "D" for r in env.recipients)


@settings(max_examples=200)
@given(anything, _addresses)
def test_an_envelope_that_was_given_is_taken_back_to_the_byte(data: bytes, new: str) -> None:
    before = parse(data)
    if before.recipients or before.state is not None or len(before.all("FROM")) > 1:
        return
    asked = EnvelopeWish(sender="jo@example.com", added=(new,))
    change = set_envelope(seen(data), asked)
    if not isinstance(change, Change):
        return
    edited = apply_splices(data, rewritten(before, change, NOW, restoring=False))
    again = undone(edited, change)
    # A last line without an end gets one, which stays.
    assert again in (data, data + b"\n", data + b"\r\n")


@settings(max_examples=60)
@given(st.integers(0, 700), st.integers(1, 6))
def test_no_field_of_an_added_line_crosses_a_sector(shift: int, count: int) -> None:
    data = CHAPTER_17 + b"HELO:\t" + b"x" * shift + b"\n\nSubject: a\n\nSubject: a\n\nhi\n"
    asked = EnvelopeWish(sender=NEW, added=tuple(f"a{n}@example.org" for n in range(count)))
    env = parse(after(data, asked))
    assert len(env.recipients) == count
    for recipient in env.recipients:
        at = recipient.offset
        for width in (1, 3, 9, 4, 10, 10, 40, 80):
            assert at // 512 == (at + width - 1) // 512
            at += width + 1
