"""A check whose command line is wrong: still one line, and the code for unknown.

Exit code 2 would be an alarm, and standard error is not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.cli.invocation import Invocation
from spooltool.errors import CheckCode


def is_check(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for a check, however wrong it is otherwise."""
    return "status" in arguments and "--check" in arguments


def complain_as_check(invocation: Invocation, message: str) -> int:
    """Write the line; the code."""
    from spooltool.render.health import unknown_line  # start-up: only a mistake needs it

    invocation.out.line(unknown_line(message))
    invocation.out.close()
    return CheckCode.UNKNOWN
