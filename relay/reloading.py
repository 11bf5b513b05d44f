"""A new configuration for a running relay, and what it may not take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from relay.config import Config
from relay.options import ConfigOption, SpoolOption, say
from relay.source import Source
from spooltool.errors import ConfigError, ExitCode
from spooltool.store.in_use import resources_in_use
from spooltool.store.root import Spool

WAIT = 30.0
"""Seconds within which restarted processes must be back."""


def reader(configuration: Callable[[], Config], found: Config) -> Callable[[], Config | str]:
    """What a process calls to read its `configuration` again; `found` is the one in force.

    It gives the new one, or why the old one stays: a mistake, or a resource that is gone
    and that spooled mail was accepted by.
    """
    in_force = {resource.name for resource in found.resources}

    def read() -> Config | str:
        nonlocal in_force
        try:
            new = configuration()
        except ConfigError as error:
            return "; ".join((error.message, *error.problems))
        names = {resource.name for resource in new.resources}
        if dropped := in_force - names:
            with Spool.open(new.rundir) as spool:
                used = resources_in_use(spool)
            if why := missed({name: used[name] for name in dropped if name in used}):
                return f"{why}; a restart takes it over all the same"
        in_force = names
        return new

    return read


def missed(used: Mapping[str, int]) -> str:
    """What to say of resources that a configuration lacks, by the mail that names them."""
    if not used:
        return ""
    each = ", ".join(f"{name} ({count})" for name, count in sorted(used.items()))
    return f"mail in the spool was accepted by resources that are not there any more: {each}"


def reload_command(
    spool: SpoolOption = None,
    config: ConfigOption = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Although spooled mail names a resource that is gone: start anew."
        ),
    ] = False,
) -> int:
    """Have a running relay read its configuration again, if there is nothing wrong with it."""
    from relay.supervisor import RESTART_SIGNAL, restart, tell_reload

    found = Source(spool, config).read()
    with Spool.open(found.rundir) as opened:
        known = {resource.name for resource in found.resources}
        used = resources_in_use(opened)
        why = missed({name: count for name, count in used.items() if name not in known})
        if not why:
            say(f"pid {tell_reload(opened)} reads its configuration again")
            return ExitCode.OK
        if not force:
            raise ConfigError(
                why, hint="define them again, retarget or `set --resource` the mail, or --force"
            )
        say(why)
        restart(opened, list(RESTART_SIGNAL), WAIT, say)
    return ExitCode.OK
