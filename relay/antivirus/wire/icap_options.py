"""What an ICAP service says about itself in answer to OPTIONS (RFC 3507 4.10.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.antivirus.wire.icap_head import IcapHead
from relay.antivirus.wire.icap_request import Method

LONGEST_PREVIEW = 4096
"""Octets that we send as a preview at most, whatever is offered."""

NO_TTL = 3600
"""Seconds for which an answer without Options-TTL is believed."""

_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Options:
    """How a service is to be asked.

    `preview` is None where it wants none; `ttl` are seconds; `connections` is how many it
    takes at once, 0 for unsaid; `tag` changes when its signatures do.
    """

    methods: tuple[Method, ...] = ()
    preview: int | None = None
    ttl: int = NO_TTL
    connections: int = 0
    tag: str = ""
    service: str = ""

    @property
    def method(self) -> Method | None:
        """How content is handed over: as an answer where possible, for that is mended best."""
        return next((one for one in Method if one in self.methods), None)


def options_of(head: IcapHead) -> Options | None:
    """Read the answer to OPTIONS; None for one that is a refusal."""
    if head.status not in (200, 204):
        return None
    said = {word.strip().upper() for value in head.all("methods") for word in value.split(",")}
    complete = [word.strip() for word in head.get("transfer-complete").split(",")]
    preview = _number(head.get("preview"))
    return Options(
        methods=tuple(method for method in Method if method in said),
        preview=None if preview is None or "*" in complete else min(preview, LONGEST_PREVIEW),
        ttl=NO_TTL if (ttl := _number(head.get("options-ttl"))) is None else ttl,
        connections=_number(head.get("max-connections")) or 0,
        tag=tag_of(head),
        service=head.get("service"),
    )


def tag_of(head: IcapHead) -> str:
    """The ISTag of an answer, without its quotes."""
    return head.get("istag").strip('"')


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
