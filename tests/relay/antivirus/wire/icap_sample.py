"""ICAP answers for tests."""

from __future__ import annotations

from relay.antivirus.wire.chunked import LAST, chunk_of
from relay.antivirus.wire.icap_request import OCTETS, Method, Piece, Service
from relay.antivirus.wire.icap_scan import IcapScan
from relay.antivirus.wire.orders import Finished, Order
from relay.policy.scan_outcome import Mode

SERVICE = Service("127.0.0.1:1344", "virus_scan")
CONTINUE = b"ICAP/1.0 100 Continue\r\n\r\n"
UNMODIFIED = b'ICAP/1.0 204 Unmodified\r\nISTag: "a1"\r\nConnection: keep-alive\r\n\r\n'
FOUND = "X-Infection-Found: Type=0; Resolution={}; Threat=Eicar;"


def returned(
    content: bytes,
    *fields: str,
    status: str = "200 OK",
    kind: str = OCTETS,
    http_fields: tuple[str, ...] = (),
    part: str = "res",
    last: bytes = LAST,
) -> bytes:
    """A 200 that gives content back."""
    first = f"HTTP/1.1 {status}" if part == "res" else "PUT / HTTP/1.1"
    http = "\r\n".join([first, f"Content-Type: {kind}", *http_fields, "", ""]).encode()
    encapsulated = f"Encapsulated: {part}-hdr=0, {part}-body={len(http)}"
    head = "\r\n".join(["ICAP/1.0 200 OK", *fields, encapsulated, "", ""]).encode()
    return head + http + chunk_of(content) + last


def scan_of(
    content: bytes = b"content",
    *,
    mode: Mode = Mode.CHECK,
    method: Method = Method.RESPMOD,
    preview: int | None = None,
    length: int | None = None,
    whole: bool = True,
) -> IcapScan:
    """A scan whose content has been sent, or its preview."""
    scan = IcapScan(SERVICE, method, Piece("a.txt", length=length), mode, preview)
    scan.opening()
    scan.content(content)
    if whole and not scan.holding:
        scan.ended()
    return scan


def finished(orders: list[Order]) -> Finished:
    """The last of them, which is the end."""
    assert isinstance(orders[-1], Finished)
    return orders[-1]
