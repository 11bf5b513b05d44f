"""Messages to be replayed, one at a time: each file is open only while it is looked at."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from relay.content.filter import Source
from relay.message.headers import HeaderCollector, HeaderLimits
from relay.message.joined import Joined
from relay.message.line_view import Content, WithLf
from relay.replay import from_headers
from relay.replay.case import Address, Case
from spooltool.logs.quoting import raw
from spooltool.spool.checks import Check, check_of
from spooltool.spool.codec import Envelope
from spooltool.spool.hosts import HostPort, parse_hosts
from spooltool.spool.names import MAIL_DIRS, STATE_DIR, SpoolName, id_readings, parse_path
from spooltool.spool.recipient import Path
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from spooltool.store.scan import Scan

HERE = "127.0.0.1"
_HEAD = 1 << 20
_UTF8 = "SMTPUTF8"
"""What a client says that has addresses beyond ASCII (RFC 6531)."""


class Unusable(Exception):
    """A file that holds no message to be replayed; the text says why."""


@dataclass(frozen=True, slots=True)
class Given:
    """What options say of every message; None where they say nothing."""

    source: str | None = None
    meant: HostPort | None = None
    sender: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """A message that can be opened; its file is open within the context alone.

    Entering it raises Unusable, OSError and SpooltoolError.
    """

    name: str
    open: Callable[[], AbstractContextManager[Case]]


def spooled(spool: Spool, words: Sequence[str], given: Given) -> Iterator[Input]:
    """The mail of a spool, folder by folder, by number; with words the ids they name.

    Notices (E) are no mail that came, and what is still being received is no mail yet.
    Raises Unusable in `open` for a word that names nothing.
    """
    folders = [name for name in MAIL_DIRS if name != STATE_DIR]
    names = sorted(
        (one for one in Scan(spool, tuple(folders)).names() if one.letter == "R"),
        key=lambda one: (folders.index(one.dir) if one.dir in folders else 0, one.number),
    )
    if not words:
        yield from (_spooled(spool, one, given) for one in names)
        return
    for word in words:
        found = list(_named(names, word))
        yield from (_spooled(spool, one, given) for one in found)
        if not found:
            yield Input(word, _Nothing)


def files(paths: Sequence[str], given: Given) -> Iterator[Input]:
    """Files with one message each."""
    for path in paths:
        yield Input(path, partial(_opened, path, given))


def _named(names: Sequence[SpoolName], word: str) -> Iterator[SpoolName]:
    path = parse_path(word)
    readings = id_readings(word)
    for one in names:
        if one == path or one.number in readings:
            yield one


class _Nothing(AbstractContextManager[Case]):
    """What a word that names no mail opens."""

    def __enter__(self) -> Case:
        raise Unusable("no mail of this spool")

    def __exit__(self, *exception: object) -> None:
        return None


def _spooled(spool: Spool, name: SpoolName, given: Given) -> Input:
    @contextmanager
    def case() -> Iterator[Case]:
        message = MessageFile(spool, name)
        try:
            yield _case_of(message, given)
        finally:
            message.close()

    return Input(name.file, case)


def _case_of(message: MessageFile, given: Given) -> Case:
    envelope = message.envelope
    sender, recipients = envelope.sender, envelope.recipients
    if sender is None or not recipients:
        raise Unusable("its file names no sender or no recipient")
    if envelope.torn or any(one.code == "no-headers" for one in message.part_defects):
        raise Unusable("torn: the end of the file is missing")
    original = _block(message)
    rest: Content = Source(message.fd, *message.parts.body, alive=_nobody)
    head = original + b"\n"
    notes: list[str] = []
    source = given.source or envelope.get("SRC") or ""
    if not _is_address(source):
        notes.append(f"SRC is no address: {HERE} stands in for it")
        source = HERE
    return Case(
        message.name.base,
        Joined(head, WithLf(rest) if envelope.crlf else rest),
        source,
        _received(sender) if given.sender is None else Address(given.sender),
        tuple(map(Address, given.recipients)) or tuple(_received(one.path) for one in recipients),
        given.meant,
        _known(envelope),
        envelope.get("HELO") or "",
        (envelope.get("PROTO") or "ESMTP").partition(" ")[0],
        message.name.number,
        envelope.arrived or message.mtime,
        _passed(envelope),
        tuple(notes),
    )


def _block(message: MessageFile) -> bytes:
    """The original headers, with LF line ends."""
    block = message.read(message.parts.original).replace(b"\r\n", b"\n")
    return block if block.endswith(b"\n") or not block else block + b"\n"


def _received(path: Path) -> Address:
    return Address(path.orig or path.address, path.params)


def _known(envelope: Envelope) -> HostPort | None:
    """The server that the file names, where it is one address."""
    hosts = parse_hosts(envelope.get("DST") or "")
    if len(hosts) != 1 or not _is_address(hosts[0].host):
        return None
    port = envelope.get("DPORT") or ""
    return HostPort(hosts[0].host, hosts[0].port or (int(port) if port.isdigit() else 25))


def _passed(envelope: Envelope) -> frozenset[Check]:
    words = (line.value.split(" ")[0] for line in envelope.lines if line.key == "PASS")
    return frozenset(check for word in words if (check := check_of(word)) is not None)


@contextmanager
def _opened(path: str, given: Given) -> Iterator[Case]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield _case_of_file(path, fd, given)
    finally:
        os.close(fd)


def _case_of_file(path: str, fd: int, given: Given) -> Case:
    facts = os.fstat(fd)
    content = WithLf(Source(fd, 0, facts.st_size, _nobody))
    block = _head_of(content)
    notes = []
    sender, recipients, source = given.sender, given.recipients, given.source
    if sender is None:
        sender, field = from_headers.sender(block)
        notes.append(f"sender from {field}" if field else "no sender is named: <>")
    if not recipients:
        recipients = from_headers.recipients(block)
        notes.append("recipients from To and Cc")
    if not recipients:
        raise Unusable("names no recipient: --rcpt")
    if source is None:
        source = from_headers.source(block)
        notes.append("source from Received" if source else f"source {HERE}")
    return Case(
        raw(path),
        content,
        source or HERE,
        Address(sender, _UTF8 if not "".join((sender, *recipients)).isascii() else ""),
        tuple(map(Address, recipients)),
        given.meant,
        arrived=facts.st_mtime,
        notes=(", ".join(notes),) if notes else (),
    )


def _head_of(content: Content) -> bytes:
    collector = HeaderCollector(HeaderLimits(_HEAD, _HEAD))
    for chunk in content.chunks():
        if collector.feed(chunk):
            return collector.block
    collector.end()
    return collector.block


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _nobody(octets: int) -> None:
    """Nobody waits for a sign of life."""
