"""Our own certificate and its key: read, proved to fit each other, made into a context.

The key is kept as bytes: it is read while the process may read it, which under `relay
run` is before root is given up, and used in processes that never could.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST = 1 << 20
"""Octets that a PEM file may have."""

SOON = 14 * 86400.0
"""Seconds before its end when a certificate is worth a note."""

MINIMUM = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_KEY = re.compile(rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----")
_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID


class BadCertificate(Exception):
    """A certificate that cannot be used; `parameter` is the one to look at."""

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(f"{parameter}: {text}")
        self.parameter = parameter
        self.text = text


@dataclass(frozen=True, slots=True)
class Pem:
    """A certificate chain, our own first, and the key of the first."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Pem(...)"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What there is now: the pair to use, and why a newer one is not it ("": it is)."""

    pem: Pem | None
    problem: str = ""


class CertificateFiles:
    """The pair that the configuration names, as it was last read."""

    def __init__(self) -> None:
        self._names = ("", "")
        self._stamps: tuple[object, ...] = ()
        self._pem: Pem | None = None

    def read(self, certificate: str, key: str) -> Pem | None:
        """The pair in these files ("" for the key: in the other); None where none is named.

        Files that did not change are not read again: a reload by an account that may not
        read the key goes on with what root read.  Raises BadCertificate for what cannot be
        read or does not fit; then the pair before stays that of `last`.
        """
        if not certificate:
            self._names, self._stamps, self._pem = ("", ""), (), None
            return None
        names = (certificate, key)
        stamps = (_stamp(certificate), _stamp(key or certificate))
        if names == self._names and stamps == self._stamps and None not in stamps:
            return self._pem
        chain = _read("tls_certificate", certificate)
        pem = Pem(chain, _read("tls_key", key) if key else chain)
        server_context(pem, "1.2")
        self._names, self._stamps, self._pem = names, stamps, pem
        return pem

    def renew(self, certificate: str, key: str) -> Renewal:
        """The same for a process that runs: a pair that cannot be used leaves the old one."""
        try:
            return Renewal(self.read(certificate, key))
        except BadCertificate as bad:
            return Renewal(self._pem, str(bad))


def server_context(pem: Pem, minimum: str) -> ssl.SSLContext:
    """What an intake offers its clients.  Raises BadCertificate."""
    _check_form(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = MINIMUM[minimum]
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        with _in_memory(pem.certificate) as chain, _in_memory(pem.key) as key:
            context.load_cert_chain(chain, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH" or error.reason == "KEY_TYPE_MISMATCH":
            raise BadCertificate("tls_key", "is not the key of the certificate") from None
        why = (error.reason or "no certificate and key in PEM form").replace("_", " ").lower()
        raise BadCertificate("tls_certificate", f"cannot be used: {why}") from None
    return context


def note_on(pem: Pem, context: ssl.SSLContext, now: float) -> str:
    """What an operator should know of a certificate that can be used; "" for nothing.

    A handshake in memory against itself tells; `now` is in unix seconds.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(cadata=b"\n".join(_CERTIFICATE.findall(pem.certificate)).decode())
    try:
        found = _shake_hands(context, client)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _EXPIRED:
            return "the certificate has expired"
        if error.verify_code == _NOT_YET:
            return "the certificate is not valid yet"
        return f"the certificate: {error.verify_message}"
    except ssl.SSLError as error:
        return f"a handshake with this certificate fails: {error.reason}"
    left = ssl.cert_time_to_seconds(str(found["notAfter"])) - now
    return f"the certificate expires in {left / 86400:.0f} days" if left < SOON else ""


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, object]:
    """The certificate that a client sees; raises what the handshake does."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    both = (
        client.wrap_bio(down, up, server_side=False),
        server.wrap_bio(up, down, server_side=True),
    )
    done = 0
    for turn in range(16):
        try:
            both[turn % 2].do_handshake()
            done |= 1 << turn % 2
        except ssl.SSLWantReadError:
            pass
        if done == 3:
            break
    return dict(both[0].getpeercert() or {})


def _check_form(pem: Pem) -> None:
    """What OpenSSL would say in one word for all: which file lacks what."""
    if not _CERTIFICATE.search(pem.certificate):
        raise BadCertificate("tls_certificate", "holds no certificate in PEM form")
    name = "tls_certificate" if pem.key == pem.certificate else "tls_key"
    if not (found := _KEY.search(pem.key)):
        hint = "; tls_key names its file" if name == "tls_certificate" else ""
        raise BadCertificate(name, f"holds no private key in PEM form{hint}")
    if found[1] == b"ENCRYPTED " or b"Proc-Type: 4,ENCRYPTED" in pem.key:
        raise BadCertificate(name, "the key is locked by a passphrase, and nobody could type it")


def _stamp(path: str) -> object:
    """What changes when a file does; None where that cannot be seen."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _read(parameter: str, path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            data = os.read(fd, MOST + 1)
        finally:
            os.close(fd)
    except OSError as error:
        raise BadCertificate(parameter, f"{path}: {error.strerror}") from None
    if len(data) > MOST:
        raise BadCertificate(parameter, f"{path}: more than {MOST} octets are no certificate")
    return data


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A path under which OpenSSL finds these bytes, on no disk and in no folder."""
    fd = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        os.fchmod(fd, 0o600)
        os.write(fd, data)
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)
