"""What of a configuration decides on a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from relay.config.resources import Resource
from relay.message.headers import HeaderLimits
from relay.policy.implicit import ImplicitRule
from relay.policy.origin import Origin, server
from relay.policy.rulebase import RuleBase
from relay.replay.case import Case
from relay.smtp.limits import Limits


@dataclass(frozen=True, slots=True)
class House:
    """One relay that is asked.

    `label` is what people call its configuration.  `redirects` tells that it learns servers
    from the wire, `at` is the address of ours to which clients come, `is_local` whether an
    address is this machine's.  `limits` are those of a message: those of a connection are no
    matter here.
    """

    label: str
    rule: ImplicitRule | RuleBase
    hostname: str
    limits: Limits
    headers: HeaderLimits
    hops: int
    resources: Mapping[str, Resource]
    redirects: bool = False
    at: str = ""
    is_local: Callable[[str], bool] = field(default=lambda address: False)

    def origin(self, case: Case) -> Origin:
        """Where the message's client was going, as this relay would have learnt it."""
        if self.redirects:
            to = server(case.meant or case.known, is_local=self.is_local)
            return Origin(to, at=case.meant.host if case.meant else self.at)
        return Origin(at=case.meant.host if case.meant else self.at)

    def rule_name(self, number: int) -> str:
        """What people call that rule, "" for one without a name."""
        if isinstance(self.rule, RuleBase):
            return next((one.name for one in self.rule.rules if one.number == number), "")
        return ""
