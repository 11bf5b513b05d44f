"""Writing a decision into the spool: marks, summary, and the one move that follows.

Order decides what a crash leaves: an E file of its own is durable before the marks it
stands for change; result fields come before their marks; the marks before the unlink.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from relay.dequeue.attempt import BARE, TORN, UNENDED, Job
from relay.queue.lifecycle import Decision, End
from spooltool.errors import Refused
from spooltool.spool.codec import Splice
from spooltool.spool.compose import NewMessage
from spooltool.spool.fields import CHAPTER_KEYS, unescape_text
from spooltool.spool.names import RESEND, TRASH, SpoolName
from spooltool.spool.notice_kind import Notice, NoticeKind, encode_notice
from spooltool.spool.recipient import Recipient
from spooltool.spool.state import State, encode_state, fresh_state, set_aside
from spooltool.store.edit import result_splices, rewrite, write_recipients, write_state
from spooltool.store.incoming import Incoming
from spooltool.store.message import file_parts, read_chunks
from spooltool.store.move import move, remove

_HELD = {TORN: "torn", BARE: "unreadable", UNENDED: "limit"}

FAILURE = Notice()

RETURN_BYTES = 256 * 1024
"""How much of a body is kept for a notice that returns the full message."""


def write_results(job: Job, decision: Decision) -> None:
    """Write result fields and summary: in place where they have their width.

    Raises CannotWrite or Gone.  A file whose fields were typed by hand is rewritten, and
    the job goes on with the new file.
    """
    typed = [recipient for recipient in decision.recipients if not recipient.fixed]
    write_recipients(job.locked, [r for r in decision.recipients if r.fixed])
    if not typed and (
        decision.end is End.REMOVE or write_state(job.locked, job.envelope, decision.state)
    ):
        return
    edits = result_splices(job.envelope, typed)
    edits += state_splices(job, decision.state)
    job.locked = rewrite(job.locked, sorted(edits, key=lambda edit: edit.offset))


def mark_delivered(job: Job, decision: Decision) -> bool:
    """Mark in place who was delivered now; whether that was everybody who was.

    A line typed by hand has no place for it and waits for `write_results`.  Raises
    CannotWrite.
    """
    delivered = [recipient for recipient in decision.recipients if recipient.mark == "D"]
    write_recipients(job.locked, [recipient for recipient in delivered if recipient.fixed])
    return all(recipient.fixed for recipient in delivered)


def place(job: Job, end: End) -> None:
    """Unlink, or move to where the message belongs now.  Raises Exists, Gone, CannotWrite."""
    name = job.locked.name
    if end is End.REMOVE:
        remove(job.locked)
        return
    target = {
        End.WAIT: SpoolName(RESEND, name.letter, name.number),
        End.EXPIRE: SpoolName(RESEND, "E", name.number),
        End.TRASH: SpoolName(TRASH, name.letter, name.number),
    }[end]
    if job.locked.spool.flat and end is not End.TRASH:
        target = SpoolName("", target.letter, target.number)
    if target != name:
        move(job.locked, target, durable=False)


def notice_file(
    job: Job,
    recipients: Sequence[Recipient],
    number: str,
    now: float,
    notice: Notice = FAILURE,
) -> Incoming:
    """An E file for some recipients, written and not yet committed.

    It holds the headers, and the body only for a failure where RET=FULL asks for it, cut where
    that is long: NOTICE_OF says that it is no whole message, NOTICE what it tells.  Raises
    CannotWrite, Refused for an envelope typed by hand that cannot be copied.
    """
    envelope = job.envelope
    parts, _ = file_parts(job.locked.fd, envelope)
    sender = envelope.sender
    if sender is None:
        raise ValueError("a notice for a message without a sender")
    first = recipients[0]
    delivered = sum(one.mark == "D" for one in recipients)
    state = State(
        reason="rejected" if notice.kind.fails else "",
        next_try=int(now),
        term=int(now),
        delivered=delivered,
        failed=len(recipients) - delivered,
        code=first.code,
        enhanced=first.enhanced,
        host=first.host,
        text=first.text,
    )
    chapter = {key: envelope.get(key) or "" for key in CHAPTER_KEYS if envelope.get(key)}
    chapter |= {key: "" for key in ("LOG_OK", "LOG_BAD", "LOG_ERR") if key not in chapter}
    message = NewMessage(
        chapter,
        envelope.arrived or now,
        sender,
        list(recipients),
        helo=unescape_text(envelope.get("HELO") or ""),
        proto=unescape_text(envelope.get("PROTO") or ""),
        resource=unescape_text(envelope.get("RESOURCE") or "none"),
        route=envelope.get("ROUTE") or "dst",
        err_route=envelope.get("ERR_ROUTE") or "dst",
        state=state,
        notice_of=job.id,
        notice="" if notice == FAILURE else encode_notice(notice),
    )
    incoming = Incoming(job.locked.spool, number)
    try:
        incoming.begin(
            message,
            os.pread(job.locked.fd, parts.original[1], parts.original[0]),
            os.pread(job.locked.fd, parts.modified[1], parts.modified[0]),
        )
        full = (sender.param("RET") or "").upper() == "FULL"
        if full and notice.kind is NoticeKind.FAILURE:
            for chunk in read_chunks(
                job.locked.fd, (parts.body[0], min(parts.body[1], RETURN_BYTES))
            ):
                incoming.append(chunk)
        incoming.finish()
    except ValueError as error:
        incoming.abort()
        raise Refused(f"{job.name.file}: its envelope cannot be copied: {error}") from error
    except BaseException:
        incoming.abort()
        raise
    return incoming


def held_state(state: State, kind: str, text: str, now: float) -> State:
    """The state of a message that the dequeuer sets aside: why, for who looks at it.

    What was started and never ended may be started anew once a person lets it go.
    """
    return replace(set_aside(state, now), reason=_HELD[kind], text=text, started=0)


def edited_state(state: State | None, now: float) -> State:
    """The state of a message whose content is not what was accepted."""
    known = state or fresh_state(int(now), 0)
    return replace(known, reason="edited", text="the content is not what was accepted")


def state_splices(job: Job, state: State) -> list[Splice]:
    """The edit that gives a file this STATE, whatever stood there."""
    line = job.envelope.line("STATE")
    raw = encode_state(state)
    if line is None:
        return [Splice(*_after_chapter(job), b"STATE:\t" + raw + b"\n")]
    return [Splice(line.value_start, line.value_end - line.value_start, raw)]


def _after_chapter(job: Job) -> tuple[int, int]:
    known = [line.end for line in job.envelope.lines if line.key in CHAPTER_KEYS]
    return (max(known, default=0), 0)
