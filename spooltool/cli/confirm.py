"""Asking a person before a change.

The answer comes from the terminal itself, so that it can be asked when the standard input
carries ids.  Without a terminal nobody is asked, and nothing is taken for a yes.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Self

from spooltool.change.caution import number_to_type
from spooltool.errors import ConfirmationMissing


class Person:
    """Somebody at the terminal; a context manager."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def answer(self, question: str) -> str:
        """Ask and wait for a line; "" when the terminal was hung up."""
        os.write(self._fd, question.encode("utf-8", "backslashreplace"))
        line = b""
        while not line.endswith(b"\n"):
            chunk = os.read(self._fd, 1024)
            if not chunk:
                break
            line += chunk
        return line.decode("utf-8", "replace").strip()


def person(*, stdin_taken: bool) -> Person | None:
    """The person at the terminal; None when this command has none.

    `stdin_taken`: the standard input carries ids, so that it tells nothing about that.
    """
    if not stdin_taken and not sys.stdin.isatty():
        return None
    try:
        return Person(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return None if stdin_taken else Person(os.dup(sys.stdin.fileno()))


def confirm(somebody: Person, verb: str, count: int, where: str) -> None:
    """Ask whether to go on, for some verbs and for many messages by the number itself.

    Raises ConfirmationMissing when the answer is not yes.
    """
    messages = f"{count:,} message{'' if count == 1 else 's'}"
    if number_to_type(verb, count):
        answer = somebody.answer(f"{verb} {messages} in {where}: type {count} to go on: ")
        agreed = answer.replace(",", "") == str(count)
    else:
        answer = somebody.answer(f"{verb} {messages} in {where}? [y/N] ")
        agreed = answer.lower() in ("y", "yes")
    if not agreed:
        raise ConfirmationMissing("declined: nothing was changed")
