"""What a rule decides about the mail that it accepts: the values of the envelope."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORT = 25


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The chapter's envelope keys that a rule and its resource set.

    `dst` and `err_server` are hosts as DST and ERR_SERVER hold them.  A `log_*` of "" is
    absent in the file: nothing is recorded.  `rule` 0 is the implicit rule; `rule_action`
    16 is what the chapter calls usual.  `route` and `err_route` are dst, or mx where mail or
    its notices go by the MX of recipients and sender.
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
    route: str = "dst"
    err_route: str = "dst"

    def chapter(self, source: str, port: int) -> dict[str, str]:
        """The keys with their values, for a message from a client at `source`, `port`."""
        return {
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
