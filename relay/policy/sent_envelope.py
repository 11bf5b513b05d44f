"""The envelope of a message as it is sent on, each address with the one received."""

from __future__ import annotations

from relay.policy.rewriting import Rewriter
from relay.smtp.transaction import Transaction
from spooltool.spool.recipient import Path


def envelope_of(transaction: Transaction, rewriter: Rewriter | None) -> tuple[Path, list[Path]]:
    """Sender and recipients as they are sent on, each with the address as received."""
    sender, recipients = transaction.sender.text, transaction.recipients
    if rewriter is None:
        return (
            Path(sender, transaction.mail_params),
            [Path(one.mailbox.text, one.params) for one in recipients],
        )
    return (
        _sent_as(sender, rewriter.sender(sender), transaction.mail_params),
        [
            _sent_as(one.mailbox.text, rewriter.recipient(one.mailbox.text), one.params)
            for one in recipients
        ],
    )


def _sent_as(received: str, sent: str, params: str) -> Path:
    return Path(sent, params, received if sent != received else "")
