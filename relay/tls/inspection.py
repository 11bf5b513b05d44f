"""What a person should know of the files that the configuration names for TLS."""

from __future__ import annotations

from collections.abc import Mapping

from relay.tls.certificate import BadCertificate, CertificateFiles, note_on, server_context
from relay.tls.trust import NoAuthorities, Trust

Found = list[tuple[str, str, str]]
"""Table ("" for none), parameter, text."""


def inspect(
    certificate: str, key: str, minimum: str, authorities: Mapping[str, str], now: float
) -> tuple[Found, Found]:
    """Mistakes, which keep something from working, and notes; `now` is in unix seconds.

    `authorities` are the files of tls_ca by the table that names each, "" for none.
    """
    mistakes: Found = []
    notes: Found = []
    try:
        pem = CertificateFiles().read(certificate, key)
        if pem is not None and (note := note_on(pem, server_context(pem, minimum), now)):
            notes.append(("", "tls_certificate", note))
    except BadCertificate as bad:
        mistakes.append(("", bad.parameter, bad.text))
    trust = Trust(minimum)
    for table, path in authorities.items():
        try:
            trust.verified(path)
        except NoAuthorities as no:
            mistakes.append((table, "tls_ca", str(no)))
    return mistakes, notes
