"""The error mail that an E file owes: composed anew at each attempt, always the same."""

from __future__ import annotations

import os
from collections.abc import Sequence

from relay.delivery.connection import Content
from relay.dequeue.attempt import BARE, Job, Unfit
from relay.dequeue.settings import Settings
from relay.message.notice import RETURN_LIMIT, compose
from relay.message.notice_facts import NoticeFacts, NoticeRecipient
from relay.smtp.envelope import Mail
from relay.smtp.wire import BareLineEndError, encode
from spooltool.spool.mailbox import mail_domain
from spooltool.spool.recipient import Recipient
from spooltool.store.message import file_parts

NULL_SENDER = ""


def notice_text(job: Job, settings: Settings) -> bytes:
    """The notice with LF line ends.  Raises Unfit where nobody can be told."""
    return compose(_facts(job, settings))


def notice_mail(job: Job, settings: Settings) -> tuple[Mail, Content]:
    """The transaction that sends an E file's notice, postmaster copied.

    Its sender is null (RFC 3464 2), so that it can never be answered by another.
    """
    facts = _facts(job, settings)
    try:
        wire = encode((compose(facts),))
    except BareLineEndError as error:
        raise Unfit(BARE, str(error), job.locked, job.envelope) from error
    to = [(facts.sender, "")]
    copied = settings.postmaster and settings.postmaster.lower() != facts.sender.lower()
    # The MX of the sender's domain take the postmaster's copy only where it is his, too.
    if copied and job.destination.domain in ("", mail_domain(settings.postmaster)):
        to.append((settings.postmaster, ""))
    mail = Mail(
        sender=NULL_SENDER,
        recipients=to,
        size=len(wire) - 3,
        eightbit=not wire.isascii(),
        utf8=facts.wide,
    )
    return mail, Content(wire)


def _facts(job: Job, settings: Settings) -> NoticeFacts:
    envelope = job.envelope
    sender = envelope.sender
    if sender is None or not sender.address:
        raise Unfit("no-envelope", "nobody to send the notice to", job.locked, envelope)
    failed = [r for r in envelope.recipients if r.mark == "F"] or list(envelope.recipients)
    parts, _ = file_parts(job.locked.fd, envelope)
    full = (sender.param("RET") or "").upper() == "FULL"
    state = envelope.state
    return NoticeFacts(
        hostname=settings.hostname,
        number=job.id,
        born=_born(failed, state.term if state else envelope.arrived or 0.0),
        arrived=envelope.arrived or 0.0,
        sender=sender.orig or sender.address,
        recipients=tuple(
            NoticeRecipient(
                address=r.path.orig or r.address,
                orcpt=r.path.param("ORCPT") or "",
                code=r.code,
                enhanced=r.enhanced,
                host=r.host,
                text=r.text,
                last_try=r.last_try,
            )
            for r in failed
        ),
        headers=os.pread(job.locked.fd, parts.original[1], parts.original[0]),
        body=os.pread(job.locked.fd, min(parts.body[1], RETURN_LIMIT + 1), parts.body[0])
        if full
        else None,
        envid=sender.param("ENVID") or "",
        detailed=settings.detailed,
        postmaster=settings.postmaster,
    )


def _born(failed: Sequence[Recipient], otherwise: float) -> float:
    """When the notice became due: when the last of its recipients failed.

    That never changes, while the abandon clock in STATE moves with time spent in D_hold: so
    the notice has the same Message-ID and Date at each attempt.
    """
    return float(max(one.last_try for one in failed) or otherwise)
