"""The rule base: ordered rules, the first that is about a connection and its mail decides.

A rule without a resource decides as soon as a client connects.  Rules with one are asked at
RCPT, each about sender and recipient, down to the first rule without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from relay.config import Config
from relay.config.scanners import ScannerTable
from relay.policy import resources
from relay.policy.acceptance import BY_MX, DEFAULT_PORT, NO_SCANNER, Acceptance, as_destination
from relay.policy.cidr import Networks, parse_networks
from relay.policy.networks import resolve
from relay.policy.origin import DIRECT, Origin, destination_of
from relay.policy.refusal import Told, nobody_told
from relay.policy.resources import Resource
from relay.policy.rewriting import Rewriter, Rewriting
from relay.policy.rule_policy import RulePolicy
from relay.policy.rules import Action, Miss, Rule, Track, misses_connection, misses_mail
from relay.smtp.mailbox import Mailbox
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort, format_hosts, parse_hosts

_LOG = {"none": "", "log": "MDQ_LOG", "alert": "MDQ_ALERT"}
_GIVEN_UP = "MDQ_ALERT"
_MOST_KNOWN = 1000
_FOR_OURSELVES = Reply(554, "5.7.1", "no mail is accepted for this machine itself")


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was asked: why it was not about the mail, None: it decides."""

    rule: Rule
    miss: Miss | None


@dataclass(frozen=True, slots=True)
class RuleBase:
    """Rules in their order, and what holds for all of them.

    `default_server` is for connections that were meant for no server, `error_server` for
    error mail, `errmail` for rules without a resource.  The server from the wire is a
    destination where it lies in `servers` (None: any).
    """

    rules: tuple[Rule, ...]
    scanners: Mapping[str, ScannerTable] = field(default_factory=dict)
    default_server: str = ""
    error_server: str = ""
    errmail: bool = True
    servers: Networks | None = None
    _known: dict[tuple[int, HostPort | None], Acceptance | Reply] = field(
        default_factory=dict, repr=False, compare=False
    )
    _rewriters: dict[int, Rewriter] = field(default_factory=dict, repr=False, compare=False)

    @property
    def servers_of_ours(self) -> tuple[HostPort, ...]:
        """The hosts, each with its port, that mail goes to by configuration."""
        named = [self.default_server]
        named += [r.resource.mail_delivery_server for r in self.rules if r.resource is not None]
        return tuple(
            HostPort(host.host, host.port or DEFAULT_PORT)
            for text in named
            for host in parse_hosts(text)
        )

    def about(self, source: str, destination: str) -> tuple[Rule, ...]:
        """The rules to be asked about the mail of a connection; the last may be decisive."""
        found: list[Rule] = []
        for rule in self.rules:
            if misses_connection(rule, source, destination) is None:
                found.append(rule)
                if rule.decisive:
                    break
        return tuple(found)

    def trace(
        self, source: str, destination: str, sender: Mailbox, recipient: Mailbox
    ) -> tuple[Step, ...]:
        """Every rule down to the one that decides, and why those before it do not."""
        steps: list[Step] = []
        for rule in self.rules:
            miss = misses_connection(rule, source, destination)
            steps.append(Step(rule, miss or misses_mail(rule, sender, recipient)))
            if steps[-1].miss is None:
                break
        return tuple(steps)

    def allows(
        self, source: str, destination: str, sender: Mailbox, recipient: Mailbox
    ) -> Rule | None:
        """The rule that lets mail go from one IP address to another, None where none does.

        This is what "check rule base with new destination" asks before a delivery.
        """
        steps = self.trace(source, destination, sender, recipient)
        if steps and steps[-1].miss is None and steps[-1].rule.action is Action.ACCEPT:
            return steps[-1].rule
        return None

    def acceptance(self, rule: Rule, found: HostPort | None) -> Acceptance | Reply:
        """What mail accepted by a rule is written with; `found` is its client's server.

        A reply where there is no server that it could go to.
        """
        known = self._known.get((rule.number, found))
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[rule.number, found] = self._decided(rule, found)
        return known

    def rewriter(self, rule: Rule) -> Rewriter | None:
        """What the rule's resource changes in addresses and headers; None for nothing."""
        if rule.resource is None:
            return None
        known = self._rewriters.get(rule.number)
        if known is None:
            known = self._rewriters[rule.number] = Rewriter(rewriting(rule.resource, str(rule)))
        return None if known.idle else known

    def policy(
        self,
        source: str,
        space: Callable[[], Reply | None],
        origin: Origin = DIRECT,
        told: Told = nobody_told,
    ) -> RulePolicy:
        """The policy of one connection from `source`; `space` answers its `admit`."""
        return RulePolicy(self, source, origin, space, told)

    def _decided(self, rule: Rule, found: HostPort | None) -> Acceptance | Reply:
        resource = rule.resource
        server = resource.mail_delivery_server if resource is not None else ""
        by_mx = server == BY_MX
        if resource is not None and resource.deliver_messages_using_dns_mx_records:
            by_mx = True
        hosts = parse_hosts(server)
        if not hosts and found is not None:
            if not by_mx and self.servers is not None and found.host not in self.servers:
                return Reply(554, "5.7.1", f"no mail is accepted for {found.host}")
            hosts = (destination_of(found)[1],)
        if not hosts:
            hosts, by_mx = parse_hosts(self.default_server), by_mx or self.default_server == BY_MX
        if not hosts and by_mx:
            hosts = (HostPort(BY_MX),)
        if not hosts:
            return _FOR_OURSELVES
        return self._written(rule, hosts, by_mx=by_mx)

    def _written(self, rule: Rule, hosts: Sequence[HostPort], *, by_mx: bool) -> Acceptance:
        resource = rule.resource
        dst, dport = as_destination(hosts)
        route = BY_MX if by_mx else "dst"
        own = resource.error_mail_delivery_server if resource is not None else ""
        server = own or self.error_server
        errors = parse_hosts(server)
        # Error mail without a server of its own goes the way of the mail.
        err_route = "dst" if errors else route
        if server == BY_MX or (
            resource is not None and resource.error_deliver_messages_using_dns_mx_records
        ):
            err_route = BY_MX
        account = rule.track is Track.ACCOUNT
        plain = Acceptance(
            dst=dst,
            dport=dport,
            err_server=format_hosts(errors or tuple(hosts)),
            rule=rule.number,
            errmail=self.errmail,
            account=account,
            log_ok="MDQ_LOG" if account else _LOG[rule.track],
            log_err=_GIVEN_UP,
            route=route,
            err_route=err_route,
        )
        return plain if resource is None else self._with_resource(plain, resource)

    def _with_resource(self, plain: Acceptance, resource: Resource) -> Acceptance:
        setting, address = "none", NO_SCANNER
        if resource.enable_cvp:
            setting = "cure" if resource.allowed_to_modify_content else "check"
            address = self.scanners[resource.server].address
        return replace(
            plain,
            errmail=resource.notify_sender_on_error,
            log_bad=_LOG[resource.exception_track],
            resource=resources.value(resource),
            av_setting=setting,
            av_address=address,
            av_headers=resource.enable_cvp and resource.send_headers,
            judged=resources.needs_content(resource, 0),
        )


def rewriting(resource: Resource, rule: str) -> Rewriting:
    """The part of a resource that rewrites; `rule` is how logs name the cause."""
    sender, recipient, custom = (
        resource.rewrite_sender,
        resource.rewrite_recipient,
        resource.rewrite_field,
    )
    return Rewriting(
        sender=(sender.original, sender.rewritten) if sender else None,
        recipient=(recipient.original, recipient.rewritten) if recipient else None,
        custom=(custom.field, custom.original, custom.rewritten) if custom else None,
        rule=rule,
    )


def rulebase_of(config: Config) -> RuleBase:
    """The rule base of a valid configuration."""
    tables = {table.name: table for table in config.networks}
    known = {resource.name: resource for resource in config.resources}
    rules = tuple(
        Rule(
            table.number,
            Action(table.action),
            resolve(table.source, tables),
            resolve(table.destination, tables),
            known[table.resource] if table.resource else None,
            Track(table.track),
            table.disabled,
            table.name,
        )
        for table in config.rules
    )
    servers = parse_networks(config.original_networks)[0] if config.original_networks else None
    return RuleBase(
        rules,
        {scanner.name: scanner for scanner in config.scanners},
        config.default_server,
        config.error_server,
        config.errmail,
        servers,
    )
