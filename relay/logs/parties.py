"""Sender and recipients as a record of tracker.log names them."""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.spool.recipient import Path

MOST_NAMED = 20
"""Recipients of a message that one record names."""


def parties(sender: Path, recipients: Sequence[Path]) -> dict[str, object]:
    """The fields of a record for who sent and who gets a message, as sent on and as received.

    `Orig_from` and `Orig_to` are "" (and left out) where rewriting changed nothing.
    """
    shown = recipients[:MOST_NAMED]
    rewritten = any(one.orig for one in shown)
    return {
        "sender": sender.address,
        "to": ",".join([one.address for one in shown]),
        "Orig_from": sender.orig,
        "Orig_to": ",".join([one.orig or one.address for one in shown]) if rewritten else "",
    }
