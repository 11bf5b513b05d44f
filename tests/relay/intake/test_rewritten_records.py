"""What asmtpd.elg says of rewriting."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.intake.records import Records
from relay.logs.process_log import ProcessLog
from relay.policy.rewriting import Change, Kind
from spooltool.logs.elg import parse_line
from spooltool.logs.events import EVENT

CHANGED = Change(Kind.CHANGED, "To", "a@b.org", "c@d.org")
DELETED = Change(Kind.DELETED, "X-Mailer", "x")
REFUSED = Change(Kind.REFUSED, "RCPT", "a@b.org", "a", "the result is no address")


@pytest.mark.parametrize(
    ("changes", "broken", "fields"),
    [
        ((), False, None),
        ((CHANGED, CHANGED, DELETED), False, {"changed": "2", "deleted": "1"}),
        ((CHANGED,), True, {"changed": "1", "dkim_broken": "1"}),
        ((REFUSED,), False, {"refused": "1", "reason": "RCPT: the result is no address"}),
    ],
)
def test_one_line_tells_what_a_rule_did(
    tmp_path: Path, changes: tuple[Change, ...], broken: bool, fields: dict[str, str] | None
) -> None:
    log = ProcessLog(str(tmp_path), "asmtpd")
    Records(log).rewritten("001njqb0", "11", "smtp_in", changes, broken)
    log.close()
    lines = [parse_line(line) for line in (tmp_path / "asmtpd.elg").read_bytes().splitlines()]
    wanted = [] if fields is None else [{"rule": "11", "resource": "smtp_in", **fields}]
    assert [dict(line.fields) for line in lines] == wanted
    assert all(set(line.fields) <= set(EVENT["rewritten"].fields) for line in lines)
