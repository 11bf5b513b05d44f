"""The one invariant: `python -m tests.harness.checker --ack FILE --sink FILE --spool DIR`.

For each recipient of each message whose 250 a client has read, at least one of: a sink took
the message for it; a notice that names it was taken; one whole file of the spool still owes
it; a file in the trash keeps it; an operator's command ended it.  What is none of these is
lost.  No file may be torn, no message stand in two places, no number be given twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.spool_reader import SpoolMessage, spool_messages

Pair = tuple[str, str]
"""An X-Id and one recipient."""

TRASH = ".spooltool/trash"
OWED = "PUF"
"""Marks of recipients that a file still has to deliver to, or to send a notice about."""


@dataclass(slots=True)
class Verdict:
    """What the checker found: counts of recipients by their end, and lines about each harm.

    `duplicated` has a line for each delivery beyond the first; `notices_twice` counts the
    same for notices.  `left` are the files that stand outside the trash, partial ones too.
    """

    acked: int = 0
    recipients: int = 0
    delivered: int = 0
    noticed: int = 0
    owed: int = 0
    kept: int = 0
    ended: int = 0
    notices_twice: int = 0
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def holds(self, *, duplicates: int = 0, drained: bool = False) -> bool:
        """Whether the invariant holds, with so many duplicates at most.

        `drained` asks for an empty spool, too.
        """
        harm = self.lost or self.torn or self.doubled or self.reused or self.damaged
        return not harm and len(self.duplicated) <= duplicates and not (drained and self.left)

    def summary(self) -> str:
        """One line for people."""
        return (
            f"acked {self.acked} (recipients {self.recipients}): delivered {self.delivered}, "
            f"noticed {self.noticed}, owed {self.owed}, kept {self.kept}; lost {len(self.lost)}, "
            f"torn {len(self.torn)}, in two places {len(self.doubled)}, "
            f"numbers reused {len(self.reused)}, damaged {len(self.damaged)}, "
            f"duplicated {len(self.duplicated)}, notices twice {self.notices_twice}"
        )


def check(
    acks: Iterable[Mapping[str, Any]],
    deliveries: Iterable[Mapping[str, Any]],
    spool: Iterable[SpoolMessage],
    *,
    ended: Collection[str] = (),
) -> Verdict:
    """Judge what clients read, what sinks took, and a spool at rest.

    `ended` are the numbers of messages that an operator's command ended.
    """
    verdict = Verdict()
    acked: dict[str, Mapping[str, Any]] = {}
    given: dict[str, str] = {}
    for ack in acks:
        x_id, number = ack["x_id"], ack["id"]
        acked[x_id] = ack
        if number and given.setdefault(number, x_id) != x_id:
            verdict.reused.append(f"{number}: given to {given[number]} and to {x_id}")
    delivered, noticed = _taken(deliveries, acked, verdict)
    owed, kept = _files(spool, acked, given, verdict)
    verdict.acked = len(acked)
    for x_id, ack in acked.items():
        for to in ack["recipients"]:
            pair = (x_id, to)
            arrived, told = delivered[pair], noticed[pair]
            places = owed.get(pair, set())
            by_operator = ack["id"] in ended
            verdict.recipients += 1
            verdict.delivered += arrived > 0
            verdict.noticed += told > 0
            verdict.owed += bool(places)
            verdict.kept += pair in kept
            verdict.ended += by_operator
            verdict.notices_twice += max(0, told - 1)
            verdict.duplicated += [f"{x_id} for {to}"] * (arrived - 1)
            if len(places) > 1:
                verdict.doubled.append(f"{x_id} for {to}: {', '.join(sorted(places))}")
            if not (arrived or told or places or pair in kept or by_operator):
                verdict.lost.append(f"{x_id} for {to}")
    return verdict


def _taken(
    deliveries: Iterable[Mapping[str, Any]],
    acked: Mapping[str, Mapping[str, Any]],
    verdict: Verdict,
) -> tuple[Counter[Pair], Counter[Pair]]:
    """How often each pair was delivered, and named in a notice."""
    delivered: Counter[Pair] = Counter()
    noticed: Counter[Pair] = Counter()
    for entry in deliveries:
        if entry["sender"] == "":
            for x_id in set(entry["carried"]):
                noticed.update((x_id, to) for to in set(entry["final_recipients"]))
            continue
        x_id = entry["x_id"]
        if x_id in acked and entry["body_sha256"] != acked[x_id]["body_sha256"]:
            verdict.damaged.append(f"{x_id}: taken with another body")
        delivered.update((x_id, to) for to in entry["recipients"])
    return delivered, noticed


def _files(
    spool: Iterable[SpoolMessage],
    acked: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, str],
    verdict: Verdict,
) -> tuple[dict[Pair, set[str]], set[Pair]]:
    """Which files owe each pair (one of several with one number), and what the trash keeps."""
    owed: defaultdict[Pair, set[str]] = defaultdict(set)
    kept: set[Pair] = set()
    places: defaultdict[str, list[str]] = defaultdict(list)
    for message in spool:
        if message.place != TRASH:
            verdict.left.append(message.file)
        if message.letter == "T":
            continue
        places[message.id].append(message.file)
        flaw = _flaw(message, acked)
        if flaw:
            # One that nobody was told of may be torn: its client sends it again.
            if message.id in given or message.x_id in acked:
                verdict.torn.append(f"{message.file}: {flaw}")
            continue
        sent = given.get(message.id, message.x_id)
        if message.x_id != sent:
            verdict.reused.append(f"{message.file}: holds {message.x_id}, was given to {sent}")
        for to, mark in message.recipients.items():
            if message.place == TRASH:
                if mark != "D":
                    kept.add((message.x_id, to))
            elif mark in OWED:
                owed[message.x_id, to].add(message.id)
    for number, files in places.items():
        if len(files) > 1:
            verdict.doubled.append(f"{number}: {', '.join(files)}")
    return owed, kept


def _flaw(message: SpoolMessage, acked: Mapping[str, Mapping[str, Any]]) -> str:
    """Why a file is not whole, or ""; an E file may leave the body out."""
    if not message.complete:
        return "shorter or longer than its SIZES"
    ack = acked.get(message.x_id)
    if message.letter == "R" and ack and message.body_sha256 != ack["body_sha256"]:
        return "the body is not the one that was sent"
    return ""


def read_lines(path: Path | str) -> Iterator[dict[str, Any]]:
    """The JSON lines of a log; a last line without its end was never finished."""
    log = Path(path)
    if log.exists():
        yield from map(json.loads, log.read_bytes().rpartition(b"\n")[0].splitlines())


def main(argv: Sequence[str] | None = None) -> None:
    """Print the verdict; exit status 1 when the invariant does not hold."""
    parser = argparse.ArgumentParser(prog="tests.harness.checker", description="the invariant")
    parser.add_argument("--ack", action="append", default=[], help="a client's list of 250s")
    parser.add_argument("--sink", action="append", default=[], help="a sink's log")
    parser.add_argument("--spool", action="append", default=[], help="a spool at rest")
    parser.add_argument("--ended", action="append", default=[], help="a number ended by command")
    parser.add_argument("--duplicates", type=int, default=0, help="how many there may be")
    parser.add_argument("--drained", action="store_true", help="nothing may be left in the spool")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    verdict = check(
        [entry for path in options.ack for entry in read_lines(path)],
        [entry for path in options.sink for entry in read_lines(path)],
        [message for path in options.spool for message in spool_messages(Path(path))],
        ended=options.ended,
    )
    if options.json:
        print(json.dumps(asdict(verdict)))
    else:
        for harm in ("lost", "torn", "doubled", "reused", "damaged", "duplicated"):
            for line in getattr(verdict, harm):
                print(f"{harm}: {line}")
        print(verdict.summary())
    sys.exit(0 if verdict.holds(duplicates=options.duplicates, drained=options.drained) else 1)


if __name__ == "__main__":
    main()
