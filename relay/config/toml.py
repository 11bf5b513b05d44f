"""relay.toml and command-line options to a `Config`, or to every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relay.config.contradictions import contradictions
from relay.config.destinations import TABLE, DestinationReader, parse_pattern
from relay.config.kinds import Wrong, from_option
from relay.config.parameters import NOT_YET, PARAMETER, Config
from relay.config.statements import Statement, SyntaxMistake, parse, statements


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
        self.destinations = DestinationReader(self.wrong)

    def wrong(self, line: int, name: str, text: str) -> None:
        self.problems.append(Problem(line, name, text))


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
    if not reading.problems:
        tables = reading.destinations.tables()
        config = Config(**reading.values, destinations=tables)  # type: ignore[arg-type]  # by kind
        for name, what in contradictions(config):
            reading.wrong(reading.lines.get(name, 0), _label(name, reading), what)
        if not reading.problems:
            return config
    return Problems(tuple(sorted(reading.problems)))


def lines_of(text: str) -> dict[tuple[str, str], int]:
    """The line of each parameter that a file sets, by table ("" for none) and name."""
    table = ""
    found: dict[tuple[str, str], int] = {}
    for statement in statements(text.replace("\r\n", "\n").removeprefix("\ufeff")):
        read = parse(statement)
        if isinstance(read, SyntaxMistake):
            continue
        name, value = read
        if statement.header:
            table = str(next(iter(value), "")) if isinstance(value, dict) else ""
            table = str(parse_pattern(table) or "?")
        else:
            found[table, name] = statement.line
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
            if name == TABLE:
                reading.destinations.open(statement, value)
            else:
                reading.wrong(statement.line, "", _no_table(name))
        elif table == TABLE:
            reading.destinations.take(statement, name, value, name in PARAMETER)
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
        if wrong.text:
            reading.wrong(statement.line, name, wrong.text)
        for index, what in wrong.items.items():
            line = statement.members[index] if index < len(statement.members) else statement.line
            reading.wrong(line, name, what)


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
    return f'[{name}]: the only tables are [{TABLE}."HOST"]; parameters stand above them'


def _unknown(name: str) -> str:
    if why := NOT_YET.get(name):
        return f"{name} would have no effect: {why}"
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name.lower().replace("-", "_"), PARAMETER, 1, 0.6)
    return f"no parameter is called {name!r}" + (f"; {near[0]}?" if near else "")
