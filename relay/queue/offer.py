"""One mail offered to one host after another of its list, as a value.

Whom one host puts off the next one may take (RFC 5321 5.1), and so it is with a mail for
which a host lacks an extension.  What is certain stays: delivered, refused for good, lost
after the final dot, one recipient too many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from relay.smtp.envelope import Mail
from relay.smtp.outcome import PUT_OFF, TIMEOUT, Kind, Outcome

_ELSEWHERE = frozenset((PUT_OFF, TIMEOUT))


class Offer:
    """Collects an outcome for each recipient of a mail.

    Keep from the next host whom it must not get by `bar`, offer `mail`, report by `answered`,
    and go on with the next host while `open`; where there is no other, say why by `no_other`.
    """

    def __init__(self, mail: Mail) -> None:
        self._all = mail
        self._asked = list(range(len(mail.recipients)))
        self._found: list[Outcome | None] = [None] * len(mail.recipients)
        self._lacking: set[int] = set()
        self._barred: list[int] = []

    @property
    def mail(self) -> Mail:
        """What the next host is to be offered: the mail for those whom none has taken."""
        return replace(self._all, recipients=[self._all.recipients[one] for one in self._asked])

    @property
    def open(self) -> bool:
        """Whether another host might do better for somebody."""
        return bool(self._asked)

    @property
    def began(self) -> bool:
        """Whether a host has answered at all."""
        return all(found is not None for found in self._found)

    @property
    def delivered(self) -> bool:
        """Whether somebody has got it."""
        return any(found is not None and found.kind is Kind.DELIVERED for found in self._found)

    @property
    def decided(self) -> bool:
        """Whether a host has taken it for somebody, or may have: that must be written down."""
        taken = (Kind.DELIVERED, Kind.UNKNOWN)
        return any(found is not None and found.kind in taken for found in self._found)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome of each recipient, in the order of the mail."""
        return tuple(found for found in self._found if found is not None)

    def answered(self, outcomes: Sequence[Outcome], host: str, *, gap: bool = False) -> None:
        """A host's outcomes for the recipients of `mail`; with `gap` it lacks an extension.

        Such a lack decides nothing for whom an earlier host has put off: that one may take
        them later.
        """
        still, self._barred = self._barred, []
        for number, outcome in zip(self._asked, outcomes, strict=True):
            if not gap or self._found[number] is None:
                self._found[number] = replace(outcome, host=host)
                if gap:
                    self._lacking.add(number)
                else:
                    self._lacking.discard(number)
            later = outcome.kind is Kind.TEMPORARY and outcome.reason in _ELSEWHERE
            if gap or later:
                still.append(number)
        self._asked = sorted(still)

    def bar(self, recipients: Collection[str], outcome: Outcome, host: str) -> None:
        """Keep some recipients from the host that is asked next, until it has answered.

        Another host may be one to which they are let; where there is none, `outcome` stands.
        """
        self._barred = [n for n in self._asked if self._all.recipients[n][0] in recipients]
        self._asked = [n for n in self._asked if n not in self._barred]
        for number in self._barred:
            found = self._found[number]
            if found is None or found.kind is Kind.PERMANENT:
                self._found[number] = replace(outcome, host=host)
                self._lacking.add(number)

    def no_other(self, failure: Outcome | None) -> None:
        """There is no host left; `failure` is that of one which could not be asked.

        That one may have the extension that the others lack, so the mail waits for it.
        """
        if failure is not None:
            for number in self._lacking:
                found = self._found[number]
                text = f"{found.text}; {failure.text}" if found is not None else failure.text
                self._found[number] = replace(failure, text=text)
        self._asked = []
