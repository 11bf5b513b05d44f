"""Where the configuration of a command comes from: relay.toml, and options that beat it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay.config import Config, Problems, lines_of, load
from spooltool.errors import ConfigError

DEFAULT_CONFIG = "/etc/relay/relay.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the configuration comes from: a file, and options that beat it."""

    spool: str | None = None
    config: str | None = None
    listen: tuple[str, ...] = ()
    dst: str | None = None
    accept_from: tuple[str, ...] = ()

    def read(self) -> Config:
        """The configuration.  Raises ConfigError with every mistake."""
        file = self.config or DEFAULT_CONFIG
        found = load(self._text(file), self._options())
        if isinstance(found, Problems):
            raise ConfigError("the configuration is wrong", found.lines(file))
        return found

    def named(self) -> Config:
        """The same, with the machine's name where it names none.

        One name for both halves: the intake finds loops by it, mdq greets with it.
        """
        from relay.intake.settings import machine_name

        found = self.read()
        return found if found.hostname else replace(found, hostname=machine_name())

    def intake(self) -> Config:
        """The same for the intake, as fwauthd_conf lets it run.

        Raises ConfigError, with file and line, where that file starts no intake.
        """
        found = self.named()
        if not found.fwauthd_conf:
            return found
        from relay.config.checkpoint.fwauthd import NotStarted, served, smtp_server

        line = smtp_server(_content(found.fwauthd_conf))
        if isinstance(line, NotStarted):
            where = f"{found.fwauthd_conf}:{line.line}" if line.line else found.fwauthd_conf
            raise ConfigError("the intake is not to run", (f"{where}: {line.text}",))
        return served(found, line, listening=bool(self.listen))

    def place(self, found: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
        """Facts about parameters with their lines.

        Each is a table's label ("" for none), a name ("" for the table itself), a text.
        """
        file = self.config or DEFAULT_CONFIG
        lines = lines_of(self._text(file))
        return tuple(
            (f"{file}:{line}: " if (line := lines.get((table, name))) else "")
            + (f"{name}: {text}" if name else text)
            for table, name, text in found
        )

    def _text(self, file: str) -> str:
        return _content(file, absent=None if self.config else "")

    def _options(self) -> dict[str, str | tuple[str, ...]]:
        options: dict[str, str | tuple[str, ...]] = {}
        if self.spool is not None:
            options["rundir"] = os.path.abspath(self.spool)
        if self.listen:
            options["listen"] = self.listen
        if self.dst is not None:
            options["dst"] = self.dst
        if self.accept_from:
            options["accept_from"] = self.accept_from
        return options

    def arguments(self) -> list[str]:
        """The same as options, for a process that reads it again."""
        given: list[str] = []
        if self.spool is not None:
            given += ["--spool", os.path.abspath(self.spool)]
        if self.config is not None:
            given += ["--config", os.path.abspath(self.config)]
        for value in self.listen:
            given += ["--listen", value]
        if self.dst is not None:
            given += ["--dst", self.dst]
        for value in self.accept_from:
            given += ["--accept-from", value]
        return given


def _content(file: str, absent: str | None = None) -> str:
    """The text of a file; `absent` in place of one that is not there."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as handle:
            return handle.read()
    except OSError as error:
        if absent is not None and isinstance(error, FileNotFoundError):
            return absent
        raise ConfigError(f"{file}: {error.strerror}") from error
