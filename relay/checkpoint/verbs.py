"""The commands about Check Point's files: `dbedit`, `config import`, `config export`."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.options import ConfigOption
from relay.source import Source


def add_checkpoint(app: typer.Typer, config_app: typer.Typer) -> None:
    """Put the commands beside those of `relay` and of `relay config`."""
    app.command("dbedit")(dbedit_command)
    config_app.command("import")(import_command)
    config_app.command("export")(export_command)


def dbedit_command(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    script: Annotated[
        str | None, typer.Option("-f", metavar="SCRIPT", help="Commands; else standard input.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, and write nothing.")
    ] = False,
) -> int:
    """Edit objects_5_0.C or objects.C in place: modify, update, print, query, create, delete.

    Nothing is written before `update`; the file as it was is kept beside it.
    """
    from relay.checkpoint.dbedit import dbedit

    return dbedit(file, script, dry_run=dry_run)


def import_command(
    folder: Annotated[str, typer.Argument(metavar="DIR")],
    output: Annotated[
        str | None, typer.Option("-o", metavar="FILE", help="A new relay.toml; else stdout.")
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME", help="The rule base, where there are more.")
    ] = "",
    gateway: Annotated[
        str, typer.Option("--gateway", metavar="NAME", help="The object with the parameters.")
    ] = "",
) -> int:
    """Make a relay.toml of objects_5_0.C or objects.C, rule base, smtp.conf and fwauthd.conf.

    What could not be carried over is said on stderr, each with file and line; 1 means that
    the relay.toml wants a hand before it is valid.
    """
    from relay.checkpoint.exchange import import_folder

    return import_folder(folder, output, policy=policy, gateway=gateway)


def export_command(
    folder: Annotated[str, typer.Argument(metavar="DIR")],
    config: ConfigOption = None,
) -> int:
    """Write relay.toml as objects_5_0.C, rulebases_5_0.fws, smtp.conf and fwauthd.conf."""
    from relay.checkpoint.exchange import export_folder

    return export_folder(Source(config=config).read(), folder)
