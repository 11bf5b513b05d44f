"""The error mail that an E file owes: composed anew at each attempt, always the same."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from relay.delivery.connection import Content
from relay.dequeue.attempt import BARE, NO_ENVELOPE, Job, Unfit
from relay.dequeue.destination import Destination
from relay.dequeue.settings import Settings
from relay.message.notice import RETURN_LIMIT, compose
from relay.message.notice_facts import NoticeFacts, NoticeRecipient
from relay.queue.notice_owed import Whom, addressees, progress
from relay.smtp.envelope import Mail
from relay.smtp.wire import BareLineEndError, encode
from spooltool.spool.codec import Envelope
from spooltool.spool.fields import unescape_text
from spooltool.spool.mailbox import mail_domain
from spooltool.spool.notice_kind import Notice, NoticeKind, parse_notice
from spooltool.spool.recipient import Path, Recipient
from spooltool.store.message import file_parts

NULL_SENDER = ""


def everybody(envelope: Envelope, settings: Settings) -> Mapping[Whom, str]:
    """Whom an E file's notice is for, under the present settings."""
    notice = parse_notice(envelope.get("NOTICE")) or Notice()
    return _addressees(envelope, notice.kind, settings)


def owed_to(envelope: Envelope, settings: Settings, to: Destination) -> Mapping[Whom, str]:
    """Whom an E file's notice must still reach by this destination.

    The MX of the sender's domain take the postmaster's copy only where it is his, too; else it
    follows by ERR_SERVER.
    """
    known = everybody(envelope, settings)
    so_far = progress(envelope.state.reason if envelope.state else "")
    owed = {whom: known[whom] for whom in so_far.owed(known)}
    copy = owed.get(Whom.POSTMASTER)
    if copy and to.mx and mail_domain(copy) != to.domain:
        del owed[Whom.POSTMASTER]
    return owed


def why_unknown(envelope: Envelope) -> str:
    """Why nobody can say what an E file is to tell; "" when it is known."""
    if envelope.sender is None:
        return "no sender: nobody knows whom to tell"
    if parse_notice(envelope.get("NOTICE")) is None:
        return "NOTICE names no kind of notice"
    return ""


def notice_text(job: Job, settings: Settings) -> bytes:
    """The notice with LF line ends.  Raises Unfit where nobody can be told."""
    return compose(_facts(job, settings))


def notice_mail(job: Job, settings: Settings) -> tuple[Mail, Content]:
    """The transaction that sends an E file's notice to those who have not got it yet.

    Its sender is null (RFC 3464 2), so that it can never be answered by another.
    """
    facts = _facts(job, settings)
    try:
        wire = encode((compose(facts),))
    except BareLineEndError as error:
        raise Unfit(BARE, str(error), job.locked, job.envelope) from error
    job.told = owed_to(job.envelope, settings, job.destination)
    mail = Mail(
        sender=NULL_SENDER,
        recipients=[(address, "") for address in job.told.values()],
        size=len(wire) - 3,
        eightbit=not wire.isascii(),
        utf8=facts.wide,
    )
    return mail, Content(wire)


def _addressees(envelope: Envelope, kind: NoticeKind, settings: Settings) -> dict[Whom, str]:
    terms = settings.notice_terms(errmail=envelope.get("ERRMAIL") != "0")
    return addressees(kind, _written(envelope.sender or Path("")), terms)


def _written(path: Path) -> str:
    """An address as it was before rewriting."""
    return path.orig or path.address


def _facts(job: Job, settings: Settings) -> NoticeFacts:
    envelope = job.envelope
    sender, notice = envelope.sender, parse_notice(envelope.get("NOTICE"))
    if sender is None or notice is None:
        raise Unfit(NO_ENVELOPE, why_unknown(envelope), job.locked, envelope)
    known = _addressees(envelope, notice.kind, settings)
    if not known:
        raise Unfit(NO_ENVELOPE, "nobody to send the notice to", job.locked, envelope)
    apart = Whom.SENDER not in known
    told = [r for r in envelope.recipients if r.mark == "F"] or list(envelope.recipients)
    parts, _ = file_parts(job.locked.fd, envelope)
    full = (sender.param("RET") or "").upper() == "FULL"
    state = envelope.state
    return NoticeFacts(
        hostname=settings.hostname,
        number=job.id,
        born=_born(told, state.term if state else envelope.arrived or 0.0),
        arrived=envelope.arrived or 0.0,
        sender=next(iter(known.values())),
        recipients=tuple(map(_recipient, told)),
        headers=os.pread(job.locked.fd, parts.original[1], parts.original[0]),
        body=os.pread(job.locked.fd, min(parts.body[1], RETURN_LIMIT + 1), parts.body[0])
        if full
        else None,
        envid=sender.param("ENVID") or "",
        detailed=apart or _detailed(notice.kind, settings),
        postmaster=settings.postmaster,
        kind=notice.kind,
        explanation=notice.text if notice.kind.judged else "",
        until=notice.until if notice.kind is NoticeKind.DELAY else 0,
        of=envelope.get("NOTICE_OF") or "",
        about=(_written(sender) or "nobody, as a notice is") if apart else "",
        client=unescape_text(envelope.get("HELO") or ""),
        address=envelope.get("SRC") or "",
    )


def _recipient(one: Recipient) -> NoticeRecipient:
    return NoticeRecipient(
        address=_written(one.path),
        orcpt=one.path.param("ORCPT") or "",
        code=one.code,
        enhanced=one.enhanced,
        host=one.host,
        text=one.text,
        last_try=one.last_try,
    )


def _detailed(kind: NoticeKind, settings: Settings) -> bool:
    """Whether reasons may be told (chapter, the three detailed_* parameters)."""
    if kind is NoticeKind.NOT_ALLOWED:
        return settings.detailed_rb
    return settings.detailed_av if kind.judged else settings.detailed


def _born(told: Sequence[Recipient], otherwise: float) -> float:
    """When the notice became due: when the last of its recipients was tried.

    That never changes, while the abandon clock in STATE moves with time spent in D_hold: so
    the notice has the same Message-ID and Date at each attempt.
    """
    return float(max(one.last_try for one in told) or otherwise)
