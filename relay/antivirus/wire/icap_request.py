"""What an ICAP service is asked: OPTIONS, RESPMOD, REQMOD (RFC 3507 4.8, 4.9, 4.10).

Content travels as the body of an HTTP message, which is what ICAP knows: with RESPMOD as
the answer to a GET, with REQMOD as a PUT.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from relay.antivirus.wire.icap_head import HEAD_END

MESSAGE = "message/rfc822"
OCTETS = "application/octet-stream"

_ORIGIN = "relay.invalid"
_LONGEST_NAME = 255


class Method(StrEnum):
    """How content is handed over."""

    RESPMOD = "RESPMOD"
    REQMOD = "REQMOD"


@dataclass(frozen=True, slots=True)
class Service:
    """Which service is asked: authority (`host:port`) and path."""

    authority: str
    path: str

    @property
    def uri(self) -> str:
        """Its ICAP URI."""
        return f"icap://{self.authority}/{quote(self.path.lstrip('/'), safe='/?&=')}"


@dataclass(frozen=True, slots=True)
class Piece:
    """What the scanner is told of the content: a file name or "", its type, its octets if known."""

    name: str = ""
    content_type: str = OCTETS
    length: int | None = None


def options_request(service: Service) -> bytes:
    """Ask a service about itself."""
    return _joined([f"OPTIONS {service.uri} ICAP/1.0", f"Host: {service.authority}"])


def scan_request(service: Service, method: Method, piece: Piece, preview: int | None) -> bytes:
    """The heads of a scan; the chunked body follows.  `preview` None: without one."""
    target = f"/{quote(piece.name[:_LONGEST_NAME], safe='')}"
    about = [f"Content-Type: {piece.content_type}"]
    if piece.length is not None:
        about.append(f"Content-Length: {piece.length}")
    host = f"Host: {_ORIGIN}"
    if method is Method.RESPMOD:
        asked = _joined([f"GET http://{_ORIGIN}{target} HTTP/1.1", host])
        answered = _joined(["HTTP/1.1 200 OK", *about])
        heads = asked + answered
        encapsulated = f"req-hdr=0, res-hdr={len(asked)}, res-body={len(heads)}"
    else:
        heads = _joined([f"PUT http://{_ORIGIN}{target} HTTP/1.1", host, *about])
        encapsulated = f"req-hdr=0, req-body={len(heads)}"
    icap = [f"{method} {service.uri} ICAP/1.0", f"Host: {service.authority}", "Allow: 204"]
    if preview is not None:
        icap.append(f"Preview: {preview}")
    return _joined([*icap, f"Encapsulated: {encapsulated}"]) + heads


def _joined(lines: list[str]) -> bytes:
    return "\r\n".join(lines).encode("ascii", "replace") + HEAD_END
