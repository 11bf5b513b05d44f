"""A configuration as text, and what a new one asks of a running relay."""

from __future__ import annotations

from relay.config.destinations import TABLE, TABLE_PARAMETERS, DestinationTable
from relay.config.kinds import MinFree
from relay.config.parameters import PARAMETERS, SECTIONS, Config

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
    if config.destinations and not non_default:
        out += ["", "## Destinations"]
    for table in config.destinations:
        out += _table(table, explained=not non_default)
    return "\n".join(out).lstrip("\n") + "\n" if out else ""


def _table(table: DestinationTable, *, explained: bool) -> list[str]:
    out = ["", f"[{TABLE}.{_quote(str(table.pattern))}]"]
    for parameter in TABLE_PARAMETERS:
        value = getattr(table, parameter.name)
        if value is None:
            continue
        if explained:
            out += [f"# {parameter.meaning} ({parameter.kind})"]
        out += [f"{parameter.name} = {encode(value)}"]
    return out


def encode(value: object) -> str:
    """A parameter's value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, MinFree) and not value.percent:
        return str(value.octets)
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
