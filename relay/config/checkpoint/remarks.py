"""What an import or an export could not carry over, each with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name, for remarks, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """One thing: the file, the line (0: none), the text."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return (where if self.file else "") + self.text


class Remarks:
    """Collects them; the same one counts once."""

    def __init__(self) -> None:
        self._found: dict[Remark, None] = {}

    def add(self, file: str, line: int, text: str) -> None:
        """One more."""
        self._found[Remark(file, line, text)] = None

    def sorted(self) -> tuple[Remark, ...]:
        """All of them, by file and line."""
        return tuple(sorted(self._found))
