"""The one implicit rule of a relay without rules: these clients, to that server.

`relay run --dst HOST:PORT --accept-from CIDR` is all that it says.  It has number 0 and
looks at no address in the mail: who may connect may send anything, and everything goes to
the one destination, or to the server that the connection was meant for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.policy.acceptance import BY_MX, DEFAULT_PORT, Acceptance, as_destination
from relay.policy.cidr import Networks
from relay.policy.origin import DIRECT, OWN_CONNECTION, Origin, destination_of, trusted_as_local
from relay.policy.refusal import Refusal, Told, nobody_told
from relay.smtp.mailbox import Mailbox
from relay.smtp.reply import Reply
from spooltool.spool.hosts import HostPort, format_hosts, parse_hosts


@dataclass(frozen=True, slots=True)
class ImplicitRule:
    """Accept from loopback and `networks`, for `dst`, or for `default_server` where it is "".

    Hosts are written as in DST; a port on a single host becomes DPORT.  `mx` in place of
    hosts is the MX of each recipient's domain, for notices that of the sender's.  With
    neither of the two no mail is accepted at all.  Failure notices go to `error_server`, by default
    to the destination.  `acceptance` is what an accepted message's envelope says, None
    without a destination.

    With `from_wire` the server that a connection was meant for is its destination, where it
    lies in `servers` (None: any); `dst` beats it, and `default_server` is for connections
    that were meant for none.  Raises ValueError for hosts that cannot be read: the
    configuration has been checked before.
    """

    networks: Networks
    dst: str = ""
    default_server: str = ""
    error_server: str = ""
    errmail: bool = True
    from_wire: bool = False
    servers: Networks | None = None
    acceptance: Acceptance | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "acceptance", self._decide())

    def _decide(self) -> Acceptance | None:
        destination = _read(self.dst) or _read(self.default_server)
        if not destination:
            return None
        by_mx = (self.dst or self.default_server) == BY_MX
        notices = _read(self.error_server) or destination
        notices_by_mx = (self.error_server or self.dst or self.default_server) == BY_MX
        dst, dport = as_destination(destination)
        return Acceptance(
            dst=dst,
            dport=dport,
            err_server=format_hosts(notices),
            errmail=self.errmail,
            route=BY_MX if by_mx else "dst",
            err_route=BY_MX if notices_by_mx else "dst",
        )

    def decide(self, source: str, origin: Origin = DIRECT) -> Acceptance | Reply:
        """What becomes of mail from a client at this IP address, or the reply to the client."""
        if not (trusted_as_local(source, origin.proxy) or source in self.networks):
            if origin.from_here and origin.destination is not None:
                return OWN_CONNECTION
            return Reply(554, "5.7.1", f"no mail is accepted from {source}")
        found = origin.destination if self.from_wire and not self.dst else None
        if found is not None:
            if self.servers is not None and found.host not in self.servers:
                return Reply(554, "5.7.1", f"no mail is accepted for {found.host}")
            return self._towards(found)
        if self.acceptance is not None and origin.loop is not None:
            # The fault is ours and may be mended: the client keeps its mail meanwhile.
            return Reply(421, "4.4.6", f"{origin.loop} is this relay: mail would go in circles")
        if self.acceptance is not None:
            return self.acceptance
        if self.from_wire:
            return Reply(554, "5.7.1", "no mail is accepted for this machine itself")
        return Reply(554, "5.7.1", f"no mail is accepted from {source}")

    def _towards(self, found: HostPort) -> Acceptance:
        dst, notices = destination_of(found)
        return Acceptance(
            dst=str(dst),
            dport=found.port or DEFAULT_PORT,
            err_server=format_hosts(_read(self.error_server) or (notices,)),
            errmail=self.errmail,
            err_route=BY_MX if self.error_server == BY_MX else "dst",
        )

    @property
    def servers_of_ours(self) -> tuple[HostPort, ...]:
        """The hosts, each with its port, that mail goes to by configuration."""
        if self.acceptance is None:
            return ()
        dport = self.acceptance.dport
        return tuple(
            HostPort(host.host, host.port or dport) for host in parse_hosts(self.acceptance.dst)
        )

    def policy(
        self,
        source: str,
        space: Callable[[], Reply | None],
        origin: Origin = DIRECT,
        told: Told = nobody_told,
    ) -> ImplicitPolicy:
        """The policy of one connection from `source`; `space` answers its `admit`."""
        return ImplicitPolicy(self.decide(source, origin), space, told)


class ImplicitPolicy:
    """What the implicit rule says to one connection; a `relay.smtp.server.Policy`.

    `acceptance` is what the envelope of its mail says, None for a client that may not send.
    """

    __slots__ = ("_refusal", "_space", "_told", "acceptance")
    rewriter = None
    """The implicit rule rewrites nothing."""

    def __init__(
        self,
        decision: Acceptance | Reply,
        space: Callable[[], Reply | None],
        told: Told = nobody_told,
    ) -> None:
        self.acceptance = decision if isinstance(decision, Acceptance) else None
        self._refusal = decision if isinstance(decision, Reply) else None
        self._space = space
        self._told = told

    def connect(self) -> Reply | None:
        """554 5.7.1 to a client that is no source of the rule."""
        if self._refusal is not None:
            self._told(Refusal(self._refusal))
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
