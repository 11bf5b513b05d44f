"""What the intake writes down: the lines of asmtpd.elg and its records of tracker.log."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from relay.config.resources import NONE
from relay.intake.reception import Client, Reception
from relay.logs.process_log import ProcessLog
from relay.policy.acceptance import Acceptance
from relay.policy.refusal import Refusal
from relay.policy.rewriting import Kind
from relay.smtp.reply import Reply

_MOST_NAMED = 20
"""Recipients of a message that its record names; asmtpd.elg has the number of all."""


class Records:
    """Says what happened in the words of the logs.  Nothing here raises OSError."""

    def __init__(self, log: ProcessLog) -> None:
        self.log = log

    def stored(self, client: Client, reception: Reception) -> None:
        """A message is durable and its 250 goes out."""
        number, acceptance = reception.incoming.name.number, reception.acceptance
        sender, recipients = reception.sender, reception.recipients
        self.log.event(
            number,
            "stored",
            src=client.address,
            helo=client.helo,
            sender=sender.address,
            rcpts=len(recipients),
            size=reception.size,
            rule=acceptance.rule,
            resource=_name(acceptance) or None,
            proto=client.protocol,
            tls=client.cipher,
            proxy=client.proxy or None,
        )
        if reception.changes:
            self._rewritten(number, reception)
        if not acceptance.log_ok:
            return  # a rule that tracks nothing
        self.log.track(
            "accept",
            number,
            src=client.address,
            s_port=client.port,
            dst=acceptance.dst,
            service=acceptance.dport,
            proto="tcp",
            rule=acceptance.rule,
            resource=_name(acceptance),
            sender=sender.address or "<>",
            to=_named(one.address for one in recipients),
            Orig_from=sender.orig,
            Orig_to=_named(one.orig or one.address for one in recipients)
            if any(one.orig for one in recipients)
            else "",
            size=reception.size,
            proxy=client.proxy,
        )

    def _rewritten(self, number: str, reception: Reception) -> None:
        """What a resource changed, and what it could not."""
        changes, name = reception.changes, _name(reception.acceptance)
        done = {one.field.lower(): one.field for one in changes if one.kind is not Kind.REFUSED}
        rule = f"{reception.acceptance.rule} {name}"
        broken = f"DKIM broken by {rule}" if reception.dkim_broken else None
        self.log.event(number, "rewritten", rule=rule, fields=",".join(done.values()), dkim=broken)
        for one in changes:
            if one.kind is Kind.REFUSED:
                self.log.event(
                    number,
                    "not-rewritten",
                    rule=rule,
                    field=one.field,
                    text=one.old,
                    reason=one.why,
                )

    def turned_down(self, client: Client, refusal: Refusal) -> None:
        """The policy refused a client or a recipient."""
        reply = refusal.reply
        self.log.event(
            "",
            "refused",
            src=client.address,
            verb=refusal.verb,
            code=reply.code,
            enhanced=reply.enhanced or None,
            reply=reply.single(),
            sender=refusal.sender or None,
            to=refusal.recipient or None,
            helo=client.helo or None,
            rule=refusal.rule or None,
            proxy=client.proxy or None,
        )
        if refusal.tracked:
            self.log.track(
                "drop" if refusal.dropped else "reject",
                "",
                src=client.address,
                s_port=client.port,
                proto="tcp",
                rule=refusal.rule,
                sender=refusal.sender,
                to=refusal.recipient,
                reason=str(reply),
                proxy=client.proxy,
            )
        if refusal.alert:
            self.log.alert(f"rule {refusal.rule} refused {client.address}: {reply}")

    def tls_failed(self, client: Client, text: str) -> None:
        """A client with which TLS did not come about; it is gone."""
        self.log.event("", "tls-failed", src=client.address, text=text)

    def refused_client(self, client: Client, reply: Reply) -> None:
        """A client that was not even heard."""
        self._refused(client, "connect", reply, "", "")
        self._reject(client, reply, "")

    def no_header(self, proxy: str, port: int, why: str) -> None:
        """A proxy's connection was closed for want of a PROXY header; "": it said nothing."""
        if why:
            self.log.event("", "refused", src=proxy, verb="proxy", reason=why)
            self.log.track("drop", "", src=proxy, s_port=port, proto="tcp", reason=why)

    def refused_content(self, client: Client, reply: Reply, reception: Reception | None) -> None:
        """A message that was not taken, with what its sender was told."""
        number = sender = ""
        if reception is not None:
            number = reception.incoming.name.number
            sender = reception.transaction.sender.text
        self._refused(client, "data", reply, number, sender)
        self._reject(client, reply, number, sender=sender)

    def aborted(self, client: Client, reception: Reception) -> None:
        """A client that left in the middle of a message."""
        number = reception.incoming.name.number
        self.log.event(
            number, "aborted", src=client.address, size=reception.size, reason="connection lost"
        )

    def not_stored(
        self, client: Client, reception: Reception, reply: Reply, error: BaseException
    ) -> None:
        """A commit that failed: the disk said no."""
        self.log.alert(f"not stored: {error}", reception.incoming.name.number)
        self.refused_content(client, reply, reception)

    def cannot_accept(self, error: OSError) -> None:
        """Accepting pauses: no descriptor or memory is left."""
        self.log.alert(f"accepting pauses: {error.strerror}")

    def space(self, why: str) -> None:
        """The intake closes for a reason, or opens again ("")."""
        if why:
            self.log.event("", "closed", reason=why)
        else:
            self.log.event("", "opened")

    def _refused(self, client: Client, verb: str, reply: Reply, number: str, sender: str) -> None:
        self.log.event(
            number,
            "refused",
            src=client.address,
            verb=verb,
            code=reply.code,
            enhanced=reply.enhanced or None,
            reply=reply.single(),
            sender=sender or None,
            helo=client.helo or None,
            proxy=client.proxy or None,
        )

    def _reject(self, client: Client, reply: Reply, number: str, **fields: object) -> None:
        self.log.track(
            "reject",
            number,
            src=client.address,
            s_port=client.port,
            proto="tcp",
            **fields,
            reason=str(reply),
            proxy=client.proxy,
        )


def _named(addresses: Iterable[str]) -> str:
    """The first addresses of a message, by commas."""
    return ",".join(islice(addresses, _MOST_NAMED))


def _name(acceptance: Acceptance) -> str:
    """The resource by its name; "" for none."""
    name = acceptance.resource.partition(" ")[0]
    return name if name != NONE else ""
