"""What a query asks of one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Row(Protocol):
    """One message as a query sees it: cheap attributes, and two slow methods.

    Text is `str` (UTF-8, surrogateescape), times unix seconds, durations seconds, sizes
    bytes.  `readable` is False when the envelope could not be read: then only `id`,
    `file`, `letter`, `dir`, `standing` and `reason` are asked, and every other term is
    *unjudged*.  None in `age`, `attempts` or `size` means not known, which is unjudged
    too; None in `code`, `sender`, `rule`, `resource` or `host` means that the message has
    none, which is a plain no.
    """

    @property
    def id(self) -> str:
        """The number: `001njchs`."""
        ...

    @property
    def file(self) -> str:
        """Path inside the spool: `D_resend/R001njchs`."""
        ...

    @property
    def letter(self) -> str:
        """T, R or E."""
        ...

    @property
    def dir(self) -> str:
        """Directory on disk: `D_resend`; "" in a flat spool."""
        ...

    @property
    def readable(self) -> bool:
        """Whether the envelope could be read."""
        ...

    @property
    def standing(self) -> str:
        """One word of `spooltool.spool.states.STANDINGS`."""
        ...

    @property
    def reason(self) -> str:
        """One word of `spooltool.spool.states.REASONS`, or ""."""
        ...

    @property
    def dst(self) -> Sequence[tuple[str, int | None]]:
        """Hosts of DST in lower case, IPv6 without brackets, with their own port if any."""
        ...

    @property
    def dport(self) -> int | None:
        """DPORT, for the hosts without a port of their own."""
        ...

    @property
    def sender(self) -> str | None:
        """Envelope sender; "" is the null sender, None a file without one."""
        ...

    @property
    def recipients(self) -> Sequence[str]:
        """Addresses of all recipients, whatever became of them."""
        ...

    @property
    def arrived(self) -> float | None:
        """When it came in, unix seconds."""
        ...

    @property
    def age(self) -> float | None:
        """Seconds since then."""
        ...

    @property
    def attempts(self) -> int | None:
        """How often it was tried."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes of the file."""
        ...

    @property
    def code(self) -> int | None:
        """The last reply code."""
        ...

    @property
    def host(self) -> str | None:
        """The host of the last attempt, with its port where that is not 25."""
        ...

    @property
    def rule(self) -> str | None:
        """RULE, as text."""
        ...

    @property
    def resource(self) -> str | None:
        """RESOURCE."""
        ...

    def header(self, name: str) -> Sequence[str] | None:
        """Unfolded, decoded values of a header field (any case); None when unreadable."""
        ...

    def text(self) -> bytes | None:
        """The message as it stands in the file; None when unreadable."""
        ...
