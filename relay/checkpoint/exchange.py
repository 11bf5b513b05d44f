"""`relay config import` and `relay config export`: folders of Check Point's files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from relay.config import Config
from relay.config.checkpoint.exporting import export_config
from relay.config.checkpoint.filenames import (
    FWAUTHD_CONF,
    OBJECTS,
    RULES,
    RULES_SUFFIX,
    SMTP_CONF,
)
from relay.config.checkpoint.importing import Sources, import_config, unreadable
from relay.config.checkpoint.remarks import Source
from spooltool.errors import CannotCreate, ConfigError, ExitCode
from spooltool.logs.quoting import raw


def import_folder(folder: str, output: str | None, *, policy: str, gateway: str) -> int:
    """Import a folder's files to a new file, or to stdout; the exit code."""
    sources = _sources(folder)
    if found := unreadable(sources):
        raise ConfigError("nothing is imported, for these files cannot be read safely", found)
    imported = import_config(sources, policy=policy, gateway=gateway)
    if output is None:
        sys.stdout.write(imported.text)
        sys.stdout.flush()
    else:
        _create(output, imported.text.encode())
    _report(map(str, imported.remarks))
    if imported.problems is None:
        return ExitCode.OK
    name = output or "relay.toml"
    print(f"relay: {name} wants a hand before it can be used:", file=sys.stderr)
    _report(imported.problems.lines(name))
    return ExitCode.SOME


def export_folder(config: Config, folder: str) -> int:
    """Write a configuration's files into a folder, over none that is there."""
    exported = export_config(config)
    os.makedirs(folder, exist_ok=True)
    there = [name for name in exported.files if os.path.lexists(os.path.join(folder, name))]
    if there:
        raise CannotCreate(f"{folder}: {', '.join(there)} there already")
    for name, content in exported.files.items():
        _create(os.path.join(folder, name), content)
    _report(map(str, exported.remarks))
    return ExitCode.OK


def _sources(folder: str) -> Sources:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error
    objects = next((name for name in OBJECTS if name in names), None)
    rules = [RULES] if RULES in names else [n for n in names if n.upper().endswith(RULES_SUFFIX)]
    if objects is None and not rules:
        looked = ", ".join((*OBJECTS, RULES, f"*{RULES_SUFFIX}"))
        raise ConfigError(f"{folder}: no objects and no rule base", hint=f"looked for {looked}")

    def source(name: str) -> Source | None:
        return _read(folder, name) if name in names else None

    return Sources(
        source(objects) if objects else None,
        tuple(_read(folder, name) for name in rules),
        source(SMTP_CONF),
        source(FWAUTHD_CONF),
    )


def _read(folder: str, name: str) -> Source:
    path = os.path.join(folder, name)
    try:
        with open(path, "rb") as handle:
            return Source(name, handle.read())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _create(path: str, content: bytes) -> None:
    try:
        with open(path, "xb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
    except FileExistsError as error:
        raise CannotCreate(f"{path} is there already") from error
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror}") from error


def _report(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"  {raw(line)}", file=sys.stderr)
