"""The words for what stands in a forecast: each value as one line that is fit to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from relay.message.mime import Tree, tree_lines
from relay.policy.acceptance import BY_MX, Acceptance
from relay.policy.rulebase import RuleBase
from relay.replay.forecast import Copy, Forecast
from relay.replay.house import House
from spooltool.render.text import cut, visible
from spooltool.spool.hosts import HostPort
from spooltool.spool.recipient import Path

LONGEST = 70
"""Columns of an address."""

MOST_LINES = 400
"""Parts of a message whose structure is compared line by line; of more the first are shown."""


def rule_words(house: House, number: int) -> str:
    """The rule that decides: its number and name."""
    if number == 0:
        return "no rule" if isinstance(house.rule, RuleBase) else "the implicit rule"
    name = house.rule_name(number)
    return f'rule {number} "{visible(name)}"' if name else f"rule {number}"


def server_words(acceptance: Acceptance) -> str:
    """Where it is delivered to."""
    if acceptance.route == BY_MX:
        return "the recipients' MX"
    if acceptance.dst.startswith("{"):
        return visible(acceptance.dst)
    return visible(str(HostPort(acceptance.dst.strip("[]"), acceptance.dport)))


def notice_words(acceptance: Acceptance) -> str:
    """Where its error mail goes, or that nobody is told."""
    if not acceptance.errmail:
        return "nobody is told"
    return "the sender's MX" if acceptance.err_route == BY_MX else visible(acceptance.err_server)


def mailbox_words(address: str) -> str:
    """An address in its brackets, cut where it is longer than a line."""
    return f"<{cut(visible(address), LONGEST)}>"


def address_words(path: Path) -> str:
    """An address as it is sent, and as it was received where that is another."""
    sent = mailbox_words(path.address)
    return f"{sent} for {mailbox_words(path.orig)}" if path.orig else sent


def header_lines(copy: Copy) -> Iterator[tuple[str, str]]:
    """What becomes of the header fields: a sign and a line of a field, as in a diff."""
    for change in copy.headers:
        for sign, octets in (("-", change.before), ("+", change.after)):
            for line in octets.split(b"\n") if octets else ():
                yield sign, visible(line.decode("utf-8", "surrogateescape"))


def tree_diff(copy: Copy) -> Iterator[tuple[str, str]]:
    """The structure before and after: a sign, or a blank for what stays, and a part's line."""
    before = structure(copy.before)
    after = structure(copy.after) if copy.after is not None else before
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            yield from ((" ", line) for line in before[i:j])
            continue
        yield from (("-", line) for line in before[i:j])
        yield from (("+", line) for line in after[k:m])


def structure(tree: Tree | None) -> list[str]:
    """The lines of a structure, the first of them where there are very many."""
    lines: list[str] = []
    for line in tree_lines(tree) if tree is not None else ():
        if len(lines) == MOST_LINES:
            return [*lines, "..."]
        lines.append(visible(line))
    return lines


def recipients_of(found: Forecast) -> Iterator[str]:
    """Every recipient as received, those refused last."""
    for copy in found.copies:
        yield from (mailbox_words(one.orig or one.address) for one in copy.recipients)
    for refused in found.refused:
        yield from map(mailbox_words, refused.recipients)
