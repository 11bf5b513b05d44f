"""A configuration as text, and what a new one asks of a running relay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from relay.config.kinds import MinFree
from relay.config.parameters import PARAMETERS, SECTIONS, TABLES, Config
from relay.config.resources import FieldRewrite, Rewrite
from relay.config.tables import TableKind, header
from relay.config.wildcard import Pattern, Replacement

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def show(config: Config, *, non_default: bool = False) -> str:
    """relay.toml that loads to this very configuration.

    Whole: every parameter with its meaning.  `non_default`: only what differs.
    """
    out: list[str] = []
    for parameter in PARAMETERS:
        value = getattr(config, parameter.name)
        line = f"{parameter.name} = {encode(value)}"
        if non_default:
            if value != parameter.default:
                out.append(line)
            continue
        if heading := SECTIONS.get(parameter.name):
            out += ["", f"## {heading}"]
        default = "" if value == parameter.default else f"; default {encode(parameter.default)}"
        out += ["", f"# {parameter.meaning} ({parameter.kind}{default})", line]
    for kind in TABLES:
        if not non_default:
            out += ["", f"## {kind.title}", *_declared(kind)]
        for table in getattr(config, kind.attribute):
            out += _table(kind, table)
    return "\n".join(out).lstrip("\n") + "\n" if out else ""


def _declared(kind: TableKind[Any]) -> Iterator[str]:
    """Everything that may stand in a table, as comments."""
    yield ""
    for part in ("", *kind.parts):
        yield f"# {kind.example[:-1]}.{part}]" if part else f"# {kind.example}"
        for one in kind.entries:
            if one.part == part:
                default = "" if one.default is None else f"; default {encode(one.default)}"
                need = "; wanted" if one.wanted else default
                yield f"#   {one.name}: {one.meaning} ({one.kind}{need})"


def _table(kind: TableKind[Any], table: object) -> Iterator[str]:
    """A table: what differs from its defaults."""
    key = getattr(table, kind.key)
    for part in ("", *kind.parts):
        lines = [
            f"{one.name} = {encode(value)}"
            for one in kind.entries
            if one.part == part
            and ((value := getattr(table, one.attribute)) != one.default or one.wanted)
        ]
        if lines or not part:
            yield from ("", header(kind, key, part), *lines)


def encode(value: object) -> str:
    """A parameter's value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, MinFree) and not value.percent:
        return str(value.octets)
    if isinstance(value, Rewrite | FieldRewrite):
        pieces = (f"{one.name} = {encode(getattr(value, one.name))}" for one in fields(value))
        return "{ " + ", ".join(pieces) + " }"
    if isinstance(value, Pattern | Replacement):
        return _quote(value.text)
    if isinstance(value, tuple):
        return "[" + ", ".join(_quote(str(member)) for member in value) + "]"
    return _quote(str(value))


def restart_needed(old: Config, new: Config) -> tuple[str, ...]:
    """Names of the parameters that differ and that a reload cannot change."""
    return tuple(
        parameter.name
        for parameter in PARAMETERS
        if not parameter.reload and getattr(old, parameter.name) != getattr(new, parameter.name)
    )


def _quote(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(ch) or _plain(ch) for ch in text) + '"'


def _plain(ch: str) -> str:
    return f"\\u{ord(ch):04x}" if ch < " " or ch == "\x7f" else ch
