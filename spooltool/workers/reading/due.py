"""What is to be done when: intervals that grow with what the work costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Due:
    """Times of works by name, on a clock that never goes back."""

    def __init__(self, ticks: Callable[[], float], names: Iterable[str]) -> None:
        self._ticks = ticks
        self._at = dict.fromkeys(names, ticks())

    def now(self, name: str) -> bool:
        """Whether it is time."""
        return self._ticks() >= self._at[name]

    def after(self, name: str, seconds: float) -> None:
        """It is time in so many seconds."""
        self._at[name] = self._ticks() + seconds

    def sooner(self, name: str, seconds: float) -> None:
        """The same, unless it is time before that."""
        self._at[name] = min(self._at[name], self._ticks() + seconds)

    def rest(self, names: Iterable[str]) -> float:
        """Seconds until the first of these."""
        return max(0.0, min(self._at[name] for name in names) - self._ticks())
