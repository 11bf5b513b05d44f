"""Export: what both sides can say comes back the same; what the files cannot say is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config import Config, Problems, load
from relay.config.checkpoint.exporting import Exported, export_config
from relay.config.checkpoint.importing import Imported, Sources, import_config, intercepting
from relay.config.checkpoint.remarks import Source
from relay.config.checkpoint.syntax import decode
from relay.config.networks import EVERYBODY, NetworkTable, members
from relay.config.resources import Resource, address_rewrite, field_rewrite, pattern
from relay.config.rules import RuleTable
from relay.config.scanners import ScannerTable
from spooltool.spool.hosts import HostPort

GATE = Config(listen=(HostPort("0.0.0.0", 25),))


def files_of(exported: Exported) -> Sources:
    def source(name: str) -> Source | None:
        content = exported.files.get(name)
        return Source(name, content) if content is not None else None

    rules = source("rulebases_5_0.fws")
    return Sources(
        source("objects_5_0.C"),
        (rules,) if rules else (),
        source("smtp.conf"),
        source("fwauthd.conf"),
    )


def back(config: Config) -> Imported:
    return import_config(files_of(export_config(config)))


def said(config: Config) -> list[str]:
    return [str(remark) for remark in export_config(config).remarks]


def network(name: str, *texts: str, comment: str = "") -> NetworkTable:
    return NetworkTable(name, members(list(texts)), comment)


PROSE = st.text(
    st.characters(codec="cp1252", exclude_characters='"\\', exclude_categories=["Cc", "Zs", "Cf"]),
    max_size=12,
)
LITERALS = st.sampled_from(["10.0.0.0/8", "10.1.1.1", "10.1.1.1-10.1.1.9", "192.0.2.128/25"])
PATTERNS = st.sampled_from(["*", "*@example.org", "*@{a.example,b.example}", "x+y@*", "(a)@*"])
SERVERS = st.sampled_from(["", "10.1.1.1", "mx.example.org:2525", "{10.1.1.1,10.1.1.2}"])


@st.composite
def resources(draw: st.DrawFn, name: str) -> Resource:
    values: dict[str, Any] = {
        "comment": draw(PROSE),
        "mail_delivery_server": draw(SERVERS),
        "notify_sender_on_error": draw(st.booleans()),
        "exception_track": draw(st.sampled_from(["none", "log", "alert"])),
        "match_sender": pattern(draw(PATTERNS)),
        "match_recipient": pattern(draw(PATTERNS)),
        "strip_file_by_name": draw(st.sampled_from(["", "*.{exe,scr}"])),
        "mail_capacity": draw(st.integers(1, 10**6)),
        "allowed_characters": draw(st.sampled_from(["8_bit", "7_bit"])),
        "strip_ftp_links": draw(st.booleans()),
        "enable_cvp": draw(st.booleans()),
        "server": "scan1",
        "allowed_to_modify_content": draw(st.booleans()),
        "send_headers": draw(st.booleans()),
    }
    if draw(st.booleans()):
        both = {"original": "*@old.example", "rewritten": "&@new.example"}
        values["rewrite_sender"] = address_rewrite(both)
        values["rewrite_field"] = field_rewrite({"field": "X-A", "original": "*", "rewritten": ""})
    return Resource(name, **values)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Configurations that both sides can say, every table of them in use."""
    literal = [network(f"net{i}", draw(LITERALS), comment=draw(PROSE)) for i in range(3)]
    networks = [*literal, network("group", "net0", "net1")]
    columns = st.sampled_from(
        [EVERYBODY, members(["group", "net2"]), members(["!net2"]), members(["!net1", "!group"])]
    )
    named = [draw(resources("first")), draw(resources("second_one"))]
    rules = [
        RuleTable(
            number,
            name=draw(PROSE),
            source=draw(columns),
            destination=draw(columns),
            resource=draw(st.sampled_from(["", "first", "second_one"])),
            action=draw(st.sampled_from(["accept", "drop", "reject"])),
            track=draw(st.sampled_from(["none", "log", "alert", "account"])),
            disabled=draw(st.booleans()),
            comment=draw(PROSE),
            install=draw(st.sampled_from([(), ("gate1",)])),
            time=draw(st.sampled_from([(), ("night", "weekend")])),
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    every = members(["group", "net2"])
    rules.append(RuleTable(len(rules) + 1, source=every, action="drop"))
    scanner = ScannerTable("scan1", "clamd", HostPort("10.2.2.2", 3310), comment=draw(PROSE))
    return seen(
        replace(
            GATE,
            error_server=draw(st.sampled_from(["", "10.9.9.9"])),
            timeout=draw(st.integers(1, 900)),
            postmaster=draw(st.sampled_from(["", "postmaster@example.org"])),
            detailed_smtp_err_mail=draw(st.booleans()),
            intake_workers=draw(st.integers(1, 8)),
            networks=tuple(networks),
            rules=tuple(rules),
            resources=tuple(named),
            scanners=(scanner,),
        )
    )


def seen(config: Config) -> Config:
    """A configuration that takes connections on their way if its rules ask for it."""
    return replace(config, original_destination="redirect" if intercepting(config) else "off")


def by_name(config: Config) -> Config:
    return replace(config, networks=tuple(sorted(config.networks, key=lambda one: one.name)))


@given(configs())
def test_what_both_can_say_comes_back_the_same(config: Config) -> None:
    exported = export_config(config)
    assert by_name(import_config(files_of(exported)).config) == by_name(config)
    for name, content in exported.files.items():
        if not name.endswith(".conf"):
            assert decode(content).defects == ()


@given(configs())
def test_a_second_round_changes_no_byte(config: Config) -> None:
    first = export_config(back(config).config).files
    assert export_config(back(config).config).files == first


def test_the_example_of_the_docs_comes_back() -> None:
    text = (
        'listen = ["0.0.0.0:25"]\nmax_conns = 5\ndefault_server = "10.1.1.9"\n'
        '[network.inside]\nmembers = ["10.0.0.0/8"]\n'
        '[[rule]]\nsource = ["inside"]\nresource = "out"\naction = "accept"\n'
        '[resource.out]\nmail_delivery_server = "10.1.1.1"\n'
    )
    config = load(text)
    assert not isinstance(config, Problems)
    imported = back(config)
    assert (imported.problems, imported.config) == (None, config)


@pytest.mark.parametrize(
    ("config", "remark"),
    [
        (replace(GATE, original_destination="tproxy"), "original_destination left out: a gateway"),
        (replace(GATE, mark=7), "mark left out: the files have no place for it"),
        (replace(GATE, listen=(HostPort("10.0.0.1", 25),)), "listen: in.asmtpd listens on every"),
        (
            replace(GATE, networks=(network("all", "any", "!10.0.0.1"),)),
            "[network.all] left out: a group takes nobody out",
        ),
        (
            replace(GATE, networks=(network("six", "2001:db8::/32"),)),
            "[network.six] left out: 2001:db8::/32 cannot be an object",
        ),
        (
            replace(GATE, rules=(RuleTable(1, source=members(["10.0.0.0/8"]), action="accept"),)),
            "[[rule]] 1: 10.0.0.0/8 is called net_10.0.0.0_8",
        ),
        (
            replace(GATE, rules=(RuleTable(1, comment='a "b"', action="drop"),)),
            "[[rule]] 1: comment is written as \"a 'b'\"",
        ),
        (
            replace(GATE, scanners=(ScannerTable("s", "icap", HostPort("10.2.2.2", 1344)),)),
            "[scanner.s]: icap becomes CVP, which the scanner may not speak",
        ),
    ],
)
def test_what_the_files_cannot_say_is_said(config: Config, remark: str) -> None:
    assert [line for line in said(config) if line.startswith(remark)] != []


@pytest.mark.parametrize(
    ("source", "action", "disabled"),
    [
        (("inside", "!10.1.1.1"), "accept", True),
        (("inside", "!10.1.1.1"), "drop", False),
        (("2001:db8::1",), "accept", True),
        (("2001:db8::1",), "drop", True),
        (("!2001:db8::1",), "accept", False),
        (("!any",), "accept", True),
        (("inside", "2001:db8::1"), "accept", False),
    ],
)
def test_a_rule_that_cannot_be_said_lets_less_through(
    source: tuple[str, ...], action: str, disabled: bool
) -> None:
    rule = RuleTable(1, source=members(list(source)), action=action)
    config = replace(GATE, networks=(network("inside", "10.0.0.0/8"),), rules=(rule,))
    (found,) = back(config).config.rules
    assert (found.action, found.disabled) == (action, disabled)
    if not disabled:
        assert str(found.source[0]) == ("any" if source[0].startswith("!") else "inside")


def test_names_that_are_made_are_nobody_elses() -> None:
    networks = (network("relay", "10.0.0.1"), network("net_10.0.0.2", "10.0.0.3"))
    rule = RuleTable(1, source=members(["relay", "10.0.0.2", "net_10.0.0.2"]), action="accept")
    config = back(replace(GATE, networks=networks, rules=(rule,), max_conns=3)).config
    found = {one.name: str(one.members[0]) for one in config.networks}
    assert found == {"relay": "10.0.0.1", "net_10.0.0.2_": "10.0.0.2", "net_10.0.0.2": "10.0.0.3"}
    assert config.max_conns == 3
