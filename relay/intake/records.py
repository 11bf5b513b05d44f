"""What the intake writes down: the lines of asmtpd.elg and its records of tracker.log."""

from __future__ import annotations

from collections.abc import Sequence

from relay.config.resources import NONE
from relay.intake.reception import Client, Reception
from relay.logs.parties import parties
from relay.logs.process_log import ProcessLog
from relay.policy.acceptance import Acceptance
from relay.policy.refusal import Refusal
from relay.policy.rewriting import Change, Kind
from relay.smtp.reply import Reply


class Records:
    """Says what happened in the words of the logs.  Nothing here raises OSError."""

    def __init__(self, log: ProcessLog) -> None:
        self.log = log

    def stored(self, client: Client, reception: Reception) -> None:
        """A message is durable and its 250 goes out."""
        number, acceptance = reception.incoming.name.number, reception.acceptance
        sender, resource = reception.sender.address, _name(reception.acceptance)
        self.log.event(
            number,
            "stored",
            src=client.address,
            helo=client.helo,
            sender=sender,
            rcpts=len(reception.recipients),
            size=reception.size,
            rule=acceptance.rule,
            resource=resource or None,
            proto=client.protocol,
            tls=client.cipher,
            proxy=client.proxy or None,
        )
        self.rewritten(
            number, str(acceptance.rule), resource, reception.changes, reception.dkim_broken
        )
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
            resource=resource,
            **parties(reception.sender, reception.recipients) | {"sender": sender or "<>"},
            size=reception.size,
            proxy=client.proxy,
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

    def rewritten(
        self, number: str, rule: str, resource: str, changes: Sequence[Change], broken: bool
    ) -> None:
        """A rule changed, or refused to change, addresses and fields of a message.

        `broken`: a DKIM signature covers a changed field, so that it will not verify.
        """
        kinds = [change.kind for change in changes]
        if not kinds:
            return
        refused = next((change for change in changes if change.kind is Kind.REFUSED), None)
        self.log.event(
            number,
            "rewritten",
            rule=rule,
            resource=resource or None,
            changed=kinds.count(Kind.CHANGED) or None,
            deleted=kinds.count(Kind.DELETED) or None,
            refused=kinds.count(Kind.REFUSED) or None,
            reason=f"{refused.field}: {refused.why}" if refused else None,
            dkim_broken=broken or None,
        )

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


def _name(acceptance: Acceptance) -> str:
    """The resource by its name; "" for none."""
    name = acceptance.resource.partition(" ")[0]
    return name if name != NONE else ""
