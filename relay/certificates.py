"""The service's own certificate: read before root is given up, renewed on a reload.

Also what `relay config check` says of the files that relay.toml names for TLS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.config import Config
from relay.config.destinations import DESTINATION
from relay.tls.certificate import BadCertificate, CertificateFiles, Renewal
from relay.tls.handover import Handover
from relay.tls.inspection import inspect
from spooltool.errors import ConfigError

Place = Callable[[Sequence[tuple[str, str, str]]], tuple[str, ...]]
"""Facts about parameters, each a table's label ("": none), a name, a text, with their lines."""

_UNUSABLE = "the configuration cannot be used"


def read_first(files: CertificateFiles, config: Config, place: Place) -> Renewal:
    """The certificate at the start.  Raises ConfigError for one that cannot be used."""
    try:
        return Renewal(files.read(config.tls_certificate, config.tls_key))
    except BadCertificate as bad:
        raise ConfigError(_UNUSABLE, place([("", bad.parameter, bad.text)])) from bad


def renewer(
    files: CertificateFiles,
    handover: Handover,
    read: Callable[[], Config],
    say: Callable[[str], None],
) -> Callable[[], None]:
    """What the supervisor does on a reload: hand over the certificate as it is now."""

    def renew() -> None:
        try:
            config = read()
        except ConfigError:
            return  # each child says so; what it has stays in force
        renewal = files.renew(config.tls_certificate, config.tls_key)
        handover.write(renewal)
        if renewal.problem:
            say(f"certificate not taken over: {renewal.problem}")

    return renew


def check(config: Config, place: Place, say: Callable[[str], None], now: float) -> None:
    """Say what is worth a note; raises ConfigError for what keeps TLS from working.

    Files are read as this account may; `now` is in unix seconds.
    """
    authorities = {"": config.tls_ca} if config.tls_ca else {}
    label = DESTINATION.label
    authorities |= {label(one.pattern): one.tls_ca for one in config.destinations if one.tls_ca}
    mistakes, notes = inspect(
        config.tls_certificate, config.tls_key, config.tls_minimum, authorities, now
    )
    for line in place(notes):
        say(f"note: {line}")
    if mistakes:
        raise ConfigError(_UNUSABLE, place(mistakes))
