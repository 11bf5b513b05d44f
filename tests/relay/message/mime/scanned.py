"""What several tests of MIME do to a message."""

from __future__ import annotations

from relay.message.mime import Defect, Scanner, Splicer, Tree, removal_edits
from relay.policy.content import ContentRules, Stripped, judge
from relay.policy.wildcard import compile_pattern


def scan(content: bytes, step: int = 1 << 16) -> Tree:
    scanner = Scanner()
    for at in range(0, len(content), step):
        scanner.feed(content[at : at + step])
    return scanner.end()


def defects(tree: Tree) -> set[Defect]:
    found = {one.defect for part in tree.parts for one in part.defects}
    for part in tree.parts:
        for inner in part.inner:
            found |= defects(inner)
    return found


def rules(types: str = "", names: str = "") -> ContentRules:
    return ContentRules(
        compile_pattern(types) if types else None, compile_pattern(names) if names else None
    )


def stripped(content: bytes, verdict: Stripped, step: int = 1 << 16) -> bytes:
    splicer = Splicer(removal_edits(scan(content), verdict.removals, "res"))
    pieces = [splicer.feed(content[at : at + step]) for at in range(0, len(content), step)]
    return b"".join(pieces) + splicer.end()


def outcome(content: bytes, asked: ContentRules) -> tuple[str, bytes]:
    """A word for what became of it, and what would be delivered."""
    verdict = judge(scan(content), asked)
    if isinstance(verdict, Stripped):
        return "stripped", stripped(content, verdict)
    return type(verdict).__name__.lower(), content
