"""Content judged before it is sent: filter, scanner, verdict kept in the file.

The event loop only moves bytes.  Content is parsed by the content workers, and every way in
which that may fail puts the message off: nothing that was not judged to its end is sent.
"""

from __future__ import annotations

import time

from relay.content import ContentPool, Verdict
from relay.content.filtering import to_filter
from relay.content.process import Limits
from relay.delivery.connection import Content
from relay.dequeue.attempt import Job, content_pieces
from relay.dequeue.cure import Cure
from relay.dequeue.records import Records
from relay.dequeue.ruling import LIMIT, SCANNER, PutOff, Ruling, Stopped
from relay.dequeue.scanning import Scanners
from relay.dequeue.settings import Settings
from relay.dequeue.telling import Telling
from relay.dequeue.text import Differs, Text, collected
from relay.policy.antivirus import Quarantine, Wait
from relay.policy.asked import FRESH, Asked, Nothing, Unknown, asked_of
from relay.policy.pipeline import label
from relay.policy.verdict import Outcome
from relay.smtp.wire import BareLineEndError
from spooltool.errors import SpooltoolError
from spooltool.spool.checks import Check
from spooltool.spool.judged import CHANGED, PASS, Judged, parse_judged
from spooltool.store.edit import write_verdict


class Judging:
    """Judges the content of messages, for one event loop."""

    def __init__(self, folder: str, settings: Settings, records: Records, telling: Telling) -> None:
        """`folder` is where filtered content is written, in files without a name."""
        self._folder = folder
        self._records = records
        self._telling = telling
        self.scanners = Scanners(records)
        self._pool = ContentPool(
            settings.content_filter,
            folder,
            workers=settings.content_workers,
            limits=_limits(settings),
        )
        self._settings = settings
        self.obey(settings)

    def obey(self, settings: Settings) -> None:
        """These settings count from now on."""
        self._settings = settings
        self._pool.workers, self._pool.limits = settings.content_workers, _limits(settings)
        self.scanners.obey(settings.scanners, settings.timeout, settings.resend_period)

    def close(self) -> None:
        """End the workers and the connections."""
        self._pool.close()
        self.scanners.close()

    def asked(self, job: Job) -> Ruling:
        """What a message asks for; PutOff where that cannot be had now."""
        settings = self._settings
        found = asked_of(
            job.envelope, settings.resources, self.scanners.by_address, settings.mime_limits
        )
        match found:
            case Nothing():
                return None
            case Unknown(text):
                return PutOff(LIMIT, text, alert=True)
            case Asked():
                why = "" if found.scan is None else self.scanners.down(found.scan.scanner)
                return PutOff(SCANNER, why) if why else found

    async def content(self, job: Job) -> Content | None:
        """What a delivery may send, judged once an attempt; `job.text` is what it is made of.

        None where nothing may be sent: `job.verdict` says why.
        """
        if job.text is None:
            if not isinstance(job.ruling, Asked):
                raise ValueError("a job that asks for no judgement")
            found = await self.judge(job, job.ruling)
            if not isinstance(found, Text):
                job.verdict = found
                return None
            job.text = found
        try:
            return job.text.content()
        except Differs as error:
            self.differs(job, str(error))
        except (BareLineEndError, OSError) as error:
            job.verdict = PutOff(LIMIT, f"its content cannot be sent: {error}", alert=True)
        return None

    def differs(self, job: Job, why: str) -> None:
        """What was about to be sent is not what was judged: it is judged anew."""
        keep_verdict(job, None)
        job.verdict = PutOff(LIMIT, why, alert=True)

    async def judge(self, job: Job, asked: Asked) -> Text | Stopped | PutOff:
        """What may be sent of a message; the caller closes it."""
        try:
            text = self._source(job)
        except OSError as error:
            return PutOff(LIMIT, f"no place for the content: {error.strerror}")
        made = [text]
        result: Text | Stopped | PutOff | None = None
        try:
            result = await self._through(job, asked, text, made)
            return result
        finally:
            for one in made:
                if one is not result:
                    one.close()

    async def _through(
        self, job: Job, asked: Asked, text: Text, made: list[Text]
    ) -> Text | Stopped | PutOff:
        """All that is asked, one after the other; `made` gathers every text on the way."""
        before = kept_verdict(job, asked)
        if before is not None and before.word == PASS:
            text.digest = before.digest
            return text
        found = await self._filtered(job, asked, text)
        if isinstance(found, Text):
            made.append(found)
            known = before is not None and before.digest == found.digest
            if asked.scan is not None and not known:
                found = await self._scanned(job, asked, found)
        if isinstance(found, Text):
            made.append(found)
            word = PASS if found is text else CHANGED
            keep_verdict(job, Judged(word, int(time.time()), asked.basis, found.digest))
        return found

    def _source(self, job: Job) -> Text:
        """The content as the file holds it: modified headers, empty line, body."""
        parts, crlf = job.parts(), job.envelope.crlf
        (start, headers), (body, size) = parts.modified, parts.body
        gap = 2 if crlf else 1
        if start + headers + gap == body:
            return Text(job.locked.fd, start, headers + gap + size, crlf=crlf)
        text = collected(content_pieces(job), self._folder)
        text.crlf = crlf
        return text

    async def _filtered(self, job: Job, asked: Asked, text: Text) -> Text | Stopped | PutOff:
        orders = to_filter(asked.orders, crlf=text.crlf)
        found = await self._pool.judge(text.fd, text.start, text.end, orders)
        outcome = found.outcome
        match outcome.verdict:
            case Verdict.PASS:
                text.digest = found.digest
                return text
            case Verdict.CHANGED if found.output is not None:
                self._told(job, asked, outcome)
                return Text(found.output, 0, found.size, owned=True, digest=found.digest)
            case Verdict.BLOCKED if outcome.check is not None:
                return Stopped(outcome.check, outcome.reason)
            case _:
                return PutOff(LIMIT, outcome.reason, killed=outcome.fault or not found.ended)

    async def _scanned(self, job: Job, asked: Asked, text: Text) -> Text | Stopped | PutOff:
        if asked.scan is None:
            return text
        cure = Cure(asked, asked.scan, self.scanners, self._pool, self._folder)
        found = await cure.scan(text)
        match found:
            case Quarantine(why, names):
                return Stopped(Check.ANTIVIRUS, f"{label(asked.orders)}{why}", names)
            case Wait(why, alert):
                return PutOff(SCANNER, why, alert=alert)
            case Text():
                self._cured(job, asked, cure, replaced=found is not text)
                return found

    def _told(self, job: Job, asked: Asked, outcome: Outcome) -> None:
        """Log what was taken out, and what that breaks."""
        track = exception_track(job, asked)
        for what in outcome.removed:
            self._telling.exception(job, track, "stripped", f"{label(asked.orders)}{what}")
        for note in outcome.notes:
            self._records.event(job.id, "note", text=note)

    def _cured(self, job: Job, asked: Asked, cure: Cure, *, replaced: bool) -> None:
        if not replaced:
            return
        track = exception_track(job, asked)
        for what in cure.replaced or ["by the scanner"]:
            self._telling.exception(job, track, "cured", f"{label(asked.orders)}{what}")


def exception_track(job: Job, asked: Asked | None) -> str:
    """How exceptions of a message are tracked: by its resource, else as its failures are."""
    if asked is not None and asked.resource is not None:
        return asked.resource.exception_track
    return {"MDQ_LOG": "log", "MDQ_ALERT": "alert"}.get(job.envelope.get("LOG_BAD") or "", "none")


def kept_verdict(job: Job, asked: Asked) -> Judged | None:
    """The verdict in the file, where it still counts."""
    line = job.envelope.line("VERDICT")
    found = None if line is None else parse_judged(line.raw)
    if found is None or found.basis != asked.basis:
        return None
    return found if 0 <= time.time() - found.when < FRESH else None


def keep_verdict(job: Job, verdict: Judged | None) -> None:
    """Write a verdict into the file, where it has a place for one.

    A disk that does not take it does not stop the mail: the next attempt judges anew.
    """
    try:
        write_verdict(job.locked, job.envelope, verdict)
    except SpooltoolError:
        return


def _limits(settings: Settings) -> Limits:
    return Limits(memory=settings.content_memory, silence=settings.timeout)
