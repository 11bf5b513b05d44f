"""What a sink was told in advance: which reply at which stage, for whom, how late.

A plan is plain JSON, so that a test can write it to a file or hand it over on the
command line.  Replies are whole reply lines without CRLF ("451 4.3.0 later").
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Reply = str | list[str]
"""One reply for ever, or a list of which each use takes the next and the last stays."""

DEFAULT_EXTENSIONS = (
    "PIPELINING",
    "SIZE 104857600",
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "DSN",
)


@dataclass(slots=True)
class SinkPlan:
    """How a sink behaves; the default takes everything.

    greet_after   seconds before the greeting; -1: never
    delay         seconds before each other reply
    greeting, mail, data, dot    the reply of that stage in place of the usual one
    recipients    reply by recipient address; "*" for all others
    drop_at_dot   how many times the connection is dropped after the dot with no reply; -1: always
    silent_at     the stage ("greeting", "ehlo", "mail", "rcpt", "data") at which, and after which,
                  nothing is said any more
    drop_logs     whether a message so dropped counts as taken (and is logged)
    messages_per_connection      then `421` in place of MAIL's reply; 0: no limit
    extensions    EHLO keywords; empty: EHLO is refused with 502
    """

    greet_after: float = 0.0
    delay: float = 0.0
    greeting: Reply = "220 sink.example ESMTP"
    mail: Reply = ""
    data: Reply = ""
    dot: Reply = ""
    recipients: dict[str, Reply] = field(default_factory=dict)
    drop_at_dot: int = 0
    silent_at: str = ""
    drop_logs: bool = True
    messages_per_connection: int = 0
    extensions: tuple[str, ...] = DEFAULT_EXTENSIONS

    def take(self, stage: Literal["greeting", "mail", "data", "dot"], usual: str) -> str:
        """The next reply of a stage."""
        return _next(getattr(self, stage)) or usual

    def take_recipient(self, address: str) -> str:
        """The next reply to RCPT for this address."""
        planned = self.recipients.get(address, self.recipients.get("*", ""))
        return _next(planned) or "250 2.1.5 ok"

    def take_drop(self) -> bool:
        """Whether the connection is to be dropped at this dot."""
        if self.drop_at_dot > 0:
            self.drop_at_dot -= 1
            return True
        return self.drop_at_dot < 0

    def encode(self) -> str:
        """As JSON in one line."""
        return json.dumps(asdict(self))


def decode_plan(text: str) -> SinkPlan:
    """A plan from JSON; a key that no plan has is a TypeError."""
    values: dict[str, Any] = json.loads(text)
    if "extensions" in values:
        values["extensions"] = tuple(values["extensions"])
    return SinkPlan(**values)


def _next(planned: Reply) -> str:
    if isinstance(planned, str):
        return planned
    return planned.pop(0) if len(planned) > 1 else planned[0]


TEMPORARY, PERMANENT = "451 4.3.0 try again later", "550 5.7.1 not wanted"


def plan_of_mode(mode: str, seconds: float = -1.0) -> SinkPlan:
    """The plan behind a mode's name: `accept`, `tarpit`, `slow`, `drop`, `tempfail-STAGE`,
    `reject-STAGE` with STAGE one of greeting, mail, rcpt, data, dot.

    `seconds` is the greeting's delay of a tarpit (-1: never) or each reply's of a slow sink.
    """
    match mode.split("-"):
        case ["accept"]:
            return SinkPlan()
        case ["tarpit"]:
            return SinkPlan(greet_after=seconds)
        case ["slow"]:
            return SinkPlan(delay=max(seconds, 0.0))
        case ["drop"]:
            return SinkPlan(drop_at_dot=-1)
        case [("tempfail" | "reject") as how, "greeting"]:
            return SinkPlan(
                greeting="421 4.3.2 closed" if how == "tempfail" else "554 5.3.2 closed"
            )
        case [("tempfail" | "reject") as how, ("mail" | "rcpt" | "data" | "dot") as stage]:
            reply = TEMPORARY if how == "tempfail" else PERMANENT
            if stage == "rcpt":
                return SinkPlan(recipients={"*": reply})
            plan = SinkPlan()
            setattr(plan, stage, reply)
            return plan
        case _:
            raise ValueError(f"no such mode: {mode}")


MODES = (
    "accept", "refuse", "tarpit", "slow", "drop",
    *(f"{how}-{stage}" for how in ("tempfail", "reject")
      for stage in ("greeting", "mail", "rcpt", "data", "dot")),
)  # fmt: skip
