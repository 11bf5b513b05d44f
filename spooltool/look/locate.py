"""Which spool is meant, and how that was found.

The first that is set wins; one that is set but wrong is an error, never a fall-through:
an operator who mistypes a path must not change another spool.
"""

from __future__ import annotations

import os
from itertools import islice
from typing import NamedTuple

from spooltool.errors import NoSpool, NotPermitted
from spooltool.look.settings import DEFAULT_CONFIG, Settings, read_settings
from spooltool.render.text import visible
from spooltool.spool.fields import FIELD
from spooltool.spool.names import FLAT, MAIL_DIRS
from spooltool.store.root import Spool
from spooltool.store.scan import scan

VARIABLE = "SPOOLTOOL_SPOOL"
_FILES_TRIED = 20
DEFAULT_SPOOL = "/var/spool/relay"


class Located(NamedTuple):
    """A spool's path and how it was found.

    `explicit`: it was named on the command line.  `lasting`: it is found the same way from any
    shell, and not by what this one was given.
    """

    path: str
    found_by: str
    explicit: bool = False
    lasting: bool = True


def locate(spool_option: str | None, config_option: str | None) -> Located:
    """The spool that is meant.  Raises NoSpool that names the places looked at."""
    if spool_option is not None:
        return Located(spool_option, "--spool", explicit=True, lasting=False)
    from_variable = os.environ.get(VARIABLE)
    if from_variable:
        return Located(from_variable, f"${VARIABLE}", lasting=False)
    above = _here_or_above()
    if above is not None:
        return above
    config = config_option or DEFAULT_CONFIG
    settings = read_settings(config, required=config_option is not None)
    if settings.rundir:
        return Located(settings.rundir, f"rundir of {visible(config)}")
    if os.path.isdir(DEFAULT_SPOOL):
        return Located(DEFAULT_SPOOL, "the usual place")
    raise _nothing_found(config, settings)


def _here_or_above() -> Located | None:
    """The current directory or the nearest parent of it that is a spool."""
    try:
        here = os.getcwd()
    except OSError:
        return None
    at = here
    while True:
        try:
            with Spool.open(at) as spool:
                ours = not spool.flat or (at == here and _holds_spool_files(spool))
            if ours:
                found_by = "the current directory" if at == here else f"above {here}"
                return Located(at, found_by, lasting=False)
        except (NoSpool, NotPermitted):
            pass  # not a spool, or not for us to know: the next place
        parent = os.path.dirname(at)
        if parent == at:
            return None
        at = parent


def _holds_spool_files(spool: Spool) -> bool:
    """Whether a folder of files named like mail is a flat spool, and not a project.

    README and TODO read as names of mail: one file must begin as a spool file does.  A
    mail directory (D_resend) belongs to the spool above it.
    """
    if os.path.basename(spool.path) in MAIL_DIRS:
        return False
    for entry in islice(scan(spool, (FLAT,)).entries(), _FILES_TRIED):
        envelope = entry.envelope
        if envelope is not None and any(line.key in FIELD for line in envelope.lines):
            return True
    return False


def _nothing_found(config: str, settings: Settings) -> NoSpool:
    why = "has no rundir" if settings.path else "not there"
    places = (
        ("--spool", "not given"),
        (f"${VARIABLE}", "not set"),
        ("here and above", f"{visible(_cwd())} is not in a spool"),
        (config, why),
        (DEFAULT_SPOOL, "not there"),
    )
    width = max(len(place) for place, _ in places)
    looked = "\n".join(f"  {place.ljust(width)}  {result}" for place, result in places)
    return NoSpool(
        f"no spool found; looked at:\n{looked}",
        hint="\n".join(FIRST_STEPS),
    )


FIRST_STEPS = (
    "spooltool --spool DIR      look at the spool in DIR",
    "spooltool demo             see mail get stuck and mended, in a temporary folder",
)
"""What somebody can do who has no spool yet."""


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "the current directory"
