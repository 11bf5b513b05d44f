"""Check Point's configuration files to one relay.toml, and what it could not carry over.

What cannot be said is left out with a remark where that lets less mail through.  Where it
could let more through, it stays as a name that leads nowhere or a field that there is not:
`relay config check` names it, and no relay starts before a person has decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from relay.config.checkpoint.filenames import OBJECTS
from relay.config.checkpoint.fwauthd import NotStarted, served, smtp_server
from relay.config.checkpoint.import_objects import (
    networks_of,
    resources_of,
    scanners_of,
    with_odd_fields,
)
from relay.config.checkpoint.import_rules import rules_of
from relay.config.checkpoint.import_settings import of_gateway, of_smtp_conf, values_of
from relay.config.checkpoint.remarks import Remark, Remarks, Source
from relay.config.checkpoint.rulebase import RuleBase, rule_bases
from relay.config.checkpoint.sections import objects_of
from relay.config.checkpoint.syntax import decode
from relay.config.checkpoint.tree import Document, text_of
from relay.config.networks import EVERYBODY
from relay.config.parameters import Config
from relay.config.resources import Resource
from relay.config.show import show
from relay.config.toml import Problems, load
from spooltool.spool.hosts import HostPort

SMTP_PORT = 25
EVERYWHERE = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one gateway; None for one that there is not."""

    objects: Source | None = None
    rules: tuple[Source, ...] = ()
    smtp_conf: Source | None = None
    fwauthd_conf: Source | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it: the configuration, its text, the remarks, and what is wrong with it."""

    config: Config
    text: str
    remarks: tuple[Remark, ...]
    problems: Problems | None


def import_config(sources: Sources, *, policy: str = "", gateway: str = "") -> Imported:
    """Import files.  `policy` and `gateway` choose one where there are several."""
    remarks = Remarks()
    document = _document(sources.objects, remarks)
    name = sources.objects.name if sources.objects else OBJECTS[0]
    settings = [
        *of_smtp_conf(sources.smtp_conf, remarks),
        *of_gateway(document, name, gateway, remarks),
    ]
    values = values_of(settings, remarks)
    config = replace(Config(), **values)  # type: ignore[arg-type]  # by kind
    config = replace(config, listen=(HostPort(EVERYWHERE, SMTP_PORT),))
    config = _served(config, sources.fwauthd_conf, remarks)
    base, file = _chosen(sources.rules, policy, remarks)
    rules, named = rules_of(base, file, document, remarks)
    resources, odd = resources_of(document, name, remarks)
    config = replace(
        config,
        rules=rules,
        networks=networks_of(document, name, named, remarks),
        resources=resources,
        scanners=scanners_of(document, name, resources, remarks),
    )
    config = _with_destinations(config, remarks)
    text = with_odd_fields(show(config, non_default=True), odd)
    loaded = load(text)
    return Imported(
        config, text, remarks.sorted(), loaded if isinstance(loaded, Problems) else None
    )


def unreadable(sources: Sources) -> tuple[str, ...]:
    """What puts the shape of the files in doubt: a rule may lie where nothing was read."""
    parenthesised = (*((sources.objects,) if sources.objects else ()), *sources.rules)
    return tuple(
        f"{one.name}:{defect}" for one in parenthesised for defect in decode(one.content).severe
    )


def _document(source: Source | None, remarks: Remarks) -> Document:
    document = decode(source.content if source is not None else b"()")
    if source is not None:
        for kind, item in _other_resources(document):
            remarks.add(source.name, document.line(item), f"{kind}: not of type smtp, left out")
    return document


def _other_resources(document: Document) -> Iterator[tuple[str, int]]:
    for name, item in objects_of(document, "resources"):
        if item.text("type").lower() != "smtp":
            yield f"resource {name}", item.start


def _served(config: Config, source: Source | None, remarks: Remarks) -> Config:
    if source is None:
        return config
    line = smtp_server(text_of(source.content))
    if isinstance(line, NotStarted):
        remarks.add(source.name, line.line, f"{line.text}; relay.toml takes mail all the same")
        return config
    if line.port != SMTP_PORT:
        config = replace(config, listen=(HostPort(EVERYWHERE, line.port),))
    return served(config, line)


def _chosen(
    sources: tuple[Source, ...], policy: str, remarks: Remarks
) -> tuple[RuleBase | None, str]:
    """The rule base to import: by name, else the first with a resource, else the first."""
    found: list[tuple[RuleBase, str]] = []
    for source in sources:
        found += [(base, source.name) for base in rule_bases(decode(source.content))]
    if policy:
        found = [(base, file) for base, file in found if base.name == policy.removeprefix("##")]
    if not found:
        what = f"no rule base is called {policy!r}" if policy else "there is no rule base"
        remarks.add("", 0, f"{what}: nothing would be accepted")
        return None, ""
    chosen = next((one for one in found if _with_resource(one[0])), found[0])
    for base, file in found:
        if base is not chosen[0]:
            text = f"policy {base.name} left out: {chosen[0].name} was taken (--policy)"
            remarks.add(file, base.line, text)
    return chosen


def _with_resource(base: RuleBase) -> bool:
    return any(one.resource for rule in base.rules for one in rule.service_members())


def intercepting(config: Config) -> tuple[int, ...]:
    """The rules that want to know which server a client was going to.

    Those that name servers, and those whose mail goes there: without a resource, or with
    one that has no server of its own, where there is no default_server.
    """
    placed = {
        one.name
        for one in config.resources
        if one.mail_delivery_server
        or one.deliver_messages_using_dns_mx_records
        or config.default_server
    }
    return tuple(
        rule.number
        for rule in config.rules
        if not rule.disabled
        and (
            rule.destination != EVERYBODY
            or (rule.action == "accept" and rule.resource not in placed)
        )
    )


def _with_destinations(config: Config, remarks: Remarks) -> Config:
    """Connections are taken on their way, as on the gateway; default_server beats where to."""
    rules = intercepting(config)
    if not rules:
        return config
    listed = ", ".join(map(str, rules))
    remarks.add(
        "",
        0,
        f"[[rule]] {listed}: they ask to which server a client was going; that wants an nft "
        "redirect, see docs/redirect.md",
    )
    resources = tuple(_placed(one, config.default_server, remarks) for one in config.resources)
    return replace(config, original_destination="redirect", resources=resources)


def _placed(resource: Resource, default: str, remarks: Remarks) -> Resource:
    """A resource without a server has default_server, which beats the client's server there."""
    if (
        not default
        or resource.mail_delivery_server
        or resource.deliver_messages_using_dns_mx_records
    ):
        return resource
    remarks.add("", 0, f"[resource.{resource.name}] is given the default_server {default}")
    return replace(resource, mail_delivery_server=default)
