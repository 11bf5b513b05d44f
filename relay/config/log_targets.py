"""Where log entries go beside the files: a kind of parameter."""

from __future__ import annotations

from relay.config.kinds import Wrong, members, shown
from spooltool.logs.log_target import SHAPES, LogTarget, parse_target


def log_targets(value: object) -> tuple[LogTarget, ...]:
    """A list of `journald`, `unix:PATH`, `udp:HOST:PORT` and `tcp:HOST:PORT`."""
    return tuple(members(value, SHAPES, _target))


def _target(text: str) -> LogTarget:
    target = parse_target(text)
    if target is None:
        raise Wrong(f"wants {SHAPES}, not {shown(text)}")
    return target
