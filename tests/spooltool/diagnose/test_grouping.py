"""Groups: which values a message has, what adds up, and the query of each group."""

from __future__ import annotations

import marshal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spooltool.diagnose.grouping import AGES, KEY, KEYS, Groups
from spooltool.diagnose.row import Row
from spooltool.query import GRAMMAR, Kind
from spooltool.query.tree import tokens


def row(**changed: Any) -> Row:
    values = {
        "head": b"",
        "dst": (("10.1.5.2", None),),
        "dport": 25,
        "sender": "Billing@Example.com",
        "recipients": ("anna@example.org",),
        "rule": "11",
        "resource": "SMTP_in",
        "host": "10.1.5.2",
        "dir": "D_resend",
        "reason": "refused",
        "standing": "stuck",
        "code": 451,
        "attempts": 3,
        "age": 60.0,
        "size": 100,
    }
    return cast(Row, SimpleNamespace(**{**values, **changed}))


def test_every_field_that_can_be_counted_is_a_key() -> None:
    left_out = {Kind.SIZE, Kind.AGE, Kind.CONTAINS, Kind.HEADER}
    fields = {field.name for field in GRAMMAR if not field.target and field.kind not in left_out}
    assert set(KEY) == fields | {"from-domain", "standing"}
    assert len(KEYS) == len(KEY)


@pytest.mark.parametrize(
    ("key", "changed", "values"),
    [
        ("dst", {}, ["10.1.5.2"]),
        ("dst", {"dport": 2525}, ["10.1.5.2:2525"]),
        ("dst", {"dst": (("a", None), ("b", 26), ("a", 25))}, ["a", "b:26"]),
        ("dst", {"dst": (("2001:db8::7", 2525),)}, ["[2001:db8::7]:2525"]),
        ("dst", {"dst": ()}, [""]),
        ("from", {}, ["billing@example.com"]),
        ("from", {"sender": ""}, ["<>"]),
        ("from", {"sender": None}, [""]),
        ("from-domain", {}, ["example.com"]),
        ("from-domain", {"sender": ""}, ["<>"]),
        ("from-domain", {"sender": "postmaster"}, [""]),
        ("rcpt", {"recipients": ("A@b", "a@B", "c@d")}, ["a@b", "c@d"]),
        ("rcpt", {"recipients": ()}, [""]),
        ("domain", {"recipients": ("a@x", "b@y", "c@X", "postmaster")}, ["x", "y", ""]),
        ("rule", {}, ["11"]),
        ("rule", {"rule": None}, [""]),
        ("resource", {}, ["smtp_in"]),
        ("host", {}, ["10.1.5.2"]),
        ("dir", {}, ["resend"]),
        ("dir", {"dir": ""}, ["flat"]),
        ("reason", {}, ["refused"]),
        ("reason", {"reason": ""}, [""]),
        ("standing", {}, ["stuck"]),
        ("code", {}, ["451"]),
        ("code", {"code": None}, [""]),
        ("attempts", {}, ["3"]),
    ],
)
def test_values(key: str, changed: dict[str, Any], values: list[str]) -> None:
    assert list(KEY[key].values(row(**changed))) == values


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_what_cannot_be_read_is_told_apart_from_none(key: Any) -> None:
    expected = {"dir": ["resend"], "reason": ["refused"], "standing": ["stuck"]}
    assert list(key.values(row(head=None))) == expected.get(key.name, [None])


@pytest.mark.parametrize(
    ("key", "value", "query"),
    [
        ("dst", "10.1.5.2", "dst:10.1.5.2:25"),
        ("dst", "[2001:db8::7]:2525", "dst:[2001:db8::7]:2525"),
        ("from", "<>", "from:<>"),
        ("from-domain", "<>", "from:<>"),
        ("from-domain", "example.com", "from:@example.com"),
        ("domain", "a b.example", 'domain:"a b.example"'),
        ("reason", "refused", "reason:refused"),
        ("reason", "", "not stuck"),
        ("standing", "held", "held"),
        ("code", "451", "code:451"),
        ("attempts", "3", "attempts:3"),
        ("dir", "resend", "dir:resend"),
        ("dst", "", None),
        ("dst", "no host", None),
        ("rule", "", None),
        ("code", "", None),
    ],
)
def test_the_query_of_a_value(key: str, value: str, query: str | None) -> None:
    node = KEY[key].node(value)
    assert (None if node is None else " ".join(tokens(node))) == query


def test_columns_of_the_ladder() -> None:
    groups = Groups([KEY["dst"]])
    ages = [-5.0, 0.0, 299.9, 300.0, 1200.0, 3599.0, 3600.0, 14400.0, 86399.0, 86400.0, 1e9, None]
    for age in ages:
        groups.add(row(age=age))
    assert [name for name, _ in AGES] == ["<5m", "20m", "1h", "4h", "1d", ">1d"]
    assert groups.total.messages == [3, 1, 2, 1, 2, 2, 1]
    assert groups.total.bytes == [300, 100, 200, 100, 200, 200, 100]


def test_several_values_count_in_each_group_and_once_in_the_total() -> None:
    groups = Groups([KEY["domain"], KEY["reason"]])
    groups.add(row(recipients=("a@x", "b@y")))
    groups.add(row(recipients=("a@x",), size=7))
    found = [(values, sum(cells.messages), sum(cells.bytes)) for values, cells in groups.groups()]
    assert found == [(("x", "refused"), 2, 107), (("y", "refused"), 1, 100)]
    assert (sum(groups.total.messages), sum(groups.total.bytes), groups.several) == (2, 107, 1)


def test_order_is_by_messages_or_by_bytes() -> None:
    groups = Groups([KEY["dst"]])
    groups.add(row(dst=(("big", None),), size=5000))
    for _ in range(2):
        groups.add(row(dst=(("many", None),), size=10))
    groups.add(row(dst=(("alike", None),), size=5000))
    assert [values for values, _ in groups.groups()] == [("many",), ("alike",), ("big",)]
    assert [v for v, _ in groups.groups(by_bytes=True)] == [("alike",), ("big",), ("many",)]


def test_two_halves_add_up() -> None:
    whole, first = Groups([KEY["dst"]]), Groups([KEY["dst"]])
    second = first.fresh()
    for at in range(40):
        one = row(dst=((f"h{at % 7}", None),), age=float(100**at % 100000), size=at)
        for groups in (whole, first if at % 3 else second):
            groups.add(one)
    first.merge(first.unpacked(marshal.loads(marshal.dumps(second.packed()))))
    assert first.packed()[:3] == whole.packed()[:3]
    assert sorted(first.packed()[3]) == sorted(whole.packed()[3])
    assert len(first) == 7
