"""The bookkeeping of one transaction: what was sent, who was accepted, who ends how."""

from __future__ import annotations

from relay.smtp import outcome
from relay.smtp.envelope import Mail, mail_command, rcpt_command, sendable
from relay.smtp.extensions import Extensions
from relay.smtp.outcome import Outcome
from relay.smtp.reply import Reply

DATA = b"DATA\r\n"


class Attempt:
    """One mail offered to one server.

    `commands` are MAIL, a RCPT for each recipient that can be sent, and DATA, unless that is
    `held` back, as far as they are not sent yet; `answered` counts their replies, `accepted`
    the recipients taken, `refusal` is the outcome if MAIL was refused.
    """

    __slots__ = ("_outcomes", "_sent", "_soft", "accepted", "answered", "commands", "refusal")

    def __init__(self, mail: Mail, peer: Extensions, *, soft: bool, held: bool = False) -> None:
        self._soft = soft
        self._sent: list[int] = []
        self._outcomes: list[Outcome | None] = [None] * len(mail.recipients)
        self.answered = 0
        self.accepted = 0
        self.refusal: Outcome | None = None
        self.commands = [mail_command(mail, peer)]
        for number, (address, params) in enumerate(mail.recipients):
            if address and sendable(address):
                self.commands.append(rcpt_command(address, params, peer))
                self._sent.append(number)
            else:
                self._outcomes[number] = outcome.unsendable(
                    "4.1.3", "recipient address cannot be sent"
                )
        if not held:
            self.commands.append(DATA)

    @property
    def empty(self) -> bool:
        """Whether no recipient can be sent at all."""
        return not self._sent

    @property
    def awaits_data(self) -> bool:
        """Whether the next reply answers DATA."""
        return self.answered > len(self._sent)

    @property
    def hopeless(self) -> bool:
        """Whether DATA would be in vain, by the replies so far."""
        return self.refusal is not None or (self.awaits_data and not self.accepted)

    @property
    def stage(self) -> str:
        """The command whose reply is the next."""
        if self.awaits_data:
            return "DATA"
        return "RCPT" if self.answered else "MAIL"

    def replied(self, reply: Reply) -> None:
        """Take the reply to MAIL or to the next RCPT, positive or not."""
        number = self.answered
        self.answered += 1
        if not number:
            if not reply.positive:
                self.refusal = outcome.judge(reply, soft=self._soft)
        elif reply.positive:
            self.accepted += 1
        elif reply.code in (452, 552):
            self._outcomes[self._sent[number - 1]] = outcome.too_many(reply)
        else:
            self._outcomes[self._sent[number - 1]] = outcome.judge(reply, soft=self._soft)

    def results(self, rest: Outcome | None) -> tuple[Outcome, ...]:
        """An outcome for each recipient; `rest` is that of the ones not decided yet.

        A refused MAIL decides for all that were sent.  Where nobody was accepted, "too
        many" would be as true of any next transaction and becomes an ordinary 4xx.
        """
        outcomes = self._outcomes
        if self.refusal is not None:
            for number in self._sent:
                outcomes[number] = self.refusal
        done = [found or rest for found in outcomes]
        if not self.accepted:
            return tuple(_put_off(found) for found in done if found is not None)
        return tuple(found for found in done if found is not None)


def _put_off(found: Outcome) -> Outcome:
    if found.reason != outcome.TOO_MANY:
        return found
    return Outcome(found.kind, outcome.PUT_OFF, found.reply, found.text, found.status)
