"""What a rule decides about the mail that it accepts: the values of the envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spooltool.spool.hosts import HostPort, format_hosts

DEFAULT_PORT = 25
BY_MX = "mx"
"""In place of hosts: whatever the MX of a domain are.  A host of that name is `mx.`."""
NO_SCANNER = HostPort("0.0.0.0", 0)


def as_destination(hosts: Sequence[HostPort]) -> tuple[str, int]:
    """DST and DPORT for one host or several; a single host leaves its port to DPORT."""
    if len(hosts) == 1:
        return str(HostPort(hosts[0].host)), hosts[0].port or DEFAULT_PORT
    return format_hosts(tuple(hosts)), DEFAULT_PORT


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The envelope keys that a rule and its resource set.

    `dst` and `err_server` are hosts as DST and ERR_SERVER hold them.  A `log_*` of "" is
    absent in the file: nothing is recorded.  `rule` 0 is the implicit rule; `rule_action`
    16 is what the chapter calls usual.  `resource` is name and digest.  `route` and `err_route`
    are dst, or mx where mail or its notices go by the MX of recipients and sender.  The `av_*`
    are "none" and nothing without a scan.  `judged` tells that content is to be looked at.
    """

    dst: str
    err_server: str
    dport: int = DEFAULT_PORT
    rule: int = 0
    rule_action: int = 16
    errmail: bool = True
    account: bool = False
    log_ok: str = "MDQ_LOG"
    log_bad: str = "MDQ_LOG"
    log_err: str = "MDQ_ALERT"
    resource: str = "none"
    route: str = "dst"
    err_route: str = "dst"
    av_setting: str = "none"
    av_address: HostPort = NO_SCANNER
    av_headers: bool = False
    judged: bool = False

    def chapter(self, source: str, port: int) -> dict[str, str]:
        """The keys with their values, for a message from a client at `source`, `port`."""
        return {
            "AV_SETTING": self.av_setting,
            "AV_IPADDR": self.av_address.host,
            "AV_PORT": str(self.av_address.port),
            "AV_HEADERS": "1" if self.av_headers else "0",
            "SRC": source,
            "SPORT": str(port),
            "DST": self.dst,
            "DPORT": str(self.dport),
            "ERR_SERVER": self.err_server,
            "RULE": str(self.rule),
            "RULEACT": str(self.rule_action),
            "ERRMAIL": "1" if self.errmail else "0",
            "ACCT": "1" if self.account else "0",
            "LOG_OK": self.log_ok,
            "LOG_BAD": self.log_bad,
            "LOG_ERR": self.log_err,
        }
