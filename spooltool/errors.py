"""The error tree and the exit codes: the one place that names either.

Bad bytes inside a spool are data (`spooltool.spool.defects`), never an exception.
An exception here means that the world said no, or that the person asked for
something impossible.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; 64 and above follow sysexits.h."""

    OK = 0
    SOME = 1
    USAGE = 2
    UNCONFIRMED = 3
    INCOMPLETE = 4
    NO_SPOOL = 66
    NO_RELAY = 69
    CANNOT_CREATE = 73
    IO = 74
    NOT_PERMITTED = 77
    CONFIG = 78
    INTERRUPTED = 130


EXIT_MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "every selected message is as asked or gone, also when nothing matched",
    ExitCode.SOME: "some are not, each is named",
    ExitCode.USAGE: "usage or query error, nothing done",
    ExitCode.UNCONFIRMED: "confirmation missing or declined, nothing done",
    ExitCode.INCOMPLETE: "answer incomplete: part of the spool could not be read",
    ExitCode.NO_SPOOL: "no spool",
    ExitCode.NO_RELAY: "relay not reachable",
    ExitCode.CANNOT_CREATE: "cannot create a file",
    ExitCode.IO: "cannot write",
    ExitCode.NOT_PERMITTED: "not permitted",
    ExitCode.CONFIG: "configuration error",
    ExitCode.INTERRUPTED: "interrupted",
}


class CheckCode(IntEnum):
    """Exit codes of `status --check`: those of monitoring plug-ins."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


CHECK_MEANING: dict[CheckCode, str] = {
    CheckCode.OK: "every measure is within its limits",
    CheckCode.WARNING: "a limit of --warn is passed",
    CheckCode.CRITICAL: "a limit of --crit is passed",
    CheckCode.UNKNOWN: "no spool, nothing or not all of it can be read, or a wrong option",
}


class SpooltoolError(Exception):
    """Root of the tree: a message for a person, a hint, and the exit code it leads to."""

    exit_code: ExitCode = ExitCode.SOME

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SpooltoolError):
    """The command line asks for something that has no meaning; nothing was done."""

    exit_code = ExitCode.USAGE


class QueryError(UsageError):
    """A query that cannot be read; `column` counts from 1 in the joined query text."""

    def __init__(self, message: str, column: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.column = column


class ConfirmationMissing(SpooltoolError):
    """A change wanted a yes and got none; nothing was done."""

    exit_code = ExitCode.UNCONFIRMED


class Incomplete(SpooltoolError):
    """Part of the spool could not be read, so the answer is a part of the answer."""

    exit_code = ExitCode.INCOMPLETE


class NoSpool(SpooltoolError):
    """There is no spool where one was looked for."""

    exit_code = ExitCode.NO_SPOOL


class RelayUnreachable(SpooltoolError):
    """The relay's control socket does not answer."""

    exit_code = ExitCode.NO_RELAY


class CannotCreate(SpooltoolError):
    """A file could not be created."""

    exit_code = ExitCode.CANNOT_CREATE


class CannotWrite(SpooltoolError):
    """A write, a sync or a rename failed; the old state stands."""

    exit_code = ExitCode.IO


class NotPermitted(SpooltoolError):
    """The operating system, or the ownership rules of the spool, forbid it."""

    exit_code = ExitCode.NOT_PERMITTED


class ConfigError(SpooltoolError):
    """The configuration is wrong; `problems` has every mistake, one line each."""

    exit_code = ExitCode.CONFIG

    def __init__(self, message: str, problems: tuple[str, ...] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class SpoolError(SpooltoolError):
    """One message could not be worked on; the others are not touched by that."""

    exit_code = ExitCode.SOME


class Busy(SpoolError):
    """Somebody else holds the message's lock; `holder` says who, as far as known."""

    def __init__(self, message: str, holder: str = "holder unknown") -> None:
        super().__init__(message)
        self.holder = holder


class Gone(SpoolError):
    """No file of this name is there any more."""


class Changed(SpoolError):
    """The message moved on since the plan was made."""


class Refused(SpoolError):
    """The message as it stands does not allow this change."""


class NotRegular(SpoolError):
    """A symbolic link, FIFO, device, directory or hard-linked file where a message belongs."""


class Exists(SpoolError):
    """The target of a move is there already; it is never replaced."""
