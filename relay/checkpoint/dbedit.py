"""`relay dbedit`: commands of a person or of a script change an objects file."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Iterator

from relay.checkpoint.files import EditedFile
from relay.config.checkpoint.commands import MORE, PROMPT
from relay.config.checkpoint.database import Database
from relay.config.checkpoint.session import Ended, Failed, Said, Session, Write
from relay.config.checkpoint.syntax import decode
from relay.config.checkpoint.tree import text_of
from spooltool.errors import ConfigError, ExitCode
from spooltool.logs.quoting import raw


def dbedit(path: str, script: str | None, *, dry_run: bool) -> int:
    """Edit a file; the exit code.  A script stops at its first mistake.

    With `dry_run` nothing is written, and what would have been is printed as a diff.
    """
    with EditedFile(path) as file:
        document = decode(file.content)
        if document.severe:
            found = tuple(f"{path}:{defect}" for defect in document.severe[:20])
            raise ConfigError(f"{path} cannot be read safely, so it is not edited", found)
        bare = any(item.name == "netobj" for item in document.root.items)
        session = Session(Database(document), bare_members=bare)
        run = _Run(file, session, dry_run=dry_run)
        if script is not None:
            return run.script(script, _script_lines(script))
        if sys.stdin.isatty():
            return run.interactive()
        return run.script("standard input", sys.stdin.read().splitlines())


class _Run:
    def __init__(self, file: EditedFile, session: Session, *, dry_run: bool) -> None:
        self._file = file
        self._before = file.content
        self._after = file.content
        self._session = session
        self._dry_run = dry_run
        self._ended = False

    def script(self, name: str, lines: Iterable[str]) -> int:
        """Every line in turn, up to the first mistake; the exit code."""
        number, failed = 0, False
        for number, line in enumerate(lines, 1):
            if failed := not self._answered(self._session.take(line), f"{name}:{number}: "):
                break
            if self._ended:
                break
        if not (failed or self._ended):
            failed = not self._answered(self._session.end(), f"{name}:{number}: ")
        return self._leave(failed=failed)

    def interactive(self) -> int:
        """Lines of a person, until `quit` or the end of the input; the exit code."""
        import readline  # noqa: F401  # input() edits lines by it

        while not self._ended:
            try:
                line = input(MORE if self._session.waiting else PROMPT)
            except EOFError:
                sys.stdout.write("\n")
                break
            self._answered(self._session.take(line), "")
        return self._leave(failed=False)

    def _answered(self, answers: Iterator[Said | Failed | Write | Ended], place: str) -> bool:
        """Show and do what a line led to; whether none of it failed."""
        good = True
        for answer in answers:
            match answer:
                case Said(text):
                    _show(text)
                case Failed(text):
                    good = False
                    print(f"relay: {_line(place + text)}", file=sys.stderr)
                case Write(content, text):
                    self._write(content, text)
                case Ended():
                    self._ended = True
        return good

    def _write(self, content: bytes, text: str) -> None:
        self._after = content
        if self._dry_run:
            return
        first = not self._file.backup
        self._file.replace(content)
        _show(text)
        if first:
            _show(f"the file as it was: {os.path.basename(self._file.backup)}")

    def _leave(self, *, failed: bool) -> int:
        if self._dry_run:
            for line in _difference(self._before, self._after, os.path.basename(self._file.path)):
                _show(line)
        left = self._session.not_updated
        if left:
            names = ", ".join(left)
            print(f"relay: not updated, and dropped: {_line(names)}", file=sys.stderr)
        return ExitCode.SOME if failed or left else ExitCode.OK


def _script_lines(path: str) -> list[str]:
    try:
        with open(path, "rb") as handle:
            return text_of(handle.read()).splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _difference(before: bytes, after: bytes, name: str) -> Iterator[str]:
    old, new = ([text_of(line) for line in one.split(b"\n")] for one in (before, after))
    for line in difflib.unified_diff(old, new, name, f"{name}, edited", lineterm=""):
        yield line.removesuffix("\r")


def _show(text: str) -> None:
    for line in text.split("\n"):
        sys.stdout.write(_line(line) + "\n")
    sys.stdout.flush()


def _line(text: str) -> str:
    """A line for a terminal: tabs stay, what is not to be seen is escaped."""
    return "\t".join(raw(piece) for piece in text.split("\t"))
