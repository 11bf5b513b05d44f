"""Requests on the control socket."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.control import (
    MAX_LINE,
    ClockOk,
    Done,
    Kick,
    Refused,
    Reload,
    Resume,
    StatusWanted,
    Suspend,
    Yield,
    Yielded,
    decode_request,
    encode_reply,
    encode_request,
    split,
)


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (Kick(everything=True), b'{"v":1,"do":"kick","all":true}\n'),
        (Kick(ids=("001njchs",)), b'{"v":1,"do":"kick","ids":["001njchs"]}\n'),
        (Kick(ids=()), b'{"v":1,"do":"kick","ids":[]}\n'),
        (Kick(host="10.1.5.2:25"), b'{"v":1,"do":"kick","host":"10.1.5.2:25"}\n'),
        (StatusWanted(), b'{"v":1,"do":"status"}\n'),
        (Yield(("1", "2")), b'{"v":1,"do":"yield","ids":["1","2"],"for":60.0}\n'),
        (Done(("1",)), b'{"v":1,"do":"done","ids":["1"]}\n'),
        (Reload(), b'{"v":1,"do":"reload"}\n'),
        (Kick(everything=True, rate=0.5), b'{"v":1,"do":"kick","all":true,"rate":0.5}\n'),
        (Kick(ids=("1",), rate=10.0), b'{"v":1,"do":"kick","ids":["1"],"rate":10.0}\n'),
        (
            Suspend("*.example.de", 7200.0, "jo", "migration"),
            b'{"v":1,"do":"suspend","host":"*.example.de","who":"jo","why":"migration",'
            b'"for":7200.0}\n',
        ),
        (Suspend("a:25"), b'{"v":1,"do":"suspend","host":"a:25","who":"","why":""}\n'),
        (Resume(("a", "*")), b'{"v":1,"do":"resume","hosts":["a","*"]}\n'),
        (Resume(everything=True), b'{"v":1,"do":"resume","all":true}\n'),
        (ClockOk(), b'{"v":1,"do":"clock-ok","force":false}\n'),
        (ClockOk(force=True), b'{"v":1,"do":"clock-ok","force":true}\n'),
    ],
)
def test_each_request_is_one_line_and_back(request_, line):
    assert encode_request(request_) == line
    assert decode_request(line) == request_


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"do":"status"}', StatusWanted()),
        (b'{"v":1,"do":"status","later":[1]}', StatusWanted()),
        (b' {"do":"yield","ids":["1"]}\r\n', Yield(("1",), 60.0)),
        (b'{"do":"yield","ids":["1"],"for":5}', Yield(("1",), 5.0)),
        (b'{"do":"suspend","host":".Example.DE","x":1}', Suspend("*.example.de")),
        (b'{"do":"resume","hosts":["A"]}', Resume(("a",))),
        (b'{"do":"clock-ok"}', ClockOk()),
    ],
)
def test_what_is_missing_has_a_default_and_what_is_unknown_is_passed_over(line, expected):
    assert decode_request(line) == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"do":"kick","all":true,"rate":0}', "`rate` must be"),
        (b'{"do":"kick","all":true,"rate":"5"}', "`rate` must be a number"),
        (b'{"do":"kick","all":true,"rate":1e9}', "`rate` must be"),
        (b'{"do":"suspend"}', "`host` must be"),
        (b'{"do":"suspend","host":"a b"}', "`host` must be HOST"),
        (b'{"do":"suspend","host":"a\\u0000"}', "`host` must be HOST"),
        (b'{"do":"suspend","host":"a","for":0}', "`for` must be at most"),
        (b'{"do":"suspend","host":"a","for":1e12}', "`for` must be at most"),
        (b'{"do":"suspend","host":"a","who":"%s"}' % (b"x" * 65), "at most 64"),
        (b'{"do":"suspend","host":"a","why":"%s"}' % (b"x" * 201), "at most 200"),
        (b'{"do":"resume"}', "a resume wants one of"),
        (b'{"do":"resume","all":false}', "`all` must be true"),
        (b'{"do":"resume","all":true,"hosts":["a"]}', "a resume wants one of"),
        (b'{"do":"resume","hosts":[]}', "`hosts` must name"),
        (b'{"do":"resume","hosts":["a b"]}', "`hosts` must be HOST"),
        (b'{"do":"resume","hosts":[1]}', "`hosts` must be a list of texts"),
        (b'{"do":"clock-ok","force":1}', "`force` must be true or false"),
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 30000, "no JSON"),
        (b'{"do":NaN}', "no JSON"),
        (b'{"do":"status"}' + b" " * MAX_LINE, "longer than"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{}", "`do`"),
        (b'{"do":1}', "`do`"),
        (b'{"do":"explode"}', "one of kick"),
        (b'{"v":2,"do":"status"}', "version 1"),
        (b'{"v":true,"do":"status"}', "version 1"),
        (b'{"v":null,"do":"status"}', "version 1"),
        (b'{"do":"kick"}', "one of `all`"),
        (b'{"do":"kick","all":true,"ids":[]}', "one of `all`"),
        (b'{"do":"kick","all":false}', "`all` must be true"),
        (b'{"do":"kick","all":1}', "true or false"),
        (b'{"do":"kick","ids":"001"}', "list of ids"),
        (b'{"do":"kick","ids":[1]}', "list of ids"),
        (b'{"do":"kick","ids":["../etc"]}', "list of ids"),
        (b'{"do":"kick","ids":["1\\n"]}', "list of ids"),
        (b'{"do":"kick","ids":null}', "list of ids"),
        (b'{"do":"kick","host":""}', "`host`"),
        (b'{"do":"kick","host":"a\\nb"}', "`host`"),
        (b'{"do":"kick","host":"\\ud800"}', "`host`"),
        (b'{"do":"yield"}', "list of ids"),
        (b'{"do":"yield","ids":[],"for":0}', "at most 3600"),
        (b'{"do":"yield","ids":[],"for":1e999}', "from 0 on"),
        (b'{"do":"yield","ids":[],"for":true}', "number"),
        (b'{"do":"yield","ids":[],"for":-1}', "from 0 on"),
        (b'{"do":"yield","ids":[],"for":3601}', "at most 3600"),
    ],
)
def test_a_bad_line_is_the_error_reply_that_answers_it(line, says):
    reply = decode_request(line)
    assert isinstance(reply, Refused)
    assert says in reply.error
    assert json.loads(encode_reply(reply)) == {"v": 1, "ok": False, "error": reply.error}


@pytest.mark.parametrize("wrong", [{}, {"everything": True, "host": "a"}, {"ids": (), "host": "a"}])
def test_a_kick_without_one_meaning_is_a_bug_of_the_caller(wrong):
    with pytest.raises(ValueError, match="a kick is"):
        Kick(**wrong)


@pytest.mark.parametrize("seconds", [0, -1, 3601, float("nan"), float("inf")])
def test_a_yield_has_an_end(seconds):
    with pytest.raises(ValueError, match="yield for"):
        Yield(("1",), seconds)


@pytest.mark.parametrize("make", [lambda ids: Kick(ids=ids), lambda ids: Yield(ids, 5.0), Done])
def test_a_long_list_goes_over_several_lines_and_loses_nothing(make):
    ids = tuple(f"{number:08d}" for number in range(20000))
    parts = list(split(make(ids)))
    assert len(parts) == 4
    assert tuple(one for part in parts for one in part.ids) == ids
    for part in parts:
        assert len(encode_request(part)) <= MAX_LINE
        assert len(encode_reply(Yielded(busy=part.ids))) <= MAX_LINE
        assert decode_request(encode_request(part)) == part


def test_what_is_short_is_not_split():
    for request in (Kick(everything=True), Kick(host="a"), Kick(ids=()), StatusWanted(), Done(())):
        assert list(split(request)) == [request]


def test_an_unsplit_long_list_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="too long"):
        encode_request(Done(tuple(f"{number:08d}" for number in range(20000))))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_request_like = st.fixed_dictionaries(
    {"do": st.sampled_from(["kick", "status", "yield", "done", "reload"]) | _json},
    optional=dict.fromkeys(("v", "all", "ids", "host", "for"), _json),
)


@settings(max_examples=300)
@given(st.binary(max_size=60) | _request_like.map(lambda o: json.dumps(o).encode()))
def test_no_bytes_raise(line):
    request = decode_request(line)
    if not isinstance(request, Refused):
        assert decode_request(encode_request(request)) == request
