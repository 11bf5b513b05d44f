"""relay.toml and command-line options to a `Config`, or to every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.config.contradictions import contradictions
from relay.config.kinds import Wrong, from_option
from relay.config.openness import rules_at_fault
from relay.config.parameters import PARAMETER, TABLES, Config
from relay.config.references import references
from relay.config.statements import Statement, SyntaxMistake, parse, statements
from relay.config.tables import TableReader, said


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: line of the file (0: an option, or no line), parameter or "", text."""

    line: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.name else self.text


@dataclass(frozen=True, slots=True)
class Problems:
    """Why there is no configuration: every mistake, by line."""

    all: tuple[Problem, ...]

    def lines(self, file: str) -> tuple[str, ...]:
        """`relay.toml:9: timeout: ...`, one a mistake."""
        return tuple(f"{file}:{p.line}: {p}" if p.line else str(p) for p in self.all)


class _Reading:
    """What has been read so far: values, where each stands, what was wrong."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.lines: dict[str, int] = {}
        self.options: set[str] = set()
        self.problems: list[Problem] = []
        self.readers: dict[str, TableReader[Any]] = {
            kind.word: TableReader(kind, self.wrong) for kind in TABLES
        }
        self.tables: dict[str, tuple[Any, ...]] = {}

    def wrong(self, line: int, name: str, text: str) -> None:
        self.problems.append(Problem(line, name, text))

    def line(self, table: str, name: str) -> int:
        """Where a parameter stands, or at least its table; 0: nowhere."""
        if not table:
            return self.lines.get(name, 0)
        lines = self.readers[table.partition(".")[0]].lines
        return lines.get((table, name)) or lines.get((table, ""), 0)

    def finish(self) -> Config | None:
        """The tables made; the configuration, unless something was wrong."""
        self.tables = {kind.attribute: self.readers[kind.word].tables() for kind in TABLES}
        if all(reader.whole for reader in self.readers.values()):
            for table, name, what in references(**self.tables):
                self.wrong(self.line(table, name), name, what)
        if self.problems:
            return None
        return Config(**self.values, **self.tables)  # type: ignore[arg-type]  # by kind


def load(
    text: str, options: Mapping[str, str | tuple[str, ...]] | None = None
) -> Config | Problems:
    """Read relay.toml; options of the command line, by parameter name, beat it.

    The whole is validated: syntax, names, types, ranges, contradictions.  Raises nothing
    for any text; an option of an unknown name is the caller's mistake (KeyError).
    """
    reading = _Reading()
    _read_file(text.replace("\r\n", "\n").removeprefix("\ufeff"), reading)
    for name, words in (options or {}).items():
        _read_option(name, (words,) if isinstance(words, str) else words, reading)
    config = reading.finish()
    if config is not None:
        for table, name, what in (
            *(("", name, what) for name, what in contradictions(config)),
            *rules_at_fault(config, reading.line),
        ):
            label = name if table else _label(name, reading)
            reading.wrong(reading.line(table, name), label, what)
        if not reading.problems:
            return config
    return Problems(tuple(sorted(reading.problems)))


def lines_of(text: str) -> dict[tuple[str, str], int]:
    """The line of each parameter that a file sets, by table and name.

    A table is "" for none, else as `TableKind.label` says; name "" is its header.
    """
    reading = _Reading()
    _read_file(text.replace("\r\n", "\n").removeprefix("\ufeff"), reading)
    found = {("", name): line for name, line in reading.lines.items()}
    for reader in reading.readers.values():
        found |= reader.lines
    return found


def _label(name: str, reading: _Reading) -> str:
    return _option(name) if name in reading.options else name


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _read_file(text: str, reading: _Reading) -> None:
    table = ""
    for statement in statements(text):
        found = parse(statement)
        if isinstance(found, SyntaxMistake):
            reading.wrong(found.line, "", found.text)
            if statement.header:
                table = "?"
            continue
        name, value = found
        if statement.header:
            table = name
            if name in reading.readers:
                reading.readers[name].open(statement, value)
            else:
                reading.wrong(statement.line, "", _no_table(name))
        elif table in reading.readers:
            reading.readers[table].take(statement, name, value, name in PARAMETER)
        elif not table:
            _read_parameter(statement, name, value, reading)
    for number, line in enumerate(text.split("\n"), 1):
        if any("\ud800" <= ch <= "\udfff" for ch in line):
            reading.wrong(number, "", "not UTF-8")


def _read_parameter(statement: Statement, name: str, value: object, reading: _Reading) -> None:
    parameter = PARAMETER.get(name)
    if parameter is None:
        reading.wrong(statement.line, "", _unknown(name))
        return
    if parameter.name in reading.lines:
        before = reading.lines[parameter.name]
        reading.wrong(statement.line, name, f"stands in line {before} already")
        return
    reading.lines[parameter.name] = statement.line
    try:
        reading.values[parameter.name] = parameter.read(value)
    except Wrong as wrong:
        for line, text in said(statement, wrong):
            reading.wrong(line, name, text)


def _read_option(name: str, words: tuple[str, ...], reading: _Reading) -> None:
    parameter = PARAMETER[name]
    reading.options.add(parameter.name)
    reading.lines[parameter.name] = 0
    try:
        reading.values[parameter.name] = parameter.read(from_option(parameter.form, words))
    except Wrong as wrong:
        for what in (wrong.text, *wrong.items.values()):
            if what:
                reading.wrong(0, _option(name), what)


def _no_table(name: str) -> str:
    from difflib import get_close_matches  # only a mistake pays for it

    known = {kind.word: kind.example for kind in TABLES}
    near = get_close_matches(name.lower(), known, 1, 0.6)
    if near:
        return f"[{name}]: no table is called so; {known[near[0]]}?"
    return f"[{name}]: the only tables are {', '.join(known.values())}; parameters stand above them"


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name.lower().replace("-", "_"), PARAMETER, 1, 0.6)
    return f"no parameter is called {name!r}" + (f"; {near[0]}?" if near else "")
