"""What a resource asks of the mail that matched it, beyond where it goes.

The value itself is a table of relay.toml and is declared in `relay.config.resources`.
"""

from __future__ import annotations

import hashlib

from relay.config.resources import NONE, RESOURCE, Resource
from relay.config.show import encode

__all__ = [
    "DIGEST_LENGTH",
    "NONE",
    "Resource",
    "changed",
    "definition",
    "digest",
    "named",
    "needs_content",
    "value",
]

DIGEST_LENGTH = 16
"""Hexadecimal digits of a definition's SHA-256 that RESOURCE holds."""

_OF_NO_CONSEQUENCE = frozenset(("comment",))


def definition(resource: Resource) -> str:
    """What the resource says, one line for each value that is not the default, in the table's
    order, comments left out: two texts are equal where the resources do the same."""
    return "".join(
        f"{one.path} = {encode(value)}\n"
        for one in RESOURCE.entries
        if one.name not in _OF_NO_CONSEQUENCE
        and (value := getattr(resource, one.attribute)) != one.default
    )


def digest(resource: Resource) -> str:
    """The digest of the definition that RESOURCE holds beside the name."""
    return hashlib.sha256(definition(resource).encode()).hexdigest()[:DIGEST_LENGTH]


def value(resource: Resource) -> str:
    """RESOURCE of a message that matched this resource."""
    return f"{resource.name} {digest(resource)}"


def named(text: str) -> str:
    """The name in a value of RESOURCE."""
    return text.partition(" ")[0]


def changed(text: str, resource: Resource) -> bool:
    """Whether a value of RESOURCE was written by another definition than the present one.

    A name without a digest, as an operator sets it, means whatever is defined.
    """
    then = text.partition(" ")[2]
    return bool(then) and then != digest(resource)


def needs_content(resource: Resource, size: int) -> bool:
    """Whether the content of a message of this many octets must be looked at before it is sent.

    Rewriting is no such work: it was done when the message was accepted.
    """
    return bool(
        resource.strip_mime_of_type
        or resource.strip_file_by_name
        or resource.strip_script_tags
        or resource.strip_applet_tags
        or resource.strip_activex_tags
        or resource.strip_ftp_links
        or resource.strip_port_strings
        or resource.enable_cvp
        or resource.allowed_characters != "8_bit"
        or size > resource.mail_capacity * 1024
    )
