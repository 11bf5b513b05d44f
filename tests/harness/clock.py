"""A wall clock of a test's own: libfaketime under the processes of a relay.

Only CLOCK_REALTIME is moved; the monotonic clock, timers and file times stay true.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.harness.programs import absent

LIBRARY = "libfaketime.so.1"
FOLDERS = ("/usr/lib", "/usr/lib64")


class WallClock:
    """What processes started with `environment` take for the time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faketime"
        self._ahead = 0.0
        self.step(0)
        self.environment = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def step(self, seconds: float) -> None:
        """From now on the clock is so far ahead of the true one (behind where negative).

        The file is replaced whole: a process may read it at any moment.
        """
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+.0f}\n")
        new.rename(self._file)
        self._ahead = float(f"{seconds:.0f}")

    def begin(self, at: float) -> None:
        """From now on the clock runs from `at`, unix seconds.

        libfaketime's own absolute form would begin anew with each process.
        """
        self.step(at - time.time())

    def now(self) -> float:
        """What the clock says, unix seconds."""
        return time.time() + self._ahead


def library() -> Path:
    """Where libfaketime is; without it the test is skipped, but never in CI."""
    for folder in FOLDERS:
        for path in sorted(Path(folder).glob(f"**/faketime/{LIBRARY}")):
            return path
    absent("libfaketime is not installed (packaging/install-interop installs it)")
    raise AssertionError("not reached")
