"""`spooltool demo`: mail gets stuck and is mended, in a temporary folder."""

from __future__ import annotations

import shlex
import shutil
import signal
import smtplib
import tempfile
import time
from dataclasses import dataclass
from types import FrameType
from typing import Annotated

import typer

from spooltool.cli.as_typed import run_as_typed
from spooltool.cli.corpus import SampleMail, corpus
from spooltool.cli.invocation import Invocation
from spooltool.cli.proof import prove, read_record
from spooltool.cli.stage import (
    ACCEPTS,
    DEFERS,
    REFUSES,
    Stage,
    StageError,
    environment,
    inject,
    standings,
)
from spooltool.cli.terminal import Output
from spooltool.errors import ExitCode
from spooltool.render.text import wrapped

MESSAGES = 200
SEED = 2026
_SHARES = ((ACCEPTS, 4), (REFUSES, 3), (DEFERS, 3))
_WIDEST = 100


def run(
    ctx: typer.Context,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder, and say where.")] = False,
    messages: Annotated[
        int, typer.Option("--messages", metavar="N", min=10, help="So many messages.")
    ] = MESSAGES,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Other mail.")] = SEED,
) -> int:
    """See mail get stuck and mended, in a temporary folder.

    Starts a relay and three next hops on loopback addresses, sends mail through it, and
    runs the real commands, each shown before its output.  At the end what arrived is
    compared with what was sent.  Nothing outside of the folder is touched; under a minute.
    """
    invocation: Invocation = ctx.obj
    invocation.out.unpaged()
    signal.signal(signal.SIGTERM, _interrupt)
    folder = tempfile.mkdtemp(prefix="spooltool-demo-")
    try:
        with Stage(folder) as stage:
            demo = Demo(invocation.out, stage, list(corpus(messages, seed)))
            return demo.play()
    except KeyboardInterrupt:
        invocation.out.note("spooltool: interrupted: everything that the demo started has ended")
        return ExitCode.INTERRUPTED
    except smtplib.SMTPException as error:
        raise StageError(f"the relay did not take a message: {error}") from error
    finally:
        if keep:
            invocation.out.line(f"kept: {folder}")
            invocation.out.line(f"      spooltool --spool {folder}/spool history")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@dataclass
class Demo:
    """The story, told by commands."""

    out: Output
    stage: Stage
    mails: list[SampleMail]
    traced: str = ""

    def play(self) -> int:
        """All of it; the exit code.  Raises StageError."""
        began = time.monotonic()
        self.stage.set_up()
        self._say(
            "A relay with three next hops, all on this machine: "
            f"{ACCEPTS} takes mail, {REFUSES} refuses connections, {DEFERS} answers 451."
        )
        counts = self._inject()
        self._wait_for_the_stuck(counts)
        self._look()
        self._mend_refused()
        self._mend_deferred()
        self._look_back()
        return self._prove(time.monotonic() - began)

    # the mail

    def _inject(self) -> dict[str, int]:
        began = time.monotonic()
        deal = [host for host, share in _SHARES for _ in range(share)]
        counts = {}
        for host in (ACCEPTS, REFUSES, DEFERS):
            mine = [m for at, m in enumerate(self.mails) if deal[at % len(deal)] == host]
            counts[host] = inject(mine, self.stage.intakes[host])
        seconds = time.monotonic() - began
        self._say(
            f"{len(self.mails)} messages went in by SMTP in {seconds:.1f} s: "
            f"{counts[ACCEPTS]} for {ACCEPTS}, {counts[REFUSES]} for {REFUSES}, "
            f"{counts[DEFERS]} for {DEFERS}."
        )
        return counts

    def _wait_for_the_stuck(self, counts: dict[str, int]) -> None:
        stuck = counts[REFUSES] + counts[DEFERS]

        def so() -> bool:
            rows = standings(self.stage.spool)
            return len(rows) == stuck and all(row.standing == "stuck" for row in rows)

        self.stage.wait(f"{stuck} messages stuck, the others delivered", so)
        self._say(f"{counts[ACCEPTS]} were delivered at once; {stuck} are stuck. Where, and why?")

    # the commands

    def _look(self) -> None:
        self._type("ls", "--stuck", "--limit", "12")
        self._say("One of them in full: what is it, who gets it, what did the next hop say?")
        self._type("show", self._one(REFUSES), first=40)

    def _mend_refused(self) -> None:
        words = ("retarget", "stuck", f"dst:{REFUSES}", "--to", ACCEPTS)
        self._say("Another server is ready to take them. First look: this changes nothing.")
        self._type(*words, "--dry-run")
        self._say(
            "Now for real: changed under lock, read back, tried at once, followed to the end."
        )
        self._type(*words, "--kick", "--watch", "--yes", first=8, last=4)

    def _mend_deferred(self) -> None:
        self.traced = self._one(DEFERS)
        self._say(f"The same for what {DEFERS} puts off, notices included, while it is retried.")
        words = ("retarget", "stuck", f"dst:{DEFERS}", "--to", ACCEPTS, "--err-server", "same")
        self._type(*words, "--kick", "--watch", "--yes", first=6, last=4)

    def _look_back(self) -> None:
        self._say("What happened to one of them, from the logs:")
        self._type("log", self.traced, first=6, last=2)
        self._say("And the spool now:")
        self._type("status")

    def _one(self, host: str) -> str:
        """The number of the first message for a host, in the queue's order."""
        rows = [row for row in standings(self.stage.spool) if row.get("DST") == host]
        if not rows:
            raise StageError(f"no message for {host} is left")
        return min(rows, key=lambda row: row.key).id

    def _type(self, *arguments: str, first: int = 1000, last: int = 0) -> None:
        self.stage.check()
        command = shlex.join(["spooltool", *arguments])
        self.out.line(f"$ {command}")
        self.out.flush()
        code = run_as_typed(
            list(arguments),
            env={**environment(), "SPOOLTOOL_SPOOL": self.stage.spool},
            width=self._width,
            say=self._show,
            first=first,
            last=last,
        )
        self.out.line("")
        if code != ExitCode.OK:
            raise StageError(f"`{command}` ended with {code}")

    def _show(self, line: str) -> None:
        self.out.line(line)
        self.out.flush()

    # the end

    def _prove(self, seconds: float) -> int:
        proof = prove(self.mails, read_record(self.stage.record))
        left = [row.file for row in standings(self.stage.spool)]
        self._say(
            "What arrived, compared with what was sent: each recipient once, the content byte "
            "by byte (our Received line before it), the body's digest."
        )
        for fault in proof.faults[:20]:
            self.out.line(f"  {fault}")
        if left:
            self.out.line(f"  still in the spool: {' '.join(left[:20])}")
        self.out.line(f"{proof.line}   ({seconds:.0f} s)")
        return ExitCode.OK if proof.holds and not left else ExitCode.SOME

    @property
    def _width(self) -> int:
        return min(self.out.width, _WIDEST)

    def _say(self, text: str) -> None:
        for line in wrapped(text, self._width - 2):
            self.out.line(f"# {line}")
        self.out.flush()
