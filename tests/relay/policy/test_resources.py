"""A resource's digest, and whether it asks for work on the content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.config.resources import RESOURCE, Resource
from relay.config.wildcard import compile_pattern
from relay.policy.resources import definition, digest, needs_content, value

PLAIN = Resource("smtp_in", mail_delivery_server="10.1.5.2")


def test_the_digest_is_of_what_it_does() -> None:
    assert definition(PLAIN) == 'mail_delivery_server = "10.1.5.2"\n'
    assert digest(PLAIN) == digest(replace(PLAIN, name="other", comment="moved"))
    changed = replace(PLAIN, match_recipient=compile_pattern("*@example.org"))
    assert digest(changed) != digest(PLAIN)
    assert value(PLAIN) == "smtp_in 697f1c9f09f9919b"


@pytest.mark.parametrize(
    "change",
    [
        {"strip_mime_of_type": "video/*"},
        {"strip_file_by_name": "*.exe"},
        {"allowed_characters": "7_bit"},
        {"enable_cvp": True},
        *({one.attribute: True} for one in RESOURCE.entries if one.name.startswith("strip_")),
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_asks_for_work_on_content(change: dict[str, object]) -> None:
    assert needs_content(replace(PLAIN, **change), 1) is True  # type: ignore[arg-type]


def test_what_is_within_the_capacity_goes_as_it_is() -> None:
    small = replace(PLAIN, mail_capacity=10)
    assert needs_content(small, 10 * 1024) is False
    assert needs_content(small, 10 * 1024 + 1) is True
