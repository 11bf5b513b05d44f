"""The one implicit rule of a relay without rules: these clients, to that server.

`relay run --dst HOST:PORT --accept-from CIDR` is all that it says.  It has number 0 and
looks at no address in the mail: who may connect may send anything, and everything goes to
the one destination.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.policy.acceptance import DEFAULT_PORT, Acceptance
from relay.policy.cidr import LOOPBACK, Networks
from relay.smtp.mailbox import Mailbox
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort, format_hosts, parse_hosts


@dataclass(frozen=True, slots=True)
class ImplicitRule:
    """Accept from loopback and `networks`, for `dst`, or for `default_server` where it is "".

    Hosts are written as in DST; a port on a single host becomes DPORT.  With neither of
    the two no mail is accepted at all.  Failure notices go to `error_server`, by default
    to the destination.  `acceptance` is what an accepted message's envelope says, None
    without a destination.  Raises ValueError for hosts that cannot be read: the
    configuration has been checked before.
    """

    networks: Networks
    dst: str = ""
    default_server: str = ""
    error_server: str = ""
    errmail: bool = True
    acceptance: Acceptance | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "acceptance", self._decide())

    def _decide(self) -> Acceptance | None:
        destination = _read(self.dst) or _read(self.default_server)
        if not destination:
            return None
        notices = _read(self.error_server) or destination
        dst, dport = destination, DEFAULT_PORT
        if len(destination) == 1:
            dst = (HostPort(destination[0].host),)
            dport = destination[0].port or DEFAULT_PORT
        return Acceptance(
            dst=format_hosts(dst),
            dport=dport,
            err_server=format_hosts(notices),
            errmail=self.errmail,
        )

    def refusal(self, source: str) -> Reply | None:
        """The reply to a client at this IP address, None where it may send."""
        if self.acceptance is not None and (source in LOOPBACK or source in self.networks):
            return None
        return Reply(554, "5.7.1", f"no mail is accepted from {source}")

    def policy(self, source: str, space: Callable[[], Reply | None]) -> ImplicitPolicy:
        """The policy of one connection from `source`; `space` answers its `admit`."""
        return ImplicitPolicy(self.refusal(source), space)


class ImplicitPolicy:
    """What the implicit rule says to one connection; a `relay.smtp.server.Policy`."""

    __slots__ = ("_refusal", "_space")

    def __init__(self, refusal: Reply | None, space: Callable[[], Reply | None]) -> None:
        self._refusal = refusal
        self._space = space

    def connect(self) -> Reply | None:
        """554 5.7.1 to a client that is no source of the rule."""
        return self._refusal

    def admit(self) -> Reply | None:
        """452 4.3.1 while there is no space for a message."""
        return self._space()

    def mail(self, mailbox: Mailbox) -> Reply | None:
        """Any sender, also the null sender."""
        return self._refusal

    def rcpt(self, mailbox: Mailbox) -> Reply | None:
        """Any recipient."""
        return self._refusal


def _read(text: str) -> tuple[HostPort, ...]:
    """The hosts of a value, none of ""."""
    hosts = parse_hosts(text)
    if text and not hosts:
        raise ValueError(f"no host, HOST:PORT or list of them: {text!r}")
    return hosts
