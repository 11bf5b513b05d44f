"""What becomes of a message: intake, rewriting and content, by the code that does them.

Nothing is delivered and nothing written.  What cannot be known without asking others is no
part of it: what a scanner would say is said to be asked, and where an MX leads is not looked up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from relay.config.resources import Resource
from relay.message.joined import Joined
from relay.message.line_view import Content
from relay.message.mime import Edit, Limits, Scanner, Tree
from relay.message.received import Arrival, received_line
from relay.policy.acceptance import BY_MX, Acceptance
from relay.policy.pipeline import Plan, filtered, label, orders_of, plan
from relay.policy.resources import named, needs_content
from relay.policy.rewriting import Change, Kind
from relay.policy.rulebase import RuleBase
from relay.policy.sent_envelope import envelope_of
from relay.policy.verdict import Outcome, Verdict
from relay.replay.case import Case
from relay.replay.conversation import Refused, Taken, converse
from relay.replay.header_diff import FieldChange, header_diff
from relay.replay.house import House
from relay.smtp.mailbox import Mailbox
from spooltool.spool.checks import Check
from spooltool.spool.hosts import parse_hosts
from spooltool.spool.recipient import Path


class End(Enum):
    """What becomes of a message as a whole; of several copies the last word that applies."""

    PASS = "pass"
    CHANGED = "changed"
    DEFER = "defer"
    BLOCKED = "blocked"
    PARTLY = "partly refused"
    REFUSED = "refused"

    @property
    def delivered(self) -> bool:
        """Whether all of it would be sent on."""
        return self in (End.PASS, End.CHANGED)


@dataclass(frozen=True, slots=True)
class Copy:
    """One transaction that is accepted, and what becomes of its content.

    `before` and `after` are its structure; None where nothing looks at it, or changes it.
    `changes` is what rewriting did to addresses and fields, or would not do.  `edits` make the
    filtered form of `content`, of which `digest` is the SHA-256 in hexadecimal, without our
    own Received line: that is another each time.
    """

    acceptance: Acceptance
    resource: Resource | None
    sender: Path
    recipients: tuple[Path, ...]
    headers: tuple[FieldChange, ...]
    changes: tuple[Change, ...]
    outcome: Outcome
    content: Content
    size: int
    digest: str
    before: Tree | None = None
    after: Tree | None = None
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()
    passed: frozenset[Check] = frozenset()

    @property
    def scanned(self) -> bool:
        """Whether an antivirus scanner has a word in it."""
        return self.acceptance.av_setting != "none" and Check.ANTIVIRUS not in self.passed

    def pieces(self) -> Iterator[bytes]:
        """The filtered form, piece by piece; the content as it is where nothing is changed."""
        return filtered(self.content, self.edits) if self.edits else self.content.chunks()

    def judged(self, outcome: Outcome) -> Copy:
        """The same with another outcome: a scanner has spoken."""
        return replace(self, outcome=outcome)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of one message in one house."""

    house: House
    copies: tuple[Copy, ...]
    refused: tuple[Refused, ...]

    @property
    def end(self) -> End:
        """The whole in one word: the worst that happens to any of it."""
        found = [End(copy.outcome.verdict.value) for copy in self.copies]
        if self.refused:
            found.append(End.PARTLY if found else End.REFUSED)
        return max(found, key=list(End).index)


def forecast(house: House, case: Case) -> Forecast:
    """What the house would do with the message.  Raises OSError where it cannot be read."""
    talk = converse(house, case)
    copies = tuple(_copy(house, case, taken) for taken in talk.taken)
    return Forecast(house, copies, tuple(talk.refused))


def _copy(house: House, case: Case, taken: Taken) -> Copy:
    acceptance, transaction = taken.acceptance, taken.transaction
    sender, recipients = envelope_of(transaction, taken.rewriter)
    block, changes, notes = taken.block, tuple[Change, ...](), []
    if taken.rewriter is not None:
        rewritten = taken.rewriter.headers(taken.block, house.hostname)
        to = tuple(one.mailbox.text for one in transaction.recipients)
        envelope = taken.rewriter.envelope_changes(transaction.sender.text, to)
        block, changes = rewritten.block, (*envelope, *rewritten.changes)
        notes += ["DKIM broken by rewriting"] * rewritten.broken_dkim
    own = _received(house, case, recipients)
    content = Joined(own + block + b"\n", case.content, taken.body)
    resource = house.resources.get(named(acceptance.resource))
    made = _judged(house, case, acceptance, resource, content)
    barred, unknown = _barred(house, case, acceptance, resource, taken)
    if barred is not None and Check.RULE_BASE not in case.passed:
        made = replace(made, outcome=barred, edits=())
    notes += unknown
    digest, size, after = _form(content, made, house, len(own))
    return Copy(
        acceptance,
        resource,
        sender,
        tuple(recipients),
        header_diff(taken.block, block),
        changes,
        made.outcome,
        content,
        size,
        digest,
        made.tree if made.tree.parts else None,
        after,
        made.edits,
        (*notes, *made.outcome.notes, *_refusals(changes)),
        case.passed,
    )


def _received(house: House, case: Case, recipients: Iterable[Path]) -> bytes:
    addresses = [one.address for one in recipients]
    return received_line(
        Arrival(
            case.helo,
            case.source,
            "",
            house.hostname,
            case.protocol,
            case.number,
            addresses[0] if len(addresses) == 1 else "",
            case.arrived,
        )
    )


_NOT_LOOKED_AT = Plan(Outcome(Verdict.PASS), Tree((), 0))


def _judged(
    house: House,
    case: Case,
    acceptance: Acceptance,
    resource: Resource | None,
    content: Content,
) -> Plan:
    asked = acceptance.av_setting != "none"
    if not asked and (resource is None or not needs_content(resource, content.size)):
        return _NOT_LOOKED_AT
    orders = orders_of(
        resource,
        rule=str(acceptance.rule),
        scanned=asked and Check.ANTIVIRUS not in case.passed,
        passed=case.passed,
        limits=_limits(house),
    )
    return plan(content, orders)


def _limits(house: House) -> Limits:
    return Limits(header=house.headers.size, fields=house.headers.fields)


def _form(content: Content, made: Plan, house: House, own: int) -> tuple[str, int, Tree | None]:
    """Digest, size and structure of what would be sent; "" and 0 where nothing would.

    The digest leaves out the first `own` octets, our Received line.
    """
    if made.outcome.verdict in (Verdict.BLOCKED, Verdict.DEFER):
        return "", 0, None
    scanner = Scanner(_limits(house)) if made.edits else None
    digest, size = hashlib.sha256(), 0
    for piece in filtered(content, made.edits) if made.edits else content.chunks():
        digest.update(piece[max(own - size, 0) :])
        size += len(piece)
        if scanner is not None:
            scanner.feed(piece)
    return digest.hexdigest(), size, scanner.end() if scanner is not None else None


def _barred(
    house: House,
    case: Case,
    acceptance: Acceptance,
    resource: Resource | None,
    taken: Taken,
) -> tuple[Outcome | None, list[str]]:
    """Whether the rules keep it from its server, and what of that is known at delivery only.

    Of several servers any may be the one: what is said holds where all are barred.
    """
    rules = house.rule
    if resource is None or not resource.check_rulebase_with_new_destination:
        return None, []
    if not isinstance(rules, RuleBase):
        return None, []
    hosts = () if acceptance.route == BY_MX else parse_hosts(acceptance.dst)
    addresses = [host.host for host in hosts if _is_address(host.host)]
    if len(addresses) < len(hosts) or not hosts:
        return None, ["the rules are asked again once the server's address is known"]
    sender = taken.transaction.sender
    if any(_may(rules, case, address, sender, taken) for address in addresses):
        return None, []
    orders = orders_of(resource, rule=str(acceptance.rule))
    reason = f"{label(orders)}no rule lets it go to {', '.join(addresses)}"
    return Outcome(Verdict.BLOCKED, reason, check=Check.RULE_BASE), []


def _may(rules: RuleBase, case: Case, address: str, sender: Mailbox, taken: Taken) -> bool:
    return all(
        rules.allows(case.source, address, sender, one.mailbox) is not None
        for one in taken.transaction.recipients
    )


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _refusals(changes: Iterable[Change]) -> Iterator[str]:
    """What a rule describes and rewriting left as it is."""
    for one in changes:
        if one.kind is Kind.REFUSED:
            yield f"{one.field} is not rewritten: {one.why}"
