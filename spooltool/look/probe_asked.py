"""What a live look at a host is asked with: the host and how far TLS goes."""

from __future__ import annotations

from spooltool.diagnose.probing import SMTPS_PORT, Tls
from spooltool.errors import UsageError
from spooltool.render.text import visible
from spooltool.spool.hosts import HostPort, parse_host


def read_probe(host: str, tls: str) -> tuple[HostPort, Tls]:
    """Host and depth of `probe HOST --tls WORD` ("" for the usual).  Raises UsageError."""
    aim = parse_host(host)
    if aim is None:
        raise UsageError(f"probe {visible(host)}: not a host", hint="HOST, HOST:PORT, [v6]:PORT")
    if not tls:
        return aim, Tls.IMPLICIT if aim.port == SMTPS_PORT else Tls.MAY
    try:
        return aim, Tls(tls)
    except ValueError:
        known = ", ".join(Tls)
        raise UsageError(f"--tls {visible(tls)}: not one of {known}") from None
