"""A text in the person's editor, while the screen steps aside."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile

from textual.app import App, SuspendNotSupported

from spooltool.change.envelope_text import EnvelopeText, Mistake, read_text
from spooltool.change.order import Order
from spooltool.render.text import visible

_MARK = "#! "
"""Begins the lines that tell of a mistake; the next reading takes them out."""


class NoEditor(Exception):
    """The editor could not be run, or ended badly; the text says why."""


def edited(app: App[object], text: str) -> str:
    """The text as the editor left it.  Raises NoEditor."""
    command = _editor()
    with tempfile.TemporaryDirectory(prefix="spooltool-") as folder:
        path = os.path.join(folder, "envelope")
        with open(path, "x", encoding="utf-8", opener=_private) as file:
            file.write(text)
        try:
            with app.suspend():
                code = subprocess.run([*command, path], check=False).returncode
        except (OSError, SuspendNotSupported) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise NoEditor(
                f"{visible(command[0])}: {visible(why)}: set $VISUAL or $EDITOR"
            ) from error
        if code != 0:
            raise NoEditor(f"{visible(command[0])} ended with {code}: nothing is changed")
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise NoEditor(f"what the editor left cannot be read: {visible(str(error))}") from error


def _editor() -> list[str]:
    for variable in ("VISUAL", "EDITOR"):
        try:
            if words := shlex.split(os.environ.get(variable, "")):
                return words
        except ValueError as error:
            raise NoEditor(f"${variable}: {error}") from error
    return ["vi"]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Editing:
    """One envelope on its way through the editor, as often as it takes."""

    def __init__(self, before: EnvelopeText) -> None:
        self._before = before
        self._text = before.text

    def run(self, app: App[object]) -> Order | Mistake | None:
        """Have it edited: what it means, what is wrong with it, None where nothing differs.

        Raises NoEditor.
        """
        text = edited(app, self._text)
        self._text = "".join(
            line for line in text.splitlines(keepends=True) if not line.startswith(_MARK)
        )
        found = read_text(self._before, self._text)
        if isinstance(found, Mistake):
            self._mark(found)
        return found

    def _mark(self, mistake: Mistake) -> None:
        """Write a mistake above its line, for the next time."""
        lines = self._text.splitlines(keepends=True)
        lines.insert(max(0, mistake.line - 1), f"{_MARK}{mistake.text}\n")
        self._text = "".join(lines)
