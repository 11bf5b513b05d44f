"""`relay scan`: what an antivirus scanner says of files, or of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.antivirus.scanner import Scanner, scanner_of
from relay.options import ConfigOption
from relay.source import Source
from spooltool.errors import UsageError


def scan_command(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
    scanner: Annotated[
        str, typer.Option("--scanner", metavar="NAME", help="A [scanner.NAME] of relay.toml.")
    ] = "",
    address: Annotated[
        str, typer.Option("--address", metavar="HOST:PORT", help="Where the scanner listens.")
    ] = "",
    protocol: Annotated[
        str, typer.Option("--protocol", metavar="clamd|icap", help="What is spoken there.")
    ] = "clamd",
    unix_socket: Annotated[
        str, typer.Option("--socket", metavar="PATH", help="Its Unix socket instead (clamd).")
    ] = "",
    service: Annotated[
        str, typer.Option("--service", metavar="PATH", help="The ICAP service, as virus_scan.")
    ] = "",
    max_size: Annotated[
        int, typer.Option("--max-size", metavar="KB", min=0, help="Larger files are not sent.")
    ] = 0,
    seconds: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Silence it may keep.")
    ] = 90.0,
    cure: Annotated[bool, typer.Option("--cure", help="Ask for mended content, too.")] = False,
    headers: Annotated[
        bool, typer.Option("--headers", help="The files are whole mails, headers and all.")
    ] = False,
    config: ConfigOption = None,
) -> int:
    """Ask an antivirus scanner about files, or without any about itself.

    A file with the test virus EICAR shows whether it works.  Exit code: 0 all clean, 1 something
    was found, 4 no verdict on some.
    """
    from relay.antivirus.command import run as scan_files
    from relay.antivirus.command import scanner_at
    from relay.policy.scan_outcome import Mode

    if scanner:
        if address or unix_socket:
            raise UsageError("--scanner is one of relay.toml, --address one of its own")
        asked = _named(scanner, config)
    else:
        asked = scanner_at(protocol, address, unix_socket, service, max_size)
    mode = Mode.CURE if cure else Mode.CHECK
    return scan_files(asked, files or (), seconds, mode=mode, headers=headers, say=print)


def _named(name: str, config: str | None) -> Scanner:
    """A scanner of the configuration.  Raises ConfigError, and UsageError where it has none
    of that name."""
    found = Source(config=config).read().scanners
    table = next((one for one in found if one.name == name), None)
    if table is None:
        known = ", ".join(one.name for one in found) or "none"
        raise UsageError(f"--scanner {name}: relay.toml has no such scanner; it has {known}")
    return scanner_of(table)
