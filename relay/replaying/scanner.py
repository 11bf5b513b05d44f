"""What antivirus scanners say of the filtered form, and what that does to the outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from relay.antivirus.client import scan_now
from relay.antivirus.scanner import Protocol, Scanner, ScanTask
from relay.config import Config
from relay.policy.antivirus import (
    Deliver,
    DeliverCured,
    FindPart,
    Quarantine,
    ReplacePart,
    Wait,
    decide,
)
from relay.policy.pipeline import label, orders_of
from relay.policy.scan_outcome import Mode
from relay.policy.verdict import Outcome, Verdict
from relay.replay.forecast import Copy, Forecast
from spooltool.spool.checks import Check
from spooltool.spool.hosts import HostPort

NOT_ASKED = "the scanner is not asked: --scan"


class Scanners:
    """The scanners of a configuration; `asked` is whether they are asked at all."""

    def __init__(self, config: Config, *, asked: bool) -> None:
        self._asked = asked
        self._seconds = float(config.timeout)
        self._by_address: dict[HostPort, Scanner] = {
            one.address: Scanner(
                one.name, Protocol(one.protocol), one.address, one.socket, one.service, one.max_size
            )
            for one in config.scanners
        }

    def judged(self, found: Forecast) -> Forecast:
        """The forecast with what the scanners say, or with a note that they were not asked."""
        return replace(found, copies=tuple(map(self._copy, found.copies)))

    def _copy(self, copy: Copy) -> Copy:
        if not copy.scanned or not copy.digest:
            return copy
        if not self._asked:
            return replace(copy, notes=(*copy.notes, NOT_ASKED))
        scanner = self._by_address[copy.acceptance.av_address]
        task = ScanTask(Mode.CHECK, copy.acceptance.av_headers, "", copy.size)
        said = scan_now(scanner, task, copy.pieces, timeout=self._seconds)
        mode = Mode(copy.acceptance.av_setting)
        return _after(copy, decide(said, mode, a_part=False))


def _after(
    copy: Copy, decision: Deliver | DeliverCured | ReplacePart | FindPart | Quarantine | Wait
) -> Copy:
    """A copy once the scanner has spoken; it is asked to look only, so nothing is cured."""
    by = label(orders_of(copy.resource, rule=str(copy.acceptance.rule)))
    match decision:
        case Deliver():
            return replace(copy, notes=(*copy.notes, "the scanner finds nothing"))
        case DeliverCured(names) | ReplacePart(names) | FindPart(names):
            told = f"what is infected: antivirus ({', '.join(names)})"
            removed = (*copy.outcome.removed, told)
            return copy.judged(replace(copy.outcome, verdict=Verdict.CHANGED, removed=removed))
        case Quarantine(text):
            return copy.judged(Outcome(Verdict.BLOCKED, f"{by}{text}", check=Check.ANTIVIRUS))
        case Wait(text, _):
            return copy.judged(Outcome(Verdict.DEFER, f"{by}{text}"))
        case _:
            assert_never(decision)
