"""A relay.toml as Check Point's files, and what they cannot say.

What is written reads back, by `importing`, to what was there.  Where the files cannot say
it, a remark does, and the rule that is written lets less through, never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from relay.config.checkpoint.change import Reference
from relay.config.checkpoint.edits import Layout, Leaf, Node
from relay.config.checkpoint.export_objects import Objects, prose, resource_node, scanner_node
from relay.config.checkpoint.filenames import FWAUTHD_CONF, OBJECTS, RULES, SMTP_CONF
from relay.config.checkpoint.fwauthd import SERVER
from relay.config.checkpoint.importing import EVERYWHERE, SMTP_PORT, intercepting
from relay.config.checkpoint.known import SMTP_SETTINGS
from relay.config.checkpoint.remarks import Remark, Remarks
from relay.config.checkpoint.sections import NETWORK_OBJECTS, RESOURCES, SERVERS, SERVICES
from relay.config.parameters import CHAPTER, PARAMETERS, Config
from relay.config.rules import RuleTable

POLICY = "##Relay"
GATEWAY = "relay"
"""Names of the policy and of the gateway object that are written."""

_IN_SMTP_CONF = frozenset(("default_server", "error_server"))
_TRACKS: Mapping[str, str] = {"none": "None", "log": "Log", "alert": "Alert", "account": "Account"}
_ELSEWHERE = frozenset(("listen", "intake_workers", "original_destination"))

Items = tuple[Leaf | Node, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """The files by name, and what they do not say."""

    files: Mapping[str, bytes]
    remarks: tuple[Remark, ...]


def export_config(config: Config) -> Exported:
    """Write a valid configuration in Check Point's files."""
    remarks = Remarks()
    objects = Objects({one.name for one in config.networks}, remarks)
    for table in config.networks:
        objects.add_table(table)
    rules = [_rule(rule, objects, remarks) for rule in config.rules]
    servers = [scanner_node(one, objects, remarks) for one in config.scanners]
    resources = [resource_node(one, remarks) for one in config.resources]
    gateway = Node("", objects.free_name(GATEWAY), _gateway(config))
    smtp = Node("", "smtp", (Leaf("port", str(SMTP_PORT)), Leaf("type", "Tcp")))
    sections = (
        Leaf("version", "5.9"),
        Node(NETWORK_OBJECTS, NETWORK_OBJECTS, (gateway, *objects.nodes)),
        Node(SERVICES, SERVICES, (smtp,)),
        Node(SERVERS, SERVERS, tuple(servers)),
        Node("resources_types", "resources_types", tuple(one for one in resources if one)),
    )
    files = {
        OBJECTS[0]: _file(sections),
        RULES: _file((Node("rule-base", POLICY, tuple(rules)),)),
        FWAUTHD_CONF: _fwauthd(config, remarks),
    }
    if smtp_conf := _smtp_conf(config):
        files[SMTP_CONF] = smtp_conf
    _left_out(config, remarks)
    return Exported(files, remarks.sorted())


def _file(items: Iterable[Leaf | Node]) -> bytes:
    layout = Layout()
    return b"(" + b"".join(layout.lines(items, layout.unit)) + b"\n)\n"


def _gateway(config: Config) -> Items:
    settings = tuple(
        Leaf(name, _text(getattr(config, name)))
        for name in _changed(config)
        if name not in _IN_SMTP_CONF
    )
    first, second = SMTP_SETTINGS
    nodes = (Node(first, "", (Node(second, "", settings),)),) if settings else ()
    return (*nodes, Leaf("type", "gateway"))


def _smtp_conf(config: Config) -> bytes:
    names = (name for name in _changed(config) if name in _IN_SMTP_CONF)
    lines = [f"{name} {getattr(config, name)}\n" for name in names]
    return "".join(lines).encode("ascii", "replace")


def _fwauthd(config: Config, remarks: Remarks) -> bytes:
    port = next((one.port for one in config.listen if one.host == EVERYWHERE), None)
    if [str(one) for one in config.listen] != [f"{EVERYWHERE}:{port}"]:
        remarks.add("", 0, f"listen: {SERVER} listens on every address of a gateway")
    number = -config.intake_workers if config.intake_workers > 1 else 0
    return f"{port or SMTP_PORT}\tfwssd\t{SERVER}\twait\t{number}\n".encode()


def _changed(config: Config) -> Iterator[str]:
    """The chapter's parameters that differ from their defaults."""
    for one in PARAMETERS:
        if one.source == CHAPTER and getattr(config, one.name) != one.default:
            yield one.name


def _left_out(config: Config, remarks: Remarks) -> None:
    for one in PARAMETERS:
        same = getattr(config, one.name) == one.default
        if one.source != CHAPTER and one.name not in _ELSEWHERE and not same:
            remarks.add("", 0, f"{one.name} left out: the files have no place for it")
    if (config.original_destination == "off") == bool(intercepting(config)):
        remarks.add("", 0, "original_destination left out: a gateway sees every connection")
    for table in config.destinations:
        remarks.add("", 0, f'[destination."{table.pattern}"] left out: there is no such object')


def _rule(rule: RuleTable, objects: Objects, remarks: Remarks) -> Node:
    what = f"[[rule]] {rule.number}"
    source = objects.column("src", rule.source, what)
    destination = objects.column("dst", rule.destination, what)
    if source.nobody or destination.nobody:
        remarks.add("", 0, f"{what} is disabled in the files: they know nobody whom it is about")
        rule = replace(rule, disabled=True)
    if not (source.whole and destination.whole):
        remarks.add("", 0, f"{what}: nobody is taken out of it in the files" + _shut(rule))
        rule = replace(rule, disabled=rule.disabled or rule.action == "accept")
    return Node(
        "rule",
        "",
        (
            Node("AdminInfo", "", (Leaf("ClassName", "security_rule"),)),
            Node("action", "", (Node("", rule.action, (Leaf("type", rule.action),)),)),
            Leaf("comments", prose(rule.comment, f"{what}: comment", remarks)),
            Leaf("disabled", _text(rule.disabled)),
            destination.node,
            _words("install", rule.install, what, remarks),
            Leaf("name", prose(rule.name, f"{what}: name", remarks)),
            _services(rule),
            source.node,
            _words("time", rule.time, what, remarks),
            Node("track", "", (Leaf("", _TRACKS[rule.track], bare=True),)),
        ),
    )


def _shut(rule: RuleTable) -> str:
    return ", so it is disabled" if rule.action == "accept" else ""


def _services(rule: RuleTable) -> Node:
    service = Reference(SERVICES, "smtp").node
    if not rule.resource:
        return Node("services", "", (service(),))
    resource = Reference(RESOURCES, rule.resource).node("resource")
    member = Node("", f"smtp->{rule.resource}", (resource, service("service")))
    return Node("services", "", (Node("compound", "", (member,)),))


def _words(name: str, words: tuple[str, ...], what: str, remarks: Remarks) -> Node:
    members = [Node("", prose(word, f"{what}: {name}", remarks)) for word in words or ("Any",)]
    return Node(name, "", tuple(members))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
