"""Did every message arrive whole, once, at everybody?  What was sent beside what was got."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from spooltool.cli.corpus import SampleMail
from spooltool.cli.sink import Received

_OURS = "Received: "


@dataclass(frozen=True, slots=True)
class Proof:
    """The comparison.  `faults` has a line for everything that is not as it must be."""

    sent: int
    delivered: int
    lost: int
    duplicated: int
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all arrived, once, unchanged."""
        return not self.faults and self.delivered == self.sent

    @property
    def line(self) -> str:
        """`delivered 200/200, lost 0, duplicated 0`."""
        return (
            f"delivered {self.delivered}/{self.sent}, lost {self.lost}, "
            f"duplicated {self.duplicated}"
        )


def read_record(path: str) -> list[Received]:
    """What a sink wrote down; empty when it has got nothing yet."""
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def prove(sent: Iterable[SampleMail], received: Iterable[Received]) -> Proof:
    """Compare.  A message counts as delivered when each of its recipients got it once, whole."""
    by_id: dict[str, list[Received]] = {}
    for record in received:
        by_id.setdefault(record["id"], []).append(record)
    delivered = lost = duplicated = number = 0
    faults: list[str] = []
    for mail in sent:
        number += 1
        records = by_id.pop(mail.x_id, [])
        got = Counter(address for record in records for address in record["recipients"])
        wanted = Counter(mail.recipients)
        found = [fault for record in records for fault in _changed(mail, record)]
        if wanted - got:
            lost += 1
            found.append(f"not delivered to {', '.join(wanted - got)}")
        if got - wanted:
            duplicated += 1
            found.append(f"too often to {', '.join(got - wanted)}")
        if not found:
            delivered += 1
        faults += [f"{mail.x_id}: {fault}" for fault in found]
    for name, records in by_id.items():
        duplicated += len(records)
        faults.append(f"{name or 'a message without X-Demo-Id'}: never sent")
    return Proof(number, delivered, lost, duplicated, tuple(faults))


def _changed(mail: SampleMail, record: Received) -> list[str]:
    """How a delivered copy differs from the message: our Received line and nothing else."""
    faults = []
    if record["sender"] != mail.sender:
        faults.append(f"sender {record['sender']}")
    first = record["first"]
    if not first.startswith(_OURS):
        faults.append("no Received line of the relay before it")
    whole = hashlib.sha256(first.encode("latin-1") + mail.content).hexdigest()
    if record["whole"] != whole:
        faults.append("the content differs")
    body = hashlib.sha256(mail.content.partition(b"\r\n\r\n")[2]).hexdigest()
    if record["body"] != body:
        faults.append("the body differs")
    return faults
