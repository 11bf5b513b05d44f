"""What a delivery sends of a message: judged where that is asked, fit for the host it goes to."""

from __future__ import annotations

from relay.delivery.connection import Content
from relay.dequeue.attempt import Job
from relay.dequeue.conversion import converted
from relay.dequeue.judging import Judging
from relay.dequeue.records import Records
from relay.dequeue.ruling import PutOff
from relay.dequeue.settings import Settings
from relay.dequeue.text import Differs
from relay.smtp.envelope import Mail
from relay.smtp.outcome import Outcome, lacking


class Contents:
    """What lanes ask about content."""

    def __init__(self, settings: Settings, records: Records, judging: Judging) -> None:
        self.settings = settings
        self._records = records
        self._judging = judging

    @property
    def converts(self) -> bool:
        """Whether content is converted for a host without 8BITMIME."""
        return self.settings.eightbit == "convert"

    def fitted(self, job: Job, mail: Mail, content: Content, host: str) -> tuple[Mail, Content]:
        """A mail for a host without 8BITMIME, as far as it is to be and can be converted."""
        if not self.converts:
            return mail, content
        mail, content, _ = self._converted(job, mail, content, host)
        return mail, content

    async def judged(
        self, job: Job, mail: Mail, host: str, *, convert: bool
    ) -> Content | Outcome | None:
        """The content of a message that is to be judged, converted where that is asked.

        An Outcome where it cannot be; None where nothing may be sent, and `job.verdict` says
        why.
        """
        content = await self._judging.content(job)
        if content is None or not convert:
            return content
        try:
            _, content, lack = self._converted(job, mail, content, host)
        except Differs as error:
            self.differs(job, str(error))
            return None
        return lack or content

    def differs(self, job: Job, why: str) -> None:
        """What was about to be sent is not what was judged: it is judged anew."""
        self._judging.differs(job, why)

    def put_off(self, job: Job) -> bool:
        """Whether a message waits because nobody can judge it now; then `job.verdict` says why."""
        if not isinstance(job.ruling, PutOff):
            return False
        job.verdict = job.ruling
        return True

    def _converted(
        self, job: Job, mail: Mail, content: Content, host: str
    ) -> tuple[Mail, Content, Outcome | None]:
        made = converted(job, mail, self.settings)
        if isinstance(made, str):
            self._records.event(job.id, "not-converted", host=host, reason=made)
            text = "the server does not offer 8BITMIME"
            return mail, content, lacking("5.6.3", text, soft=self.settings.soft_bounce)
        mail, content, plan = made
        self._records.event(
            job.id, "converted", host=host, parts=plan.parts, dkim_broken=plan.breaks_dkim or None
        )
        return mail, content, None
