"""Import: what each file gives, what is said, and that nothing lets more mail through."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from relay.config import Config, load
from relay.config.checkpoint.importing import Imported, Sources, import_config, unreadable
from relay.config.checkpoint.remarks import Source
from relay.config.checkpoint.smtp_conf import Setting, Unread, read_smtp_conf
from relay.config.networks import addresses

FIXTURES = Path(__file__).parents[4] / "fixtures/checkpoint"


def source(path: str, *changes: tuple[str, str]) -> Source:
    text = (FIXTURES / path).read_bytes().decode("cp1252")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return Source(Path(path).name, text.encode("cp1252"))


def ng(*objects: tuple[str, str], rules: tuple[tuple[str, str], ...] = ()) -> Imported:
    return import_config(
        Sources(
            source("ng/objects_5_0.C", *objects),
            (source("ng/rulebases_5_0.fws", *rules),),
            fwauthd_conf=source("ng/fwauthd.conf"),
        )
    )


def v41(*rules: tuple[str, str], objects: tuple[tuple[str, str], ...] = ()) -> Imported:
    return import_config(
        Sources(
            source("v41/objects.C", *objects),
            (source("v41/Werk.W", *rules),),
            source("v41/smtp.conf"),
            source("v41/fwauthd.conf"),
        )
    )


def said(imported: Imported) -> list[str]:
    return [str(remark) for remark in imported.remarks]


def problems(imported: Imported) -> str:
    return "\n".join(imported.problems.lines("relay.toml")) if imported.problems else ""


@pytest.mark.parametrize("imported", [ng(), v41()], ids=["ng", "4.1"])
def test_what_is_written_loads_to_what_was_imported(imported: Imported) -> None:
    assert imported.problems is None
    assert load(imported.text) == imported.config


def test_parameters_of_the_gateway_object() -> None:
    config = ng().config
    assert (config.resend_period, config.abandon_time, config.max_conns) == (300, 172_800, 50)
    assert (config.postmaster, config.maxrecipients) == ("postmaster@kontor.example", 200)
    assert config.rundir == Config().rundir


def test_parameters_of_smtp_conf_and_the_instances_of_fwauthd_conf() -> None:
    config = v41().config
    assert (config.timeout, config.max_mail_size, config.default_server) == (
        120,
        2000,
        "172.16.1.10",
    )
    assert (config.rundir, config.intake_workers) == ("/etc/fw/spool", 2)
    assert [str(one) for one in config.listen] == ["0.0.0.0:25"]


def test_networks_that_rules_name_and_no_others() -> None:
    config = ng().config
    tables = {table.name: table for table in config.networks}
    assert sorted(tables) == [
        *("dial_in", "exchange1", "exchange2", "inside", "mail_in", "mail_servers", "office")
    ]
    inside = addresses(tables["inside"].members, tables)
    assert inside == addresses(tables["office"].members, tables)
    assert tables["exchange1"].comment.endswith("call J\xfcrgen before a restart")


def test_rules_keep_their_order_and_their_sense() -> None:
    config = ng().config
    assert [
        (rule.name, *map(str, (rule.source[0], rule.destination[0])), rule.resource, rule.action)
        for rule in config.rules
    ] == [
        ("in", "any", "mail_in", "smtp_in", "accept"),
        ("out", "inside", "!mail_in", "smtp_out", "accept"),
        ("", "mail_in", "inside", "", "accept"),
        ("", "dial_in", "any", "", "reject"),
        ("cleanup", "any", "any", "", "drop"),
    ]
    assert [rule.track for rule in config.rules] == ["log", "log", "account", "alert", "log"]
    assert [rule.disabled for rule in config.rules] == [False, False, False, True, False]
    assert (config.rules[4].install, config.rules[4].time) == (("craig",), ("workhours",))


def test_resources_by_either_spelling_nested_and_flat() -> None:
    config = ng().config
    first, second = config.resources
    assert first.mail_delivery_server == "{10.1.5.2,10.1.5.3}"
    assert first.match_recipient.text == "*@{kontor.example, werk.example}"
    assert first.rewrite_recipient is not None and first.rewrite_field is not None
    assert first.rewrite_recipient.rewritten.text == "&@kontor.example"
    assert (first.rewrite_field.field, first.rewrite_field.rewritten.text) == ("X-Mailer", "")
    assert (first.strip_file_by_name, first.mail_capacity) == ("*.{exe,pif,scr,vbs}", 4000)
    assert (first.strip_script_tags, first.strip_applet_tags) == (True, False)
    assert (first.enable_cvp, first.server, first.allowed_to_modify_content) == (
        True,
        "scan1",
        False,
    )
    assert (second.exception_track, second.match_sender.text) == ("alert", "*@kontor.example")
    assert v41().config.resources[0].match_recipient.text == "*@werk.example"


def test_a_cvp_server_becomes_a_scanner_that_a_person_must_complete() -> None:
    imported = ng()
    assert [str(one.address) for one in imported.config.scanners] == ["192.0.2.25:18181"]
    assert any("CVP is not spoken here" in line for line in said(imported))


def test_what_is_left_out_is_said_with_its_place() -> None:
    assert said(ng()) == [
        "[[rule]] 1, 2, 3: they ask to which server a client was going; that wants an nft "
        "redirect, see docs/redirect.md",
        "objects_5_0.C:27: rundir = $FWDIR/spool left out: it is a place on the old gateway",
        *(line for line in said(ng()) if "this version" in line),
        "objects_5_0.C:274: scanner scan1: CVP is not spoken here; its mail waits until "
        "[scanner.scan1] has the address of a clamd or ICAP server",
        "objects_5_0.C:378: resource no_downloads: not of type smtp, left out",
        "rulebases_5_0.fws:213: rule 4: left out: http is not SMTP",
        "rulebases_5_0.fws:276: rule 5 is [[rule]] 4",
        "rulebases_5_0.fws:338: rule 6 is [[rule]] 5",
        "rulebases_5_0.fws:338: rule 6: install on craig has no effect here",
        "rulebases_5_0.fws:338: rule 6: the rule holds always here, not only workhours",
    ]
    assert said(v41()) == [
        "[[rule]] 1: they ask to which server a client was going; that wants an nft redirect, "
        "see docs/redirect.md",
        "smtp.conf:11: no parameter is called 'blocking'",
    ]


def test_a_resource_without_a_server_has_the_default_server() -> None:
    """On the gateway it beats the server that the client was going to."""
    server = (":mail_delivery_server (172.16.1.10)", ":mail_delivery_server ()")
    imported = v41(objects=(server,))
    assert imported.config.original_destination == "redirect"
    assert imported.config.resources[0].mail_delivery_server == "172.16.1.10"
    assert "[resource.inbound] is given the default_server 172.16.1.10" in said(imported)


def test_without_servers_in_its_rules_nothing_is_intercepted() -> None:
    imported = v41(("\t\t\t\t: notes\n", "\t\t\t\t: Any\n"))
    assert imported.config.original_destination == "off"
    assert len(said(imported)) == 1


# What lets less through is left out; what could let more through stops the relay.


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            (':strip_file_by_name ("*.{exe,pif,scr,vbs}")', ':strip_file_by_name ("*.{exe")'),
            "strip_file",
        ),
        ((":mail_capacity (4000)", ":mail_capacity (few)"), "mail_capacity"),
        ((":mail_capacity (4000)", ":largest (4000)"), "largest"),
        ((":exception_track (log)", ":antivirus (\n\t\t\t\t:mode (cure)\n\t\t\t)"), "antivirus"),
    ],
)
def test_a_field_that_may_keep_mail_back_is_never_lost(
    change: tuple[str, str], problem: str
) -> None:
    imported = ng(change)
    assert problem in problems(imported)
    assert any(f"resource smtp_in: {problem}" in line for line in said(imported))


def test_a_field_that_is_off_is_only_said() -> None:
    imported = ng((":mail_capacity (4000)", ":largest (0)"))
    assert imported.problems is None
    assert any("largest not taken over: no such field is known" in line for line in said(imported))


def test_an_object_that_is_not_there_stops_the_relay() -> None:
    imported = v41(("\t\t\t\t: lan\n", "\t\t\t\t: branch\n"))
    assert "no network is called 'branch'" in problems(imported)


@pytest.mark.parametrize(
    "change",
    [
        (":ipaddr (172.16.0.0)", ":ipaddr (172.16.0)"),
        (":type (network)", ":type (domain)"),
    ],
)
def test_an_object_without_an_address_stops_the_relay(change: tuple[str, str]) -> None:
    imported = v41(objects=(change,))
    assert "no network is called 'lan'" in problems(imported)
    assert any("lan left out: " in line for line in said(imported))


def test_an_action_that_is_not_known_drops() -> None:
    imported = v41(("\t\t\t\t\t:type (accept)", "\t\t\t\t\t:type (encrypt)"))
    assert imported.config.rules[0].action == "drop"
    assert "Werk.W:3: rule 1: action encrypt is not known here: drop was taken" in said(imported)


def test_names_that_relay_toml_does_not_have() -> None:
    imported = v41(
        ("\t\t\t\t: lan\n", '\t\t\t\t: "2nd lan"\n'), objects=((": (lan", ': ("2nd lan"'),)
    )
    assert imported.problems is None
    assert [table.name for table in imported.config.networks] == ["notes", "n_2nd.20lan"]
    assert "objects.C:14: 2nd lan is called n_2nd.20lan in relay.toml" in said(imported)


@pytest.mark.parametrize("files", [("ng/objects_5_0.C",), ("v41/Werk.W",)])
def test_a_file_with_a_hole_is_not_imported(files: tuple[str, ...]) -> None:
    whole = source(files[0])
    cut = Source(whole.name, whole.content.rstrip()[:-1])
    is_objects = whole.name.endswith(".C")
    assert unreadable(Sources(cut if is_objects else None, () if is_objects else (cut,))) != ()
    assert unreadable(Sources(whole if is_objects else None, () if is_objects else (whole,))) == ()


# Choices


def test_of_several_policies_the_one_with_a_resource_or_the_one_that_is_named() -> None:
    other = Source(
        "Other.W", source("v41/Werk.W", ("##Werk", "##Other"), ('"smtp->inbound"', "smtp")).content
    )
    sources = Sources(
        source("v41/objects.C"), (other, source("v41/Werk.W")), source("v41/smtp.conf")
    )
    first = import_config(sources)
    assert first.config.rules[0].resource == "inbound"
    assert "Other.W:2: policy Other left out: Werk was taken (--policy)" in said(first)
    assert import_config(sources, policy="Other").config.rules[0].resource == ""
    assert any(
        "no rule base is called 'x'" in line for line in said(import_config(sources, policy="x"))
    )


def test_a_gateway_that_is_named() -> None:
    sources = Sources(source("ng/objects_5_0.C"), (source("ng/rulebases_5_0.fws"),))
    assert import_config(sources, gateway="craig").config.resend_period == 300
    none = import_config(sources, gateway="greg")
    assert none.config.resend_period == Config().resend_period
    assert any("no gateway 'greg'" in line for line in said(none))


def test_a_server_that_does_not_run_is_said() -> None:
    conf = Source("fwauthd.conf", b"#25 fwssd in.asmtpd wait 0\n")
    imported = import_config(Sources(source("v41/objects.C"), (source("v41/Werk.W"),), None, conf))
    assert any(
        line.startswith("fwauthd.conf:1: the line of in.asmtpd is commented")
        for line in said(imported)
    )


def test_smtp_conf_in_any_form() -> None:
    text = (
        '(\n\t:timeout (90)\n)\nscan_period\t2\nrundir = "/var/spool"\n# off 1\n\npostmaster\n;;\n'
    )
    assert read_smtp_conf(text) == (
        Setting("timeout", "90", 2),
        Setting("scan_period", "2", 4),
        Setting("rundir", "/var/spool", 5),
        Setting("postmaster", "", 8),
        Unread(9, ";;"),
    )


@pytest.mark.parametrize(
    "path",
    ["ng/objects_5_0.C", "ng/rulebases_5_0.fws", "v41/objects.C", "v41/Werk.W", "v41/smtp.conf"],
)
def test_flipped_bytes_raise_nothing(path: str) -> None:
    whole, chance = source(path), random.Random(11)
    folder = path.partition("/")[0]
    objects = source("ng/objects_5_0.C" if folder == "ng" else "v41/objects.C")
    rules = source("ng/rulebases_5_0.fws" if folder == "ng" else "v41/Werk.W")
    for _ in range(60):
        content = bytearray(whole.content)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.choice(b'():" \n\t.0aZ*{\\\xff')
        flipped = Source(whole.name, bytes(content))
        imported = import_config(
            Sources(
                flipped if whole.name.endswith(".C") else objects,
                (flipped if whole.name.endswith((".W", ".fws")) else rules,),
                flipped if whole.name == "smtp.conf" else None,
            )
        )
        if imported.problems is None:
            assert load(imported.text) == imported.config
