"""Answers kept as long as their TTL says, the oldest given up first when there are too many."""

from __future__ import annotations

from relay.delivery.dns.answers import Answer, Said

MOST = 20_000
"""Answers kept at a time."""

Key = tuple[str, str]
"""Name and type."""


class Memory:
    """A bounded store of answers.  `now` is seconds of a clock that only goes forward."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[Key, tuple[float, Answer]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Key, now: float) -> Answer | None:
        """What is known still."""
        found = self._known.get(key)
        if found is None:
            return None
        if found[0] <= now:
            del self._known[key]
            return None
        return found[1]

    def put(self, key: Key, answer: Answer, now: float) -> None:
        """Remember an answer for its TTL; one of 0 is not kept at all."""
        self._known.pop(key, None)
        if answer.ttl <= 0:
            return
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[key] = (now + answer.ttl, answer)

    def forget_troubles(self) -> None:
        """Failures count as never met: what a person asks for means now."""
        self._known = {
            key: kept for key, kept in self._known.items() if kept[1].said is not Said.TROUBLE
        }
