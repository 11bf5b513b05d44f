"""Properties: the cut agrees with tomllib, what is shown loads to the same."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config import PARAMETERS, Config, Problems, load, restart_needed, show
from relay.config.destinations import DestinationTable, parse_pattern
from relay.config.kinds import MinFree
from relay.config.show import encode
from relay.config.statements import Statement, SyntaxMistake, parse, statements
from spooltool.spool.hosts import HostPort

KEYS = st.sampled_from(["a", "b-c", "d_e", '"q k"', "'l=k'", "x.y", "n1"])
SCALARS = st.sampled_from(
    [
        "1",
        "-2.5e3",
        "true",
        "inf",
        '"s # no comment"',
        "'lit ] ='",
        '"""long\n\\"""\n = [ "" """',
        "'''l''\n[x]\n'''",
        "1979-05-27T07:32:00Z",
        '"\\\\"',
        '""',
        "{ a = 1, b = [ 2, 3 ] }",
        '"""x"""""',
    ]
)
GAPS = st.sampled_from(["", " ", "\t", "\n", " # c ]\n", "\n\n "])


@st.composite
def arrays(draw: st.DrawFn, depth: int = 2) -> str:
    members = draw(
        st.lists(SCALARS if depth == 0 else st.one_of(SCALARS, arrays(depth - 1)), max_size=3)
    )
    out = "["
    for index, member in enumerate(members):
        out += draw(GAPS) + member + draw(GAPS)
        if index < len(members) - 1 or draw(st.booleans()):
            out += ","
    return out + draw(GAPS) + "]"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[int]]:
    """A document of distinct statements, and the line of each."""
    out, lines = "", []
    for index in range(draw(st.integers(0, 6))):
        out += draw(st.sampled_from(["", "\n", "# [c] = {\n", "  \t"]))
        lines.append(out.count("\n") + 1)
        if draw(st.integers(0, 5)) == 0:
            out += f"[t{index}.x]"
        else:
            value = draw(st.one_of(SCALARS, arrays()))
            tail = draw(st.sampled_from(["", ".a", '."b c"']))
            out += f"k{index}{tail} = {value}"
        out += draw(st.sampled_from(["\n", " # end\n", "\t\n"]))
    return out, lines


@given(documents())
def test_the_cut_is_that_of_tomllib(document: tuple[str, list[int]]) -> None:
    text, lines = document
    whole = tomllib.loads(text)
    cut = list(statements(text))
    assert [statement.line for statement in cut] == lines
    values: dict[str, object] = {}
    into: dict[str, object] = values
    for statement in cut:
        found = parse(statement)
        assert not isinstance(found, SyntaxMistake)
        if statement.header:
            values[found[0]] = found[1]
            into = found[1]["x"]  # type: ignore[index]
        else:
            into[found[0]] = found[1]
    assert _plain(values) == _plain(whole)


def _plain(value: object) -> str:
    return repr(value)


@given(st.text(max_size=80) | st.text("a=[]\"'{}#,\n. \\1", max_size=60))
def test_any_text_gives_a_config_or_problems(text: str) -> None:
    found = load(text)
    assert isinstance(found, Config) or found.all


@given(st.text("a=[]\"'{}#,\n. \\1", max_size=60))
def test_what_tomllib_refuses_is_refused(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert isinstance(load(text), Problems)


def test_members_of_a_list_have_their_lines() -> None:
    text = 'x = [ 1,\n # no\n "a",\n  [2,\n 3], {a=1},\n]\n'
    assert list(statements(text)) == [Statement(1, text.rstrip("\n"), (1, 3, 4, 5))]


HOSTS = st.sampled_from(["", "10.0.0.9", "mx.example.net:2525", "{a, b:26}", "[2001:db8::1]:25"])
TABLES = st.lists(
    st.builds(
        DestinationTable,
        st.sampled_from(["mx.example.net", "*.example.org:26", "[2001:db8::1]:25"]).map(
            parse_pattern
        ),
        tls=st.sampled_from([None, "off", "verify"]),
        tls_name=st.sampled_from([None, "mx.example.com"]),
        tls_ca=st.sampled_from([None, "", "/etc/ca.pem"]),
        soft_bounce=st.sampled_from([None, True, False]),
    ),
    unique_by=lambda table: table.pattern,
).map(tuple)
CONFIGS = st.builds(
    Config,
    hostname=st.sampled_from(["", "gw.example.com"]),
    rundir=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=9
    ).map(lambda t: "/" + t.strip().strip("/") + "x"),
    listen=st.lists(
        st.builds(HostPort, st.sampled_from(["127.0.0.1", "::1"]), st.integers(3000, 3999)),
        unique=True,
        max_size=3,
    ).map(tuple),
    accept_from=st.just(()),
    dst=HOSTS,
    error_server=HOSTS,
    timeout=st.integers(1, 86400),
    soft_bounce=st.booleans(),
    bare=st.sampled_from(["reject", "normalise"]),
    min_free=st.sampled_from([MinFree(), MinFree(percent=12.5), MinFree(octets=123456)]),
    destinations=TABLES,
)


@given(CONFIGS, st.booleans())
def test_what_is_shown_loads_to_the_same(config: Config, non_default: bool) -> None:
    assert load(show(config, non_default=non_default)) == config


def test_the_defaults_shown() -> None:
    text = show(Config())
    assert load(text) == Config()
    assert show(Config(), non_default=True) == ""
    assert [line.split(" ")[0] for line in text.splitlines() if line[:1].isalpha()] == [
        parameter.name for parameter in PARAMETERS
    ]


def test_only_what_differs() -> None:
    config = Config(timeout=5, accept_from=("10.0.0.0/8",), dst="a")
    assert show(config, non_default=True) == (
        'accept_from = ["10.0.0.0/8"]\ndst = "a"\ntimeout = 5\n'
    )


def test_what_a_reload_cannot_change() -> None:
    old = Config()
    assert restart_needed(old, replace(old, timeout=5, max_conns=1)) == ()
    assert restart_needed(old, replace(old, rundir="/x", timeout=5, listen=())) == (
        "rundir",
        "listen",
    )


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
def test_each_default_reads_back(parameter) -> None:  # type: ignore[no-untyped-def]
    value = tomllib.loads(f"x = {encode(parameter.default)}")["x"]
    assert parameter.read(value) == parameter.default
