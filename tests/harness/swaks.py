"""swaks as a client that gives up at the first refusal, and what it was told."""

from __future__ import annotations

import subprocess

from tests.harness.programs import need


def replies(port: int, *options: str) -> list[str]:
    """One run of swaks against 127.0.0.1: the last line of each reply, greeting first."""
    done = subprocess.run(
        [need("swaks"), "--server", "127.0.0.1", "--port", str(port), "--timeout", "60", *options],
        capture_output=True,
        timeout=180,
        check=False,
        text=True,
        errors="replace",
    )
    lines = [line[4:] for line in done.stdout.splitlines() if line[:4] in ("<-  ", "<** ")]
    return [line for line in lines if line[3:4] == " "]
