"""What is written down about an attempt: mdq.elg, and tracker.log as LOG_* ask for it."""

from __future__ import annotations

from relay.dequeue.attempt import Job
from relay.dequeue.lanes import Result
from relay.dequeue.records import Records
from relay.queue.lifecycle import Decision, End
from relay.smtp.outcome import Kind, Outcome

_EVENTS = {
    Kind.DELIVERED: "delivered",
    Kind.TEMPORARY: "put-off",
    Kind.PERMANENT: "rejected",
    Kind.UNKNOWN: "unknown",
}


class Telling:
    """Tells the logs what became of messages; `delivered` counts recipients."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.delivered = 0

    def attempt(self, job: Job, result: Result, decision: Decision) -> None:
        """One attempt has ended and been written."""
        envelope = job.envelope
        sender = envelope.sender.address if envelope.sender else ""
        notice = job.name.letter == "E" and decision.end is not End.EXPIRE
        if notice and result.outcomes:
            self._outcome(job, sender, "", result, result.outcomes[0], "notice-")
        elif not notice:
            for recipient, outcome in zip(job.pending, result.outcomes, strict=False):
                self._outcome(job, recipient.address, sender, result, outcome)
        if decision.end in (End.EXPIRE, End.TRASH):
            word = "notice-due" if decision.end is End.EXPIRE else "trashed"
            self._records.event(job.id, word, expired=decision.expired)
            self._track(envelope.get("LOG_ERR"), word, job, sender, decision.state.text)

    def _outcome(
        self,
        job: Job,
        to: str,
        sender: str,
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
            to=to,
            sender=sender,
            reply=reply,
            tls=result.tls.get(host),
        )
        key = "LOG_OK" if outcome.kind is Kind.DELIVERED else "LOG_BAD"
        self._track(job.envelope.get(key), event, job, sender, reply, to)

    def _track(
        self, how: str | None, event: str, job: Job, sender: str, text: str, to: str = ""
    ) -> None:
        if how not in ("MDQ_LOG", "MDQ_ALERT"):
            return
        fields = {
            "sender": sender,
            "to": to,
            "src": job.envelope.get("SRC") or "",
            "dst": job.destination.name,
            "rule": job.envelope.get("RULE") or "",
            "reason": text,
        }
        self._records.track(event, job.id, **fields)
        if how == "MDQ_ALERT":
            self._records.alert(f"{event}: {text}", job.id)
