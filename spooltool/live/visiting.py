"""The steps of one visit: each is timed, and written down whether it goes well or not."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import NoReturn

from spooltool.diagnose.certificate import read_certificate
from spooltool.diagnose.probing import Step, Tls, Visit, extensions_of
from spooltool.live.dialogue import Dialogue
from spooltool.live.probe import Wish, ms_since, no_route, words_of


class Unverified(Exception):
    """The certificate does not verify, and its connection is over.  The text says why."""


class _Over(Exception):
    """A step failed after which there is nothing more to ask."""


class Visiting:
    """One visit.  `unverified` says what a first one found wrong with the certificate."""

    def __init__(self, wish: Wish, address: str, seconds: float, unverified: str = "") -> None:
        self._wish = wish
        self._talk = Dialogue(seconds)
        self._visit = Visit(address)
        self._unverified = unverified

    def run(self) -> Visit:
        """Every step until one fails that ends it.  Raises Unverified."""
        try:
            self._connect()
            if self._wish.tls is Tls.IMPLICIT:
                self._handshake()
            self._step("greeting", self._talk.reply)
            self._hello()
            self._start_tls()
            self._envelope()
            self._quit()
        except _Over:
            pass  # its step says it
        finally:
            self._talk.close()
        return self._visit

    # steps

    def _connect(self) -> None:
        began = time.monotonic()
        try:
            self._talk.connect(self._visit.address, self._wish.port)
        except OSError as error:
            if no_route(error):
                self._note("connect", f"{words_of(error)}: not from this machine", began)
                raise _Over from None
            self._failed("connect", words_of(error), began)
        self._well("connect", "", began)

    def _hello(self) -> None:
        """EHLO, and HELO where the host knows no other; its extensions."""
        name = self._wish.helo
        began = time.monotonic()
        said = self._ask(f"EHLO {name}", "EHLO", began)
        if said.startswith("2"):
            self._well("EHLO", said, began)
            self._visit.extensions = extensions_of(said)
            return
        if not said.startswith("5"):
            self._failed("EHLO", said, began)
        self._note("EHLO", said, began)
        self._visit.extensions = {}
        self._step("HELO", lambda: self._talk.reply(_line(f"HELO {name}")))

    def _start_tls(self) -> None:
        wanted = self._wish.tls
        if wanted in (Tls.OFF, Tls.IMPLICIT):
            return
        began = time.monotonic()
        if "STARTTLS" not in self._visit.extensions:
            if wanted is Tls.MAY:
                self._note("STARTTLS", "not offered", began)
                return
            self._failed("STARTTLS", "not offered", began)
        said = self._ask("STARTTLS", "STARTTLS", began)
        if not said.startswith("220"):  # RFC 3207 4: no other reply begins TLS
            self._failed("STARTTLS", said, began)
        self._well("STARTTLS", said, began)
        began = time.monotonic()
        if count := self._talk.unasked():
            # RFC 3207 4.2: nothing learnt in the clear counts.  Somebody between us may have
            # put it there, to be taken for a reply that came by TLS.
            what = "1 byte" if count == 1 else f"{count} bytes"
            said = f"{what} in the clear behind the 220, thrown away (RFC 3207)"
            self._visit.steps.append(Step("pipelined", False, said, ms_since(began)))
        self._handshake()
        self._visit.extensions = {}
        self._hello()

    def _handshake(self) -> None:
        began = time.monotonic()
        context = _context(verify=not self._unverified)
        try:
            tls = self._talk.start_tls(context, self._wish.host.host)
        except ssl.SSLCertVerificationError as error:
            raise Unverified(error.verify_message or str(error)) from None
        except ssl.SSLError as error:
            self._failed("handshake", _tls_words(error), began)
        except OSError as error:
            self._failed("handshake", words_of(error), began)
        visit = self._visit
        visit.certificate = read_certificate(tls.getpeercert(binary_form=True) or b"")
        visit.verified, visit.why_not = not self._unverified, self._unverified
        cipher = tls.cipher()
        said = f"{tls.version()}, {cipher[0] if cipher else 'no cipher'}"
        if self._unverified and self._wish.tls is Tls.VERIFY:
            visit.steps.append(
                Step("handshake", False, f"not verified: {self._unverified}", ms_since(began))
            )
            self._quit()
            raise _Over
        self._well("handshake", said, began)

    def _envelope(self) -> None:
        wish = self._wish
        if not wish.recipients:
            return
        utf8 = "" if all(map(str.isascii, (wish.sender, *wish.recipients))) else " SMTPUTF8"
        if utf8 and "SMTPUTF8" not in self._visit.extensions:
            self._visit.steps.append(Step("MAIL", False, "the host offers no SMTPUTF8", 0.0))
            self._quit()
            raise _Over
        self._step("MAIL", lambda: self._talk.reply(_line(f"MAIL FROM:<{wish.sender}>{utf8}")))
        for recipient in wish.recipients:
            began = time.monotonic()
            said = self._ask(f"RCPT TO:<{recipient}>", "RCPT", began)
            good = said.startswith("2")
            name = "RCPT" if len(wish.recipients) == 1 else f"RCPT {recipient}"
            self._visit.steps.append(Step(name, good, said, ms_since(began)))

    def _quit(self) -> None:
        began = time.monotonic()
        try:
            self._well("QUIT", self._talk.quit(), began)
        except OSError as error:
            self._note("QUIT", words_of(error), began)

    # writing down

    def _step(self, name: str, act: Callable[[], str]) -> str:
        """One exchange that must end in a 2xx or 3xx."""
        began = time.monotonic()
        try:
            said = act()
        except OSError as error:
            self._failed(name, words_of(error), began)
        if said[:1] not in "23":
            self._failed(name, said, began)
        self._well(name, said, began)
        return said

    def _ask(self, command: str, name: str, began: float) -> str:
        try:
            return self._talk.reply(_line(command))
        except OSError as error:
            self._failed(name, words_of(error), began)

    def _well(self, name: str, said: str, began: float) -> None:
        self._visit.steps.append(Step(name, True, said, ms_since(began)))

    def _note(self, name: str, said: str, began: float) -> None:
        self._visit.steps.append(Step(name, True, said, ms_since(began), noted=True))

    def _failed(self, name: str, said: str, began: float) -> NoReturn:
        """Write a failure down, take leave where somebody listens, and end."""
        self._visit.steps.append(Step(name, False, said, ms_since(began)))
        if said[:3].isdigit():
            self._quit()
        raise _Over from None


def _line(command: str) -> bytes:
    return command.encode("utf-8", "surrogateescape") + b"\r\n"


def _context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls_words(error: ssl.SSLError) -> str:
    if error.reason == "WRONG_VERSION_NUMBER":
        return "no TLS: the host answered in the clear"
    return (error.reason or str(error)).replace("_", " ").lower()
