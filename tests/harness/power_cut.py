"""Power cuts: `python -m tests.harness.power_cut --kind ext4 --form sending --cuts 20`, as root.

A mail system runs on a loop-mounted image while clients send.  At a random moment the file
system is shut down without flushing its log and all processes are killed.  A copy of the
image is mounted, which replays the log, and the checker compares it with the 250s that
clients had read before that moment.  Then the system is started on the copy and drains.

    sending     the next hop is away: all that was acknowledged must be in the queue
    delivering  the next hop takes all it can: what comes twice is counted, too
    numbers     cuts and SIGKILLs in turn, the counter set back between: no number twice

A line is printed for each cut, and in the end the figures, as JSON and for people.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.checker import Verdict, check
from tests.harness.cut_rig import TAKES_ALL, Rig
from tests.harness.cut_systems import SYNCS, DebianPostfix, Relay, System
from tests.harness.images import MKFS, NAMESPACES
from tests.harness.process import PYTHON, Child
from tests.harness.spool_reader import spool_messages

HARMS = ("lost", "torn", "doubled", "reused", "damaged")
CLIENTS = (1, 8, 8, 20, 20, 50)
"""Clients at a time; what one alone sends is made durable by fsync, the others' by syncfs."""
MOST_ACKED, MOST_BYTES = 1500, 40_000_000
"""A cut while sending comes after a random number of 250s, up to so many, or so many bytes."""
AFTER = 0.05
"""And then within so many seconds, so that it hits any step of the next batch."""
BACKLOG = 1500
"""Messages that wait when the next hop comes back and the cut is to hit deliveries."""


@dataclass
class Figures:
    """What a series came to; `harms` are lines about whatever must not be."""

    kind: str
    system: str
    form: str
    cuts: int = 0
    kills: int = 0
    acked: int = 0
    lost: int = 0
    torn: int = 0
    doubled: int = 0
    reused: int = 0
    damaged: int = 0
    duplicates: int = 0
    most_duplicates: int = 0
    seconds: float = 0.0
    harms: list[str] = field(default_factory=list)

    def add(self, where: str, verdict: Verdict) -> None:
        """Count the harm of one judgement."""
        for kind in HARMS:
            lines = getattr(verdict, kind)
            setattr(self, kind, getattr(self, kind) + len(lines))
            self.harms += [f"{where}: {kind}: {line}" for line in lines[:5]]

    def summary(self) -> str:
        """One line for people."""
        kills = f" and {self.kills} kills" if self.kills else ""
        return (
            f"{self.system} on {self.kind}, {self.form}: {self.cuts} cuts{kills}, "
            f"acked {self.acked}, lost {self.lost}, truncated {self.torn}, in two directories "
            f"{self.doubled}, numbers twice {self.reused}, damaged {self.damaged}, delivered "
            f"twice {self.duplicates} (most in one cut {self.most_duplicates}), "
            f"{self.seconds:.0f} s"
        )


Show = Callable[[str], None]


def crash_while_sending(rig: Rig, _count: int) -> None:
    """Clients send, the next hop is away; returns at the moment to cut at."""
    rig.load(rig.chance.choice(CLIENTS))
    most = min(MOST_ACKED, MOST_BYTES // rig.round.size)
    rig.wait_for(rig.round.acks, rig.chance.randint(1, most), "250s")
    time.sleep(rig.chance.uniform(0, AFTER))


def crash_while_delivering(rig: Rig, count: int) -> None:
    """A backlog goes out at full rate, in every second round while clients go on sending."""
    rig.load(20)
    rig.wait_for(rig.round.acks, BACKLOG, "a backlog")
    if count % 2:
        rig.stop_clients()
    rig.next_hop(TAKES_ALL)
    rig.system.deliver()
    share = rig.chance.uniform(0.1, 0.9)
    wanted = int(BACKLOG * share)
    rig.deliver_until(lambda: rig.round.lines(rig.round.taken) >= wanted, "enough deliveries")


CRASHES = {"sending": crash_while_sending, "delivering": crash_while_delivering}
LARGEST = {"sending": 300_000, "delivering": 16_384, "numbers": 4096}
"""The largest message of a form, in bytes."""


def cut_series(rig: Rig, figures: Figures, cuts: int, show: Show) -> None:
    """So many cuts, each judged at rest and once more when it has drained."""
    crash = CRASHES[figures.form]
    rig.begin(largest=LARGEST[figures.form])
    rig.start()
    for count in range(cuts):
        crash(rig, count)
        moment = rig.cut()
        acks = rig.round.acked(moment)
        figures.cuts += 1
        figures.acked += len(acks)
        at_rest = rig.system.at_rest(rig.point, acks, rig.sink.entries())
        where = f"cut {figures.cuts}"
        harmed = len(figures.harms)
        figures.add(f"{where}, at rest", at_rest)
        if len(figures.harms) > harmed:
            figures.harms.append(f"{where}: the image is kept as {rig.keep()}")
        rig.next_hop(TAKES_ALL)
        rig.start()
        rig.drain()
        drained = judge_drained(rig, acks, at_rest)
        figures.add(f"{where}, drained", drained)
        twice = len(drained.duplicated)
        figures.duplicates += twice
        figures.most_duplicates = max(figures.most_duplicates, twice)
        show(
            f"{where} of {cuts}: {rig.round.size} bytes a message, acked {len(acks)}, in the queue "
            f"{at_rest.owed}, lost {len(at_rest.lost)}, truncated {len(at_rest.torn)}; drained: "
            f"delivered {drained.delivered}, lost {len(drained.lost)}, twice {twice}"
        )
        rig.begin(largest=LARGEST[figures.form])


def judge_drained(rig: Rig, acks: Sequence[dict[str, Any]], at_rest: Verdict) -> Verdict:
    """The checker's word on what has arrived in the end, less what was found before."""
    verdict = check(acks, rig.sink.entries(), ())
    known = {line.split()[0] for line in at_rest.lost}
    verdict.lost = [line for line in verdict.lost if line.split()[0] not in known]
    verdict.damaged += rig.round.strangers(acks)
    return verdict


def crash_series(rig: Rig, figures: Figures, crashes: int, messages: int, show: Show) -> None:
    """Cuts and kills in turn while mail comes and goes, the counter set back or lost between.

    At least so many messages are acknowledged in all; all is judged once, in the end.
    """
    acks: list[dict[str, Any]] = []
    taken: list[dict[str, Any]] = []
    counters: list[bytes] = []
    for count in range(crashes):
        rig.begin(TAKES_ALL, largest=LARGEST["numbers"])
        what = set_back(rig, counters) if count % 3 == 2 else "counter as it was"
        rig.start()
        rig.load(8)
        counters.append(counter_of(rig).read_bytes())
        rig.wait_for(rig.round.acks, messages // crashes, "250s")
        if count % 3 == 1:  # no file is left to show which numbers were given
            rig.stop_clients()
            rig.drain()
        moment = rig.kill() if count % 2 else rig.cut()
        acks += rig.round.acked(moment)
        taken += rig.sink.entries()
        figures.kills += count % 2
        figures.cuts += 1 - count % 2
        show(
            f"{'kill' if count % 2 else 'cut'} {count + 1} of {crashes}: acked {len(acks)}; {what}"
        )
    rig.begin(TAKES_ALL)
    rig.start()
    rig.drain()
    rig.system.stop()
    taken += rig.sink.entries()
    figures.acked = len(acks)
    verdict = rig.system.at_rest(rig.point, acks, taken)
    figures.add("in the end", verdict)
    figures.duplicates = len(verdict.duplicated)


def counter_of(rig: Rig) -> Path:
    """The file that the next number comes from."""
    return rig.point / "spool" / ".spooltool" / "counter"


def set_back(rig: Rig, counters: Sequence[bytes]) -> str:
    """The counter as it was some time ago, or none at all, and no file to tell better.

    What partial mail has left is removed, as it is by age.
    """
    for message in list(spool_messages(rig.point / "spool")):
        if message.letter == "T":
            (rig.point / "spool" / message.file).unlink()
    if rig.chance.random() < 0.3:
        counter_of(rig).unlink()
        return "counter lost before"
    counter_of(rig).write_bytes(rig.chance.choice(counters))
    return "counter set back before"


def run_series(options: argparse.Namespace, show: Show) -> Figures:
    """One series on a rig of its own."""
    figures = Figures(options.kind, options.system, options.form)
    began = time.monotonic()
    folder = Path(options.folder)

    def system(next_hop: int) -> System:
        if options.system == "postfix":
            return DebianPostfix(folder, next_hop)
        return Relay(folder, next_hop, syncs=options.syncs)

    rig = Rig(folder, options.kind, system, options.seed)
    try:
        if options.form == "numbers":
            crash_series(rig, figures, options.cuts, options.messages, show)
        else:
            cut_series(rig, figures, options.cuts, show)
    finally:
        rig.close()
    figures.seconds = time.monotonic() - began
    return figures


def _ended(_number: int, _frame: object) -> None:
    raise SystemExit(143)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one series; exit status 1 where something is that must not be."""
    parser = argparse.ArgumentParser(prog="tests.harness.power_cut", description="power cuts")
    parser.add_argument("--kind", choices=sorted(MKFS), default="ext4")
    parser.add_argument("--system", choices=("relay", "postfix"), default="relay")
    parser.add_argument("--form", choices=("sending", "delivering", "numbers"), default="sending")
    parser.add_argument("--cuts", type=int, default=20, help="of numbers: cuts and kills")
    parser.add_argument("--messages", type=int, default=10_000, help="of numbers: how many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", required=True, help="for images and logs; must exist")
    parser.add_argument("--syncs", choices=sorted(SYNCS), default="real", help="of the relay")
    options = parser.parse_args(argv)
    # The first process of a namespace hears of no signal that it has no handler for.
    signal.signal(signal.SIGTERM, _ended)
    figures = run_series(options, lambda line: print(line, flush=True))
    for line in figures.harms:
        print(f"HARM: {line}")
    print(RESULT + json.dumps(asdict(figures)))
    print(figures.summary(), flush=True)
    sys.exit(1 if figures.harms else 0)


RESULT = "RESULT "


class PowerCuts(Child):
    """A series as a child in namespaces of its own: nothing of it survives its end."""

    def __init__(self, folder: Path, **options: object) -> None:
        words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        flags = [word.removesuffix("=True") for word in words]
        folder.mkdir(parents=True, exist_ok=True)
        program = [PYTHON, "-m", "tests.harness.power_cut", "--folder", str(folder)]
        super().__init__([*NAMESPACES, *program, *flags])

    def figures(self, show: Show) -> Figures:
        """What it came to; `show` is given each line of its progress."""
        while not (line := self.line(seconds=300)).startswith(RESULT):
            show(line)
        return Figures(**json.loads(line.removeprefix(RESULT)))


if __name__ == "__main__":
    main()
