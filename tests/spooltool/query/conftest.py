"""A row for the tests of the query language."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest


@dataclass(slots=True)
class FakeRow:
    id: str = "001njchs"
    file: str = "D_resend/R001njchs"
    letter: str = "R"
    dir: str = "D_resend"
    readable: bool = True
    standing: str = "stuck"
    reason: str = "refused"
    dst: tuple = (("10.1.5.2", None),)
    dport: int | None = 25
    sender: str | None = "billing@example.com"
    recipients: tuple = ("anna@example.org", "Ben@Example.NET")
    arrived: float | None = 1000.0
    age: float | None = 18493.5
    attempts: int | None = 31
    size: int | None = 48 * 1024
    code: int | None = None
    host: str | None = "10.1.5.2"
    rule: str | None = "11"
    resource: str | None = "smtp_in"
    headers: dict = field(default_factory=lambda: {"subject": ["Your Invoice, (paid) 2*3"]})
    content: bytes | None = b"Subject: Your Invoice\n\nplease pay \xc3\x89 now\n"

    def header(self, name):
        return None if self.content is None else self.headers.get(name.lower(), [])

    def text(self):
        return self.content


@pytest.fixture
def row():
    """Makes a row: the values of a plain stuck message but for those given."""
    return FakeRow
