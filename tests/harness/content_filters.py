"""Filters for content workers that do one thing each: as asked for, or what no filter may do."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping

from relay.content.filter import Output, Source
from relay.content.filtering import ContentFilter
from relay.content.judgement import Outcome, Verdict
from spooltool.spool.checks import Check


class Deeds:
    """Does what `orders["do"]` names."""

    def filter(self, source: Source, output: Output, orders: Mapping[str, object]) -> Outcome:
        """The outcome of the deed, where it has one."""
        deed = getattr(self, f"_{orders['do']}")
        outcome: Outcome = deed(source, output)
        return outcome

    def _pass(self, source: Source, output: Output) -> Outcome:
        return Outcome(Verdict.PASS, notes=(f"pid {os.getpid()}",))

    def _upper(self, source: Source, output: Output) -> Outcome:
        for chunk in source.chunks():
            output.write(chunk.upper())
        return Outcome(Verdict.CHANGED, notes=(f"pid {os.getpid()}",), removed=("lower case",))

    def _block(self, source: Source, output: Output) -> Outcome:
        output.write(b"half of it")
        return Outcome(Verdict.BLOCKED, "found something", check=Check.HTML)

    def _hog(self, source: Source, output: Output) -> Outcome:
        held = [bytearray(1 << 24) for _ in range(1 << 12)]
        return Outcome(Verdict.PASS, str(len(held)))

    def _loop(self, source: Source, output: Output) -> Outcome:
        while True:
            pass

    def _sleep(self, source: Source, output: Output) -> Outcome:
        signal.pause()
        return Outcome(Verdict.PASS)

    def _work_on(self, source: Source, output: Output) -> Outcome:
        """Works longer than it may be silent."""
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            source.read(0, 1)
            time.sleep(0.01)
        return Outcome(Verdict.PASS)

    def _exit(self, source: Source, output: Output) -> Outcome:
        os._exit(3)

    def _crash(self, source: Source, output: Output) -> Outcome:
        os.kill(os.getpid(), signal.SIGSEGV)
        signal.pause()
        return Outcome(Verdict.PASS)

    def _raise(self, source: Source, output: Output) -> Outcome:
        raise RuntimeError("what is this?")

    def _nest(self, source: Source, output: Output) -> Outcome:
        return self._nest(source, output)

    def _garbage(self, source: Source, output: Output) -> Outcome:
        os.write(_socket(), b"\xff\x00{]")
        signal.pause()
        return Outcome(Verdict.PASS)

    def _mute(self, source: Source, output: Output) -> Outcome:
        os.close(_socket())
        signal.pause()
        return Outcome(Verdict.PASS)

    def _speak_late(self, source: Source, output: Output) -> Outcome:
        """Leaves something behind for the next task."""
        if os.fork() == 0:
            time.sleep(0.05)
            os.write(_socket(), b'{"progress": 1, "octets": 1}')
            os._exit(0)
        return Outcome(Verdict.PASS)

    def _fill(self, source: Source, output: Output) -> Outcome:
        while True:
            output.write(bytes(1 << 20))

    def _lie(self, source: Source, output: Output) -> Outcome:
        output.write(b"abc")
        output.size = 4
        return Outcome(Verdict.CHANGED)

    def _lock(self, source: Source, output: Output) -> Outcome:
        """Tries to write to the source."""
        try:
            os.write(source._fd, b"x")
        except OSError as error:
            return Outcome(Verdict.BLOCKED, str(error.strerror), check=Check.HTML)
        return Outcome(Verdict.PASS)

    def _descriptors(self, source: Source, output: Output) -> Outcome:
        names = sorted(os.listdir("/proc/self/fd"), key=int)
        return Outcome(Verdict.BLOCKED, str(len(names)), check=Check.HTML)


def _socket() -> int:
    return int(sys.argv[1])


class Mortal:
    """The real filter, but for content that says so it dies."""

    def filter(self, source: Source, output: Output, orders: Mapping[str, object]) -> Outcome:
        """As `ContentFilter.filter`."""
        if any(b"die now" in chunk for chunk in source.chunks()):
            os.kill(os.getpid(), signal.SIGKILL)
        return ContentFilter().filter(source, output, orders)
