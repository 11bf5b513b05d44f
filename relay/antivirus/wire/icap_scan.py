"""One RESPMOD or REQMOD from preview to verdict.

What counts as clean, and nothing else does:

- 204 once the service has been sent everything.  A 204 to a preview that was not all there
  was says that the service did not want the rest: it has not looked at it.
- 200 with the very content that it was sent, to the octet, and no finding.

What counts as cured: findings that the answer calls mended, in an HTTP message of status 2xx
with the type that was sent, whose content differs.  Anything else that comes back (a page
that says no, content cut short because something was found in its middle) is a finding.
"""

from __future__ import annotations

import hashlib

from relay.antivirus.wire.chunked import LAST, LAST_AND_WHOLE, chunk_of
from relay.antivirus.wire.icap_findings import Finding, findings_of
from relay.antivirus.wire.icap_head import IcapHead
from relay.antivirus.wire.icap_options import tag_of
from relay.antivirus.wire.icap_request import Method, Piece, Service, scan_request
from relay.antivirus.wire.icap_response import (
    CONTINUE,
    UNMODIFIED,
    Body,
    Broken,
    End,
    Event,
    Head,
    HttpHead,
    ResponseReader,
)
from relay.antivirus.wire.names import name_of, verdict_of
from relay.antivirus.wire.orders import Finished, Keep, Order, Send
from relay.policy.scan_outcome import (
    UNNAMED,
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Unreachable,
    Unscanned,
)

_BODY_OF = {Method.RESPMOD: ("res-hdr", "res-body"), Method.REQMOD: ("req-hdr", "req-body")}
_TOO_LARGE = 413


class IcapScan:
    """One scan of one piece of content.

    `tag` is the ISTag of the answer, "" before it; `untouched` tells that nothing was
    answered, so that the same may be asked once more on another connection.
    """

    def __init__(
        self, service: Service, method: Method, piece: Piece, mode: Mode, preview: int | None
    ) -> None:
        self.holding = False
        self.tag = ""
        self._request = scan_request(service, method, piece, preview)
        self._type = piece.content_type
        self._length = piece.length
        self._mode = mode
        self._parts = _BODY_OF[method]
        self._preview = preview
        self._held = b""
        self._whole = False
        self._sent = hashlib.sha256()
        self._sent_size = 0
        self._reader = ResponseReader()
        self._head: IcapHead | None = None
        self._findings: tuple[Finding, ...] = ()
        self._http: HttpHead | None = None
        self._strange = False
        self._returned = hashlib.sha256()
        self._returned_size = 0

    @property
    def untouched(self) -> bool:
        """Whether not a byte of an answer came."""
        return not self._reader.started

    # content, going out

    def opening(self) -> bytes:
        """The heads."""
        return self._request

    def content(self, chunk: bytes) -> bytes:
        """A chunk, or as much of the preview as it takes to know whether there is more."""
        self._sent.update(chunk)
        self._sent_size += len(chunk)
        if self._preview is None:
            return chunk_of(chunk)
        self._held += chunk
        if len(self._held) <= self._preview:
            return b""
        first, self._held = self._held[: self._preview], self._held[self._preview :]
        self.holding = True
        return chunk_of(first) + LAST

    def ended(self) -> bytes:
        """The last chunk; behind a preview that was everything, with the word for that.

        Content of another length than was announced is not the whole.
        """
        self._whole = self._length in (None, self._sent_size)
        if self._preview is None:
            return LAST
        return chunk_of(self._held) + LAST_AND_WHOLE

    # the answer, coming in

    def receive(self, data: bytes) -> list[Order]:
        """Bytes came."""
        orders: list[Order] = []
        for event in self._reader.feed(data):
            orders += self._heed(event)
            if orders and isinstance(orders[-1], Finished):
                break
        return orders

    def lost(self) -> Outcome:
        """The connection is over: a finding stands all the same, nothing else does."""
        if self._findings and not self._mended:
            return self._found()
        if self.untouched:
            return Unreachable("the scanner closed the connection without an answer")
        return NotScanned(Unscanned.PARTIAL, "the scanner's answer broke off")

    def _heed(self, event: Event) -> list[Order]:
        match event:
            case Head(head) if head.status == CONTINUE:
                return self._go_on()
            case Head(head):
                return self._begun(head)
            case HttpHead():
                self._strange = self._strange or event.part != self._parts[0]
                self._http = event
                return []
            case Body(part, data):
                self._strange = self._strange or part != self._parts[1]
                self._returned.update(data)
                self._returned_size += len(data)
                return [Keep(data)] if self._mended else []
            case Broken(text):
                return [Finished(self.lost() if self._findings else _error(text))]
            case End():
                return [Finished(self._verdict(), self._reusable)]

    def _go_on(self) -> list[Order]:
        if not self.holding or self._preview is None:
            return [Finished(_error("100 Continue, and nothing waits for it"))]
        rest, self._held, self._preview, self.holding = self._held, b"", None, False
        return [Send(chunk_of(rest))]

    def _begun(self, head: IcapHead) -> list[Order]:
        self._head = head
        self.tag = tag_of(head)
        self._findings = findings_of(head)
        if self._findings and not self._whole and not self._mended:
            return [Finished(self._found())]
        return []

    @property
    def _reusable(self) -> bool:
        """Whether both sides have said all that belongs to this request, and no more."""
        closes = self._head is None or self._head.closes
        return not closes and not self._reader.surplus and (self._whole or self.holding)

    # the verdict

    @property
    def _mended(self) -> bool:
        """Whether what comes back may be taken in place of what was sent."""
        return (
            self._mode is Mode.CURE
            and bool(self._findings)
            and all(finding.mended for finding in self._findings)
            and self._head is not None
            and self._head.status == 200
        )

    def _verdict(self) -> Outcome:
        head = self._head
        if head is None:
            return _error("an answer without a head")
        if self._findings:
            return self._cured() or self._found()
        if head.status == UNMODIFIED:
            return Clean() if self._whole else self._unseen()
        if head.status == 200:
            return self._returned_verdict()
        text = f"the scanner says {head.status} {name_of(head.reason)}"
        why = Unscanned.LIMIT if head.status == _TOO_LARGE else Unscanned.ERROR
        return NotScanned(why, text)

    def _returned_verdict(self) -> Outcome:
        """200 without a finding: content came back, or a page instead of it."""
        if not self._is_content:
            return Infected((UNNAMED,))
        if not self._whole:
            return self._unseen()
        return Clean() if self._unchanged else Infected((UNNAMED,))

    def _cured(self) -> Cured | None:
        if not (self._mended and self._whole and self._is_content) or self._unchanged:
            return None
        return Cured(tuple(finding.name for finding in self._findings), self._returned_size)

    def _found(self) -> Outcome:
        return verdict_of([finding.name for finding in self._findings])

    def _unseen(self) -> NotScanned:
        text = "the scanner answered before it had everything: it has not looked at the rest"
        return NotScanned(Unscanned.LIMIT, text)

    @property
    def _unchanged(self) -> bool:
        return (
            self._sent_size == self._returned_size
            and self._sent.digest() == self._returned.digest()
        )

    @property
    def _is_content(self) -> bool:
        """Whether what came back is the kind of thing that was sent, and as long as it says."""
        if self._strange or self._http is None:
            return False
        if self._parts[0] == "res-hdr" and not _is_success(self._http.line):
            return False
        length = self._http.get("content-length")
        kind = self._http.get("content-type").partition(";")[0].strip().lower()
        return kind == self._type and length in ("", str(self._returned_size))


def _is_success(line: str) -> bool:
    version, _, rest = line.partition(" ")
    return version.startswith("HTTP/1.") and rest[:1] == "2"


def _error(text: str) -> NotScanned:
    return NotScanned(Unscanned.ERROR, f"no ICAP answer that makes sense: {text}")
