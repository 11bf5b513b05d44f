"""The few values of relay.toml that a reading command needs.

The relay checks its configuration itself; here a file is read that may be newer or older
than this tool, so everything but these keys is passed over.  A missing file at the usual
place is no error.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from spooltool.errors import ConfigError

DEFAULT_CONFIG = "/etc/relay/relay.toml"


class Settings(NamedTuple):
    """`path` is the file that was read, "" when there was none.  Durations in seconds."""

    path: str = ""
    rundir: str = ""
    logdir: str = ""
    timeout: int = 90
    scan_period: int = 2
    resend_period: int = 600
    abandon_time: int = 432000


def read_settings(path: str, *, required: bool = False) -> Settings:
    """Read them.  Raises ConfigError when the file cannot be read as TOML."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        if required:
            raise ConfigError(f"{path}: {error.strerror}") from error
        return Settings()
    except OSError as error:
        if required:
            raise ConfigError(f"{path}: {error.strerror}") from error
        return Settings()
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return _chosen(path, table)


def _chosen(path: str, table: dict[str, Any]) -> Settings:
    values: dict[str, Any] = {"path": path}
    for key in ("rundir", "logdir"):
        value = table.get(key)
        if isinstance(value, str) and value:
            values[key] = os.path.join(os.path.dirname(os.path.abspath(path)), value)
    for key in ("timeout", "scan_period", "resend_period", "abandon_time"):
        value = table.get(key)
        if isinstance(value, int) and value > 0:
            values[key] = value
    return Settings(**values)
