"""What the dequeuer takes from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.config.destinations import DestinationTable
from relay.config.resources import Resource
from relay.config.scanners import ScannerTable
from relay.content.filtering import FILTER
from relay.delivery.connection import EightBit
from relay.message.mime import DEFAULT_LIMITS
from relay.message.mime import Limits as MimeLimits
from relay.policy.hops import Hops
from relay.policy.mx import Limits as MxLimits
from relay.policy.rulebase import RuleBase
from relay.queue.notice_owed import NoticeTerms
from relay.queue.schedule import Limits
from spooltool.spool.hosts import HostPort


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds and counts as in the table of parameters (`relay.config.parameters`).

    `content_memory` and `quarantine_limit` are octets.
    """

    hostname: str
    postmaster: str = ""
    timeout: float = 90.0
    scan_period: float = 2.0
    resend_period: float = 600.0
    abandon_time: float = 432000.0
    trash_keep: float = 604800.0
    max_mails_per_conn: int = 100
    limits: Limits = field(default_factory=Limits)
    delay_warning: float = 0.0
    detailed: bool = False
    detailed_av: bool = False
    detailed_rb: bool = False
    accept_hand_edits: bool = False
    soft_bounce: bool = False
    eightbit: EightBit = "send"
    mark: int = 0
    tls: str = "may"
    tls_ca: str = ""
    tls_minimum: str = "1.2"
    destinations: tuple[DestinationTable, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)
    scanners: tuple[ScannerTable, ...] = ()
    rules: RuleBase | None = None
    mx_limits: MxLimits = field(default_factory=MxLimits)
    mx_port: int = 25
    dns_servers: tuple[HostPort, ...] = ()
    dns_timeout: float = 10.0
    listeners: tuple[HostPort, ...] = ()
    content_filter: str = FILTER
    content_workers: int = 2
    content_memory: int = 512 << 20
    quarantine_limit: int = 0
    mime_limits: MimeLimits = DEFAULT_LIMITS

    def notice_terms(self, *, errmail: bool) -> NoticeTerms:
        """What decides who is told; `errmail` is ERRMAIL of the file."""
        return NoticeTerms(errmail, self.postmaster, self.detailed_rb)

    def hops(self) -> Hops:
        """What is asked of each next hop."""
        return Hops(self.destinations, tls=self.tls, ca=self.tls_ca, soft_bounce=self.soft_bounce)
