"""Which fields were changed, how, and by whom: the two header sets compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spooltool.diagnose.header_changes import Done, HeaderChange, header_changes

OURS = b"Received: from a by gw\n\tid 1; now\n"
BY = "rule 11, resource smtp_in"
RELAY = HeaderChange(("Received",), Done.ADDED, "relay")


def _changes(original: bytes, modified: bytes) -> tuple[HeaderChange, ...]:
    return header_changes(original, modified, "11", "smtp_in")


@pytest.mark.parametrize(
    ("original", "modified", "changes"),
    [
        (b"To: a\n", b"To: a\n", ()),
        (b"To: a\n", OURS + b"To: a\n", (RELAY,)),
        (OURS + b"To: a\n", OURS.replace(b"1", b"2") + OURS + b"To: a\n", (RELAY,)),
        (OURS + OURS, OURS * 3, (RELAY,)),
        (
            b"To: a\nCC: b\nX: c\n",
            OURS + b"To: A\nCC: B\nX: c\n",
            (RELAY, HeaderChange(("To", "CC"), Done.REWRITTEN, BY)),
        ),
        (
            b"To: a,\n b\nTo: c\n",
            b"To: a,\n b\nTo: d\n",
            (HeaderChange(("To",), Done.REWRITTEN, BY),),
        ),
        (
            b"Received: x\nReceived: y\nTo: a\n",
            OURS + b"To: a\n",
            (RELAY, HeaderChange(("Received",), Done.REMOVED, BY)),
        ),
        (
            b"X-Mailer: x\nTo: a\nx-mailer: y\n",
            OURS + b"To: a\n",
            (RELAY, HeaderChange(("X-Mailer",), Done.REMOVED, BY)),
        ),
        (b"To: a\n", b"To: a\nX-New: b\n", (HeaderChange(("X-New",), Done.ADDED, ""),)),
        (b"To: a\r\n", OURS + b"To: a\r\n", (RELAY,)),
    ],
)
def test_changes(original: bytes, modified: bytes, changes: tuple[HeaderChange, ...]) -> None:
    assert _changes(original, modified) == changes


@pytest.mark.parametrize(
    ("signature", "broken"),
    [
        (b"DKIM-Signature: v=1; h=from : TO;\n\tb=x\n", True),
        (b"dkim-signature: v=1; bh=h=to; h=from; b=x\n", False),
        (b"DKIM-Signature: v=1; h=received; b=x\n", False),
        (b"", False),
    ],
)
def test_a_signature_over_a_changed_field_is_broken(signature: bytes, broken: bool) -> None:
    changes = _changes(signature + b"To: a\n", OURS + signature + b"To: b\n")
    assert (HeaderChange(("DKIM-Signature",), Done.BROKEN, BY) in changes) is broken


@pytest.mark.parametrize(
    ("rule", "resource", "by"),
    [
        ("11", "smtp_in", BY),
        ("11", None, "rule 11"),
        ("11", "none", "rule 11"),
        ("0", "none", ""),
        (None, None, ""),
    ],
)
def test_the_culprit_is_what_the_file_names(
    rule: str | None, resource: str | None, by: str
) -> None:
    (change,) = header_changes(b"To: a\n", b"To: b\n", rule, resource)
    assert change.by == by


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_any_two_blocks_compare(original: bytes, modified: bytes) -> None:
    names = [change.fields for change in _changes(original, modified)]
    assert all(names)
    assert not _changes(original, original)
