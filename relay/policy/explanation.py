"""What a relay would do with mail, and why: `relay match`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.policy.acceptance import Acceptance
from relay.policy.implicit import ImplicitRule
from relay.policy.origin import Origin
from relay.policy.refusal import nobody_told
from relay.policy.rewriting import Rewriter
from relay.policy.rulebase import RuleBase, Step
from relay.policy.rules import Miss, Rule
from relay.smtp.mailbox import Mailbox
from relay.smtp.replies import RECIPIENT_OK
from relay.smtp.reply import Reply

_NOT_RECORDED = ("SPORT",)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one recipient.

    `steps` are the rules that were asked, none without a rule base; `envelope` is what the
    spool file would say, empty where the mail is not taken.
    """

    recipient: str
    steps: tuple[Step, ...]
    reply: Reply
    envelope: dict[str, str]

    @property
    def taken(self) -> bool:
        """Whether the recipient is accepted."""
        return self.reply.positive


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole: `connect` refuses the client before it can say anything, None: it may."""

    source: str
    destination: str
    sender: str
    connect: Reply | None
    verdicts: tuple[Verdict, ...]

    @property
    def taken(self) -> bool:
        """Whether every recipient is accepted."""
        return self.connect is None and all(one.taken for one in self.verdicts)


def explain(
    rule: ImplicitRule | RuleBase,
    source: str,
    origin: Origin,
    sender: Mailbox,
    recipients: Sequence[Mailbox],
) -> Explanation:
    """What one mail from a client at `source` would meet, recipient by recipient."""
    to = origin.destination.host if origin.destination is not None else origin.at
    policy = rule.policy(source, lambda: None, origin, nobody_told)
    connect = policy.connect()
    policy.mail(sender)
    verdicts = []
    for recipient in recipients:
        reply = connect or policy.rcpt(recipient) or RECIPIENT_OK
        taken = policy.acceptance if reply.positive else None
        envelope = _envelope(taken, source, sender, recipient, policy.rewriter) if taken else {}
        steps = rule.trace(source, to, sender, recipient) if isinstance(rule, RuleBase) else ()
        verdicts.append(Verdict(recipient.text, steps, reply, envelope))
    return Explanation(source, to, sender.text, connect, tuple(verdicts))


def lines(found: Explanation) -> Iterator[str]:
    """The explanation for a person."""
    yield f"from {found.source} to {found.destination or 'this relay'}, sender <{found.sender}>"
    if found.connect is not None:
        yield f"the client is refused at once: {found.connect}"
    for verdict in found.verdicts:
        yield ""
        yield f"<{verdict.recipient}>"
        for step in verdict.steps:
            yield f"  rule {step.rule}{_called(step.rule)}: {_why(step, found, verdict)}"
        if not verdict.steps:
            yield "  there are no rules: the implicit rule decides"
        elif verdict.steps[-1].miss is not None:
            yield "  no rule takes it"
        if found.connect is None:
            yield f"  the client hears: {verdict.reply}"
        for key, value in verdict.envelope.items():
            yield f"    {key}: {value}"


def record(found: Explanation) -> dict[str, object]:
    """The explanation for a program."""
    return {
        "v": 1,
        "source": found.source,
        "destination": found.destination,
        "sender": found.sender,
        "taken": found.taken,
        "connect": str(found.connect) if found.connect is not None else None,
        "recipients": [
            {
                "address": one.recipient,
                "taken": one.taken,
                "reply": str(one.reply),
                "rules": [
                    {
                        "rule": step.rule.number,
                        "name": step.rule.name,
                        "resource": step.rule.resource.name if step.rule.resource else None,
                        "action": step.rule.action.value,
                        "not_for": step.miss.value if step.miss is not None else None,
                    }
                    for step in one.steps
                ],
                "envelope": one.envelope,
            }
            for one in found.verdicts
        ],
    }


def _called(rule: Rule) -> str:
    return f' "{rule.name}"' if rule.name else ""


def _why(step: Step, found: Explanation, verdict: Verdict) -> str:
    resource = step.rule.resource
    match step.miss:
        case None:
            return f"decides: {step.rule.action.value}"
        case Miss.DISABLED:
            return "disabled"
        case Miss.SOURCE:
            return f"not for the source {found.source}"
        case Miss.DESTINATION:
            return f"not for the destination {found.destination or '(this relay)'}"
        case Miss.SENDER:
            assert resource is not None
            return f"not for the sender <{found.sender}>: {resource.match_sender.text}"
        case Miss.RECIPIENT:
            assert resource is not None
            return f"not for the recipient: {resource.match_recipient.text}"


def _envelope(
    taken: Acceptance, source: str, sender: Mailbox, recipient: Mailbox, rewriter: Rewriter | None
) -> dict[str, str]:
    """What the spool file would say, but for what only the connection knows."""
    values = {k: v for k, v in taken.chapter(source, 0).items() if v and k not in _NOT_RECORDED}
    values |= {"RESOURCE": taken.resource, "ROUTE": taken.route}
    if taken.err_route != "dst":
        values["ERR_ROUTE"] = taken.err_route
    mail, to = sender.text, recipient.text
    if rewriter is not None:
        mail, to = rewriter.sender(mail), rewriter.recipient(to)
    values["FROM"] = _path(mail, sender.text)
    values["RCPT"] = _path(to, recipient.text)
    return values


def _path(sent: str, received: str) -> str:
    return f"<{sent}>" + (f" ORIG=<{received}>" if sent != received else "")
