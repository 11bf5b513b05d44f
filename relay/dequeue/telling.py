"""What is written down about an attempt: mdq.elg, and tracker.log as LOG_* and ACCT ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from relay.delivery.pool import UNRESOLVED
from relay.dequeue.attempt import Job
from relay.dequeue.lanes import Result
from relay.dequeue.records import Records
from relay.logs.parties import parties
from relay.queue.lifecycle import Decision, End
from relay.smtp import outcome as reasons
from relay.smtp.outcome import Kind, Outcome
from spooltool.spool.codec import Envelope
from spooltool.spool.notice_kind import Notice, NoticeKind
from spooltool.spool.recipient import Path, Recipient

UNREACHABLE = "Connection to Final MTA failed"
"""How a record's reason begins where no server was reached at all, word for word."""

_EVENTS = {
    Kind.DELIVERED: "delivered",
    Kind.TEMPORARY: "put-off",
    Kind.PERMANENT: "rejected",
    Kind.UNKNOWN: "unknown",
}
_NO_CONNECTION = (reasons.REFUSED, reasons.TIMEOUT, UNRESOLVED)
_NOBODY = Path("")


class Telling:
    """Tells the logs what became of messages; `delivered` counts recipients."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.delivered = 0

    def attempt(self, job: Job, result: Result, decision: Decision, now: float) -> None:
        """One attempt has ended and been written, `now` in unix seconds."""
        envelope = job.envelope
        sender = envelope.sender or _NOBODY
        notice = job.name.letter == "E" and decision.end is not End.EXPIRE
        if notice:
            # It goes from nobody to the sender, who is named as he was, and the postmaster.
            for address, outcome in zip(job.told.values(), result.outcomes, strict=False):
                self._outcome(job, Path(address), _NOBODY, result, outcome, "notice-")
        else:
            for recipient, outcome in zip(job.pending, result.outcomes, strict=False):
                self._outcome(job, recipient.path, sender, result, outcome)
            self._account(job, sender, result, now)
        if decision.end in (End.EXPIRE, End.TRASH):
            word = "notice-due" if decision.end is End.EXPIRE else "trashed"
            self._records.event(job.id, word, expired=decision.expired)
            self._track(envelope.get("LOG_ERR"), word, job, sender, decision.state.text)

    def notice_apart(
        self, job: Job, recipients: Sequence[Recipient], number: str, notice: Notice
    ) -> None:
        """Some recipients got an E file of their own; that they failed is an error (LOG_ERR)."""
        kind = None if notice.kind is NoticeKind.FAILURE else notice.kind.value
        self._records.event(job.id, "notice-due", notice=number, kind=kind)
        if not notice.kind.fails:
            return
        sender = job.envelope.sender or _NOBODY
        paths = [one.path for one in recipients]
        text = notice.text or recipients[0].text
        self._track(job.envelope.get("LOG_ERR"), "notice-due", job, sender, text, paths)

    def exception(self, job: Job, track: str, action: str, text: str) -> None:
        """A content check or a scanner did something to a message, or found something in it.

        `track` is the resource's exception_track: none, log or alert.  `action` is the word
        for what was done, `text` what it was done to.  mdq.elg has it in any case.
        """
        resource = _resource(job.envelope)
        self._records.event(job.id, "exception", resource=resource, action=action, reason=text)
        how = {"log": "MDQ_LOG", "alert": "MDQ_ALERT"}.get(track)
        sender = job.envelope.sender or _NOBODY
        paths = [one.path for one in job.pending]
        self._track(how, "exception", job, sender, text, paths, Res_action=action)

    def _outcome(
        self,
        job: Job,
        to: Path,
        sender: Path,
        result: Result,
        outcome: Outcome,
        prefix: str = "",
    ) -> None:
        event = prefix + _EVENTS[outcome.kind]
        host = outcome.host or result.host or job.destination.name
        if outcome.kind is Kind.DELIVERED:
            self.delivered += 1
        reply = str(outcome.reply) if outcome.reply else outcome.text
        self._records.event(
            job.id,
            event,
            host=host,
            to=to.address,
            sender=sender.address,
            reply=reply,
            tls=result.tls.get(host),
        )
        if result.host_failed and not outcome.reply and outcome.reason in _NO_CONNECTION:
            reply = f"{UNREACHABLE}: {reply}"
        key = "LOG_OK" if outcome.kind is Kind.DELIVERED else "LOG_BAD"
        self._track(job.envelope.get(key), event, job, sender, reply, [to])

    def _account(self, job: Job, sender: Path, result: Result, now: float) -> None:
        """ACCT 1: octets and seconds of an attempt by which somebody got the message."""
        got = [
            one.path
            for one, outcome in zip(job.pending, result.outcomes, strict=False)
            if outcome.kind is Kind.DELIVERED
        ]
        if got and job.envelope.get("ACCT") == "1":
            seconds = f"{max(0.0, now - job.began):.3f}"
            fields = {"size": _octets(job.envelope), "elapsed": seconds, "count": len(got)}
            self._track("MDQ_LOG", "account", job, sender, "", got, **fields)

    def _track(
        self,
        how: str | None,
        event: str,
        job: Job,
        sender: Path,
        text: str,
        to: Sequence[Path] = (),
        **more: object,
    ) -> None:
        if how not in ("MDQ_LOG", "MDQ_ALERT"):
            return
        fields = {
            **parties(sender, to),
            "src": job.envelope.get("SRC") or "",
            "dst": job.destination.name,
            "rule": job.envelope.get("RULE") or "",
            "Resource": _resource(job.envelope),
            **more,
            "reason": text,
        }
        self._records.track(event, job.id, **fields)
        if how == "MDQ_ALERT":
            self._records.alert(f"{event}: {text}", job.id)


def _resource(envelope: Envelope) -> str | None:
    """The resource by its name, None without one."""
    name = (envelope.get("RESOURCE") or "none").partition(" ")[0]
    return None if name == "none" else name


def _octets(envelope: Envelope) -> int:
    """The size of what is sent, with LF line ends: modified headers, empty line, body."""
    if envelope.sizes is None:
        return max(0, envelope.size - envelope.end)
    _, headers, body = envelope.sizes
    return headers + 1 + body
