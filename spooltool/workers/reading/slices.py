"""Work in slices: a pass over many messages gives way every few milliseconds."""

from __future__ import annotations

import time
from collections.abc import Iterator


class Pass:
    """One pass.  `cost` are the seconds that it has taken, without what was done meanwhile."""

    def __init__(self, steps: Iterator[None]) -> None:
        self._steps = steps
        self.cost = 0.0

    def turn(self) -> bool:
        """Do a little; False when there was nothing left to do."""
        began = time.perf_counter()
        try:
            next(self._steps)
        except StopIteration:
            return False
        finally:
            self.cost += time.perf_counter() - began
        return True
