"""What the rule base says to one connection: at its greeting, and to each recipient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.policy.acceptance import Acceptance
from relay.policy.origin import OWN_CONNECTION, Origin
from relay.policy.refusal import Refusal, Told
from relay.policy.rewriting import Rewriter
from relay.policy.rules import Action, Rule, Track, misses_mail
from relay.smtp.mailbox import NULL, Mailbox
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort, parse_hosts

DROPPED = Reply(421, "4.7.1", "connection dropped")
"""Of a rule that drops: the client may try again, and is not told for what."""

REJECTED = Reply(554, "5.7.1", "refused")
NO_RESOURCE = Reply(550, "5.7.1", "no mail is accepted for this recipient")
UNAVAILABLE = Reply(450, "4.5.3", "Mailbox Unavailable")
"""To a recipient of another rule than the first one's: the client sends it apart.  The text
is the original's; the status says what the client has to do (RFC 3463 3.6)."""


class Base(Protocol):
    """The rule base, as a connection asks it."""

    def about(self, source: str, destination: str) -> tuple[Rule, ...]:
        """The rules that are about a connection."""
        ...

    def acceptance(self, rule: Rule, found: HostPort | None) -> Acceptance | Reply:
        """What mail accepted by a rule is written with."""
        ...

    def rewriter(self, rule: Rule) -> Rewriter | None:
        """What the rule changes in addresses and headers."""
        ...


class RulePolicy:
    """What the rule base says to one connection; a `relay.smtp.server.Policy`.

    `acceptance` and `rewriter` are those of the open transaction, from its first accepted
    recipient on.
    """

    __slots__ = (
        "_base",
        "_first",
        "_origin",
        "_rules",
        "_sender",
        "_source",
        "_space",
        "_told",
        "acceptance",
        "rewriter",
    )

    def __init__(
        self,
        base: Base,
        source: str,
        origin: Origin,
        space: Callable[[], Reply | None],
        told: Told,
    ) -> None:
        self._base = base
        self._source = source
        self._origin = origin
        self._space = space
        self._told = told
        to = origin.destination
        self._rules = base.about(source, to.host if to is not None else origin.at)
        self._sender = NULL
        self._first: Rule | None = None
        self.acceptance: Acceptance | None = None
        self.rewriter: Rewriter | None = None

    def connect(self) -> Reply | None:
        """A reply to a client of which no mail could ever be accepted."""
        found = [self._accepted(rule) for rule in self._rules if rule.action is Action.ACCEPT]
        if any(isinstance(one, Acceptance) for one in found):
            return None
        last = self._rules[-1] if self._rules else None
        if found:
            last = next(rule for rule in self._rules if rule.action is Action.ACCEPT)
            return self._say(found[0], "connect", last)
        if last is not None and last.decisive:
            return self._say(_refusing(last), "connect", last)
        if self._origin.from_here and self._origin.destination is not None:
            return self._say(OWN_CONNECTION, "connect", None)
        reply = Reply(554, "5.7.1", f"no mail is accepted from {self._source}")
        return self._say(reply, "connect", None)

    def admit(self) -> Reply | None:
        """452 4.3.1 while there is no space for a message."""
        return self._space()

    def mail(self, mailbox: Mailbox) -> Reply | None:
        """A transaction begins; its sender counts at RCPT."""
        self._sender = mailbox
        self._first = self.acceptance = self.rewriter = None
        return None

    def rcpt(self, mailbox: Mailbox) -> Reply | None:
        """One more recipient: the first one chooses the rule, the others must come to it."""
        rule = next(
            (one for one in self._rules if misses_mail(one, self._sender, mailbox) is None), None
        )
        if rule is not None and rule is self._first:
            return None
        if rule is None:
            return self._say(NO_RESOURCE, "rcpt", None, mailbox)
        if rule.action is Action.REJECT:
            return self._say(REJECTED, "rcpt", rule, mailbox)
        if self._first is not None:
            # Also where the other rule drops: this mail has a recipient who gets it.
            return self._say(UNAVAILABLE, "rcpt", rule, mailbox)
        if rule.action is Action.DROP:
            return self._say(DROPPED, "rcpt", rule, mailbox)
        found = self._accepted(rule)
        if isinstance(found, Reply):
            return self._say(found, "rcpt", rule, mailbox)
        self._first, self.acceptance = rule, found
        self.rewriter = self._base.rewriter(rule)
        return None

    def _accepted(self, rule: Rule) -> Acceptance | Reply:
        found = self._base.acceptance(rule, self._origin.destination)
        loop = self._origin.loop
        if isinstance(found, Acceptance) and loop is not None and found.route == "dst":
            hosts = {(host.host, host.port or found.dport) for host in parse_hosts(found.dst)}
            if (loop.host, loop.port) in hosts:
                # The fault is ours and may be mended: the client keeps its mail meanwhile.
                return Reply(421, "4.4.6", f"{loop} is this relay: mail would go in circles")
        return found

    def _say(
        self, reply: Acceptance | Reply, verb: str, rule: Rule | None, to: Mailbox = NULL
    ) -> Reply:
        assert isinstance(reply, Reply), "only refusals are told"
        later = reply is UNAVAILABLE
        self._told(
            Refusal(
                reply,
                verb,
                rule.number if rule is not None else 0,
                dropped=reply is DROPPED,
                tracked=not later and (rule is None or rule.track is not Track.NONE),
                alert=not later and rule is not None and rule.track is Track.ALERT,
                sender=self._sender.text if to is not NULL else "",
                recipient=to.text,
            )
        )
        return reply


def _refusing(rule: Rule) -> Reply:
    return DROPPED if rule.action is Action.DROP else REJECTED
