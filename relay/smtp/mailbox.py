"""Paths of MAIL and RCPT: the grammar of `spooltool.spool.mailbox`.

It stands there because an address that an operator puts into a spool file must be one that
the intake would have taken.
"""

from spooltool.spool.mailbox import (
    MAX_DOMAIN,
    NEEDS_SMTPUTF8,
    NULL,
    BadPath,
    Mailbox,
    a_label,
    parse_path,
    parse_postmaster,
)

__all__ = [
    "MAX_DOMAIN",
    "NEEDS_SMTPUTF8",
    "NULL",
    "BadPath",
    "Mailbox",
    "a_label",
    "parse_path",
    "parse_postmaster",
]
