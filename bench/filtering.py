"""What the work on content costs: the same mail through relays that do more and more with it."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.corpus import SHARES
from bench.processes import cpu_seconds
from bench.report import Report, code, table
from bench.systems import RELAY_TOML, Counter, RelaySystem
from bench.throughput import Samples
from tests.harness.clamd import Clamd
from tests.harness.process import PYTHON, ROOT, wait_until

MESSAGES, WARM_UP, SESSIONS = 1500, 100, 20

PLAIN = """
[[rule]]
source = "127.0.0.0/8"
resource = "all"
action = "accept"

[resource.all]
match.recipient = "*"
"""
REWRITING = """\
action_1.sender = { original = "*@example.com", rewritten = "&@mail.example.com" }
action_1.recipient = { original = "*@example.org", rewritten = "&@inside.example.org" }
action_1.custom_field = { field = "X-Mailer", original = "*", rewritten = "" }
"""
STRIPPING = """\
action_2.strip_mime_of_type = "application/x-msdownload"
action_2.strip_file_by_name = "*.{exe,scr,com,bat,pif}"
action_2.strip_script_tags = true
action_2.strip_applet_tags = true
action_2.strip_activex_tags = true
action_2.strip_ftp_links = true
action_2.strip_port_strings = true
"""
SCANNING = """\
cvp.enable_cvp = true
cvp.server = "clamd"
cvp.allowed_to_modify_content = false
"""


class FilteringRelay(RelaySystem):
    """`relay run` with rules; `lines` are what its resource says, `scanner` clamd's port."""

    def __init__(self, name: str, folder: Path, next_hop: int, lines: str, scanner: int) -> None:
        toml = f'{RELAY_TOML}default_server = "127.0.0.1:{next_hop}"\n'
        toml += f'\n[scanner.clamd]\nprotocol = "clamd"\naddress = "127.0.0.1:{scanner}"\n'
        super().__init__(folder / name.replace(" ", "-"), next_hop, toml=toml + PLAIN + lines)
        self.name = name

    @property
    def command(self) -> list[str]:
        """Without --dst: the rules say where mail goes."""
        return [
            *super().command[:2],
            *("--spool", str(self.spool), "--listen", f"127.0.0.1:{self.port}"),
            *("--config", str(self.folder / "relay.toml")),
        ]


def filtering(report: Report, folder: Path, rounds: int) -> None:
    """The mixed corpus through four relays, in turn."""
    place = folder / "filtering"
    place.mkdir()
    with Clamd(_made(place / "clamd")) as clamd:
        results = _in_turn(place, clamd.port, rounds)
    plain = results["plain path"]
    rows = [
        [
            name,
            *(f"{one.rate:,.0f}/s", f"**{one.rate / plain.rate:.2f}**"),
            *(f"{one.cpu_ms:.2f} ms", f"{one.cpu_ms / plain.cpu_ms:.2f}"),
        ]
        for name, one in results.items()
    ]
    shares = ", ".join(f"{share} % {kind}" for kind, share in SHARES)
    report.section(
        "Work on content",
        f"{MESSAGES} messages of a mixed corpus ({shares}; bench/corpus.py) over {SESSIONS} "
        f"sessions to relays with rules, in turn; medians of {rounds} rounds, ratios to the plain "
        "path: one rule with a resource that only takes the mail. CPU is that of all processes of "
        "the relay, its content workers included, clamd (its own signatures only) not.",
        table(["relay", "rate", "ratio", "CPU a message", "ratio"], rows),
        "What the resource says besides:",
        code(*"\n".join((REWRITING, STRIPPING, SCANNING)).splitlines()),
    )


def _in_turn(place: Path, scanner: int, rounds: int) -> dict[str, Samples]:
    sink = Counter()
    kinds = {
        "plain path": "",
        "header rewriting": REWRITING,
        "stripping and weeding": STRIPPING,
        "clamd": SCANNING,
        "all of it": REWRITING + STRIPPING + SCANNING,
    }
    relays = [FilteringRelay(name, place, sink.port, kinds[name], scanner) for name in kinds]
    results = {relay.name: Samples() for relay in relays}
    seeds = (f"s{number}" for number in itertools.count())
    try:
        for relay in relays:
            relay.start()
            _measure(relay, sink, next(seeds), WARM_UP)
        for _ in range(rounds):
            seed = next(seeds)
            for relay in relays:
                rate, cpu = _measure(relay, sink, seed, MESSAGES)
                results[relay.name].rates.append(rate)
                results[relay.name].cpu.append(cpu)
    finally:
        for relay in relays:
            relay.stop()
        sink.stop()
    told = ", ".join(f"{n} {s.rate:,.0f}/s {s.cpu_ms:.2f} ms" for n, s in results.items())
    print(f"  {told}", flush=True)
    return results


def _measure(relay: RelaySystem, sink: Counter, seed: str, messages: int) -> tuple[float, float]:
    """Messages a second and CPU milliseconds a message."""
    command = [PYTHON, "-m", "bench.filtering", str(relay.port), seed, str(messages)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as sender:
        assert sender.stdout is not None
        sender.stdout.readline()  # its messages are made
        before, cpu = sink.read(), cpu_seconds(relay.pid)
        began = time.perf_counter()
        sender.communicate(b"go\n", timeout=600)
        if sender.returncode:
            raise RuntimeError("not all messages were taken")
        sink.wait(before + messages)
        took = time.perf_counter() - began
    wait_until(lambda: relay.queued() == 0, what=f"{relay.name} is empty")
    return messages / took, (cpu_seconds(relay.pid) - cpu) * 1000 / messages


def _made(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def main(argv: Sequence[str]) -> int:
    """`python -m bench.filtering PORT SEED MESSAGES`: the sender, a process of its own.

    It says when its messages are made, and begins when it is given a line.
    """
    import asyncio

    from bench.corpus import mixed
    from tests.harness.client import AckLog, run_load

    port, seed, messages = int(argv[0]), argv[1], int(argv[2])
    samples = list(itertools.islice(mixed(seed), messages))
    print("ready", flush=True)
    sys.stdin.readline()
    tally = asyncio.run(run_load(port, iter(samples), AckLog(None), sessions=SESSIONS))
    return 0 if tally.acked == messages else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
