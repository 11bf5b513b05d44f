"""Whether the rule base lets mail go on to where it is about to go.

A resource may ask that a delivery, or an error mail, be matched against the rules as a
connection from the mail's own source to the server's address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relay.dequeue.attempt import Job
from relay.policy.resources import NONE, Resource, named
from relay.policy.rulebase import RuleBase
from relay.smtp.mailbox import NULL, BadPath, Mailbox, parse_path, parse_postmaster
from spooltool.spool.checks import Check
from spooltool.spool.recipient import Path

NOBODY: frozenset[str] = frozenset()


def barred(
    job: Job,
    recipients: Iterable[str],
    address: str,
    rules: RuleBase | None,
    resources: Mapping[str, Resource],
) -> frozenset[str]:
    """Those of a mail's recipients to whom no rule lets it go over an IP address.

    Sender and recipients are matched as they were received.  Without rules nobody is barred:
    there is nothing to ask; nor is one whom an operator released.
    """
    envelope = job.envelope
    if any(line.value.split(" ")[0] == Check.RULE_BASE.word for line in envelope.all("PASS")):
        return NOBODY
    resource = resources.get(named(envelope.get("RESOURCE") or NONE))
    notice = job.name.letter == "E"
    if rules is None or resource is None or envelope.sender is None:
        return NOBODY
    wanted = (
        resource.error_check_rulebase_with_new_destination
        if notice
        else resource.check_rulebase_with_new_destination
    )
    if not wanted:
        return NOBODY
    source = envelope.get("SRC") or ""
    if notice:
        sender, received = NULL, {envelope.sender.address: _received(envelope.sender)}
    else:
        sender = _mailbox(_received(envelope.sender)) or NULL
        received = {one.address: _received(one.path) for one in job.pending}

    def allowed(recipient: str) -> bool:
        to = _mailbox(received.get(recipient, recipient))
        return to is not None and rules.allows(source, address, sender, to) is not None

    return frozenset(one for one in recipients if not allowed(one))


def _received(path: Path) -> str:
    return path.orig or path.address


def _mailbox(address: str) -> Mailbox | None:
    """An address of a spool file, which may have been typed by hand."""
    text = f"<{address}>"
    found = parse_postmaster(text, 0) or parse_path(text, 0, utf8=True)
    return None if isinstance(found, BadPath) else found[0]
