"""What a server's certificate is held against: nothing, the system's authorities, a file."""

from __future__ import annotations

import ssl

from relay.tls.certificate import MINIMUM


class NoAuthorities(Exception):
    """The file of authorities cannot be used; the text says why."""


class Trust:
    """Contexts for outgoing connections, each made once; a reload makes another `Trust`."""

    def __init__(self, minimum: str = "1.2") -> None:
        self._minimum = MINIMUM[minimum]
        self._known: dict[str | None, ssl.SSLContext] = {}

    def anyone(self) -> ssl.SSLContext:
        """Encrypts, and takes any certificate."""
        return self._known.get(None) or self._remember(None, self._context(verified=False))

    def verified(self, ca: str) -> ssl.SSLContext:
        """Takes a certificate that bears the name asked for and that an authority vouches for.

        `ca` is a PEM file of authorities, "" for those of the system.  Raises NoAuthorities.
        """
        if (known := self._known.get(ca)) is not None:
            return known
        context = self._context(verified=True)
        try:
            if ca:
                context.load_verify_locations(cafile=ca)
            else:
                context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        except ssl.SSLError:
            raise NoAuthorities(f"{ca}: no certificates in PEM form") from None
        except OSError as error:
            raise NoAuthorities(f"{ca}: {error.strerror}") from None
        return self._remember(ca, context)

    def _context(self, *, verified: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = self._minimum
        context.options |= ssl.OP_NO_RENEGOTIATION
        if not verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _remember(self, ca: str | None, context: ssl.SSLContext) -> ssl.SSLContext:
        self._known[ca] = context
        return context
