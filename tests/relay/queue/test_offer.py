"""A mail offered to host after host: what is certain stays, what is not goes on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.queue.offer import Offer
from relay.smtp.envelope import Mail
from relay.smtp.outcome import Kind, Outcome, barred, broken, judge, lacking, too_many, unsendable
from relay.smtp.reply import Reply

OK = judge(Reply(250, "2.0.0", "queued"))
LATER = judge(Reply(451, "4.7.1", "slow down"))
NEVER = judge(Reply(550, "5.1.1", "no such user"))
LOST = broken("timeout", "connection lost")
UNKNOWN = broken("timeout", "lost after the dot", after_dot=True)
MANY = too_many(Reply(452, "4.5.3", "too many"))
ODD = unsendable("4.1.3", "recipient address cannot be sent")
GAP = lacking("5.6.7", "the server does not offer SMTPUTF8")
DOWN = broken("refused", "connect 10.1.5.2:25: Connection refused")
ENDS = [OK, NEVER, UNKNOWN, MANY, ODD]


def offer(count: int) -> Offer:
    return Offer(Mail("a@example.com", [(f"r{n}@example.org", "") for n in range(count)]))


def test_the_next_host_is_offered_the_mail_for_those_put_off_or_lost() -> None:
    one = offer(7)
    one.answered([*ENDS, LATER, LOST], "first")
    assert one.open
    assert [address for address, _ in one.mail.recipients] == ["r5@example.org", "r6@example.org"]
    one.answered([OK, NEVER], "second")
    assert not one.open
    assert [o.host for o in one.outcomes] == ["first"] * 5 + ["second"] * 2
    assert [o.kind for o in one.outcomes[5:]] == [Kind.DELIVERED, Kind.PERMANENT]


def test_what_a_host_lacks_decides_nothing_for_whom_another_has_put_off() -> None:
    one = offer(1)
    one.answered([LATER], "first")
    one.answered([GAP], "second", gap=True)
    one.no_other(None)
    assert [(o.kind, o.host) for o in one.outcomes] == [(Kind.TEMPORARY, "first")]


def test_where_no_host_has_the_extension_it_fails_for_good() -> None:
    one = offer(2)
    one.answered([GAP, GAP], "first", gap=True)
    assert one.open
    one.answered([GAP, GAP], "second", gap=True)
    one.no_other(None)
    assert [(o.kind, o.status) for o in one.outcomes] == [(Kind.PERMANENT, "5.6.7")] * 2


BARRED = barred("10.1.5.2")


def test_who_is_barred_from_one_host_may_be_let_to_the_next() -> None:
    one = offer(3)
    one.bar(["r0@example.org", "r2@example.org"], BARRED, "first")
    assert [address for address, _ in one.mail.recipients] == ["r1@example.org"]
    one.answered([OK], "first")
    assert [address for address, _ in one.mail.recipients] == ["r0@example.org", "r2@example.org"]
    one.bar(["r2@example.org"], BARRED, "second")
    one.answered([OK], "second")
    one.no_other(None)
    assert [(o.kind, o.status, o.host) for o in one.outcomes] == [
        (Kind.DELIVERED, "2.0.0", "second"),
        (Kind.DELIVERED, "2.0.0", "first"),
        (Kind.PERMANENT, "5.7.1", "second"),
    ]


def test_barred_from_one_and_put_off_by_another_waits() -> None:
    one = offer(1)
    one.answered([LATER], "first")
    one.bar(["r0@example.org"], BARRED, "second")
    one.answered([], "second")
    one.no_other(None)
    assert [(o.kind, o.host) for o in one.outcomes] == [(Kind.TEMPORARY, "first")]


def test_barred_from_one_while_the_other_is_down_waits() -> None:
    one = offer(1)
    one.bar(["r0@example.org"], BARRED, "first")
    one.answered([], "first")
    one.no_other(DOWN)
    assert [o.kind for o in one.outcomes] == [Kind.TEMPORARY]


def test_a_host_that_could_not_be_asked_may_have_it() -> None:
    one = offer(1)
    one.answered([GAP], "first", gap=True)
    one.no_other(DOWN)
    (outcome,) = one.outcomes
    assert (outcome.kind, outcome.reason) == (Kind.TEMPORARY, "refused")
    assert outcome.text == f"{GAP.text}; {DOWN.text}"


def test_it_has_not_begun_before_a_host_has_answered() -> None:
    one = offer(1)
    assert not one.began and not one.delivered
    one.answered([OK], "first")
    assert one.began and one.delivered


@given(
    st.integers(1, 6),
    st.lists(
        st.tuples(st.booleans(), st.lists(st.sampled_from([*ENDS, LATER, LOST]), min_size=6)),
        min_size=1,
        max_size=4,
    ),
)
def test_nobody_is_offered_twice_what_is_certain_and_everybody_has_an_end(
    count: int, hosts: list[tuple[bool, list[Outcome]]]
) -> None:
    one = offer(count)
    certain: dict[str, Outcome] = {}
    for number, (gap, outcomes) in enumerate(hosts):
        asked = [address for address, _ in one.mail.recipients]
        assert not certain.keys() & set(asked)
        given_ = [GAP] * len(asked) if gap else outcomes[: len(asked)]
        one.answered(given_, str(number), gap=gap)
        if not gap:
            certain |= {a: o for a, o in zip(asked, given_, strict=True) if o in ENDS}
        if not one.open:
            break
    one.no_other(None)
    assert len(one.outcomes) == count
    for n, outcome in enumerate(one.outcomes):
        wanted = certain.get(f"r{n}@example.org")
        assert wanted is None or outcome.text == wanted.text
