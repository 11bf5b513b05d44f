"""An infected mail made clean: what the scanner gives back, or texts in place of its parts.

Whatever comes of it is scanned once more as a whole, and sent only when that is clean.
"""

from __future__ import annotations

import os
from typing import assert_never

from relay.content import ContentPool
from relay.content.filtering import to_parts, to_replace
from relay.content.pieces import BadPieces, Piece, read_pieces
from relay.dequeue.scanning import Scanners, Sink
from relay.dequeue.text import Text, collected
from relay.message.headers import fields
from relay.policy.antivirus import (
    Deliver,
    DeliverCured,
    FindPart,
    Quarantine,
    ReplacePart,
    ScanOrder,
    Wait,
    decide,
    unfound,
)
from relay.policy.asked import Asked
from relay.policy.scan_outcome import Cured, Mode

_OF_MIME = (b"content-", b"mime-version")


class Cure:
    """Scans one filtered mail, and mends it where that is asked and possible.

    `replaced` tells of each part that gave way, a line each.
    """

    def __init__(
        self, asked: Asked, order: ScanOrder, scanners: Scanners, pool: ContentPool, folder: str
    ) -> None:
        self._asked = asked
        self._order = order
        self._scanners = scanners
        self._pool = pool
        self._folder = folder
        self.replaced: list[str] = []

    async def scan(self, text: Text) -> Text | Quarantine | Wait:
        """What may be sent: the text itself, or another one, which the caller closes."""
        cures = self._order.mode is Mode.CURE and self._asked.may_modify
        try:
            sink = Sink(self._folder, text.size) if cures else None
        except OSError as error:
            return Wait(f"no place for cured content: {error.strerror}")
        try:
            outcome = await self._scanners.scan_mail(self._order, text, sink)
            decision = decide(
                outcome, self._order.mode, a_part=False, may_modify=self._asked.may_modify
            )
            match decision:
                case Deliver():
                    return text
                case DeliverCured(names) if isinstance(outcome, Cured) and sink is not None:
                    mended = self._given_back(text, sink.text(outcome))
                    return await self._again(mended, names)
                case FindPart(names):
                    return await self._find(text, names)
                case Quarantine() | Wait():
                    return decision
                case DeliverCured(names) | ReplacePart(names):
                    return unfound(names)
                case _:
                    assert_never(decision)
        finally:
            if sink is not None:
                sink.close()

    def _given_back(self, text: Text, cured: Text) -> Text | Wait:
        """The mended mail; its own header fields were not there for the scanner to see."""
        try:
            if self._order.headers:
                return collected(cured.chunks(), self._folder)
            block, body = text.head()
            if not body:
                return collected(cured.chunks(), self._folder)
            own = _without_mime(block)
            mended, at = cured.head()
            return collected(cured.body_after(own + mended, at), self._folder)
        except OSError as error:
            return Wait(f"no place for cured content: {error.strerror}")
        finally:
            cured.close()

    async def _find(self, text: Text, names: tuple[str, ...]) -> Text | Quarantine | Wait:
        """Scan the parts one by one, and replace what is infected."""
        orders = self._asked.orders
        found = await self._pool.judge(
            text.fd, text.start, text.end, to_parts(orders, crlf=text.crlf)
        )
        if found.output is None:
            return Wait(found.outcome.reason)
        try:
            infected = await self._infected(found.output, found.size)
        except (BadPieces, OSError) as error:
            return Wait(f"the parts cannot be scanned: {error}")
        finally:
            os.close(found.output)
        if isinstance(infected, Quarantine | Wait):
            return infected
        if not infected:
            return unfound(names)
        made = await self._pool.judge(
            text.fd, text.start, text.end, to_replace(orders, infected, crlf=text.crlf)
        )
        if made.output is None:
            return Wait(made.outcome.reason)
        self.replaced += made.outcome.removed
        mended = Text(made.output, 0, made.size, owned=True, digest=made.digest)
        return await self._again(mended, names)

    async def _infected(self, fd: int, size: int) -> dict[str, str] | Quarantine | Wait:
        """What was found in which part."""
        infected: dict[str, str] = {}
        for piece in read_pieces(fd, size):
            decision = await self._judged(piece, Text(fd, piece.at, piece.size))
            match decision:
                case ReplacePart(names):
                    infected[piece.path] = ", ".join(names)
                case Quarantine() | Wait():
                    return decision
                case _:
                    pass
        return infected

    async def _judged(self, piece: Piece, part: Text) -> object:
        outcome = await self._scanners.scan_part(self._order, part, piece.name)
        return decide(outcome, self._order.mode, a_part=True, may_modify=self._asked.may_modify)

    async def _again(self, mended: Text | Wait, names: tuple[str, ...]) -> Text | Quarantine | Wait:
        if isinstance(mended, Wait):
            return mended
        kept = False
        try:
            outcome = await self._scanners.scan_mail(self._order, mended, None)
            decision = decide(outcome, Mode.CHECK, a_part=False)
            if isinstance(decision, Wait):
                return decision
            if not isinstance(decision, Deliver):
                return unfound(names)
            kept = True
            return mended
        finally:
            if not kept:
                mended.close()


def _without_mime(block: bytes) -> bytes:
    """A header block without the fields that say how the body is read."""
    return b"".join(
        block[field.start : field.end] + b"\n"
        for field in fields(block)
        if not field.name.lower().startswith(_OF_MIME)
    )
