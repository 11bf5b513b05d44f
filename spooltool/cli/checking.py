"""`status --check`: the spool in one line, with the exit code of a monitoring plug-in.

Whatever stands in the way is one line and code 3, never a traceback: a monitoring system
reads the first line of standard output and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.cli.choice import select
from spooltool.cli.invocation import Invocation
from spooltool.cli.reading import refuse_if_blind
from spooltool.diagnose import health
from spooltool.diagnose.relay import RelayView
from spooltool.diagnose.tally import Tally
from spooltool.errors import CheckCode, SpooltoolError, UsageError
from spooltool.look.disk import disk_of
from spooltool.look.survey import survey
from spooltool.render.health import check_line, unknown_line
from spooltool.render.screen import Disk


def check_spool(
    invocation: Invocation, warn: Sequence[str], crit: Sequence[str], *, json: bool = False
) -> CheckCode:
    """Write the line; the code."""
    try:
        if json:
            raise UsageError("--check and --json exclude each other")
        line, code = _checked(invocation, warn, crit)
    except SpooltoolError as error:
        line, code = unknown_line(_flat(error.message)), CheckCode.UNKNOWN
    except OSError as error:
        why = f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
        line, code = unknown_line(why), CheckCode.UNKNOWN
    invocation.out.line(line)
    return code


def _flat(message: str) -> str:
    """A message of several lines in one."""
    lines = (" ".join(line.split()) for line in message.split("\n"))
    return ", ".join(lines).replace(":, ", ": ")


def _checked(
    invocation: Invocation, warn: Sequence[str], crit: Sequence[str]
) -> tuple[str, CheckCode]:
    usual_warn, usual_crit = health.usual_limits(invocation.settings.scan_period)
    warnings = health.changed_limits("--warn", warn, usual_warn)
    alarms = health.changed_limits("--crit", crit, usual_crit)
    health.check_order(warnings, alarms)
    found = survey(select(invocation, None), None)
    refuse_if_blind(invocation, found)
    relay, tally, now = invocation.relay, found.all, invocation.now
    values = {
        **_of_spool(tally, now),
        **_of_disk(disk_of(invocation.spool)),
        **_of_relay(relay, now),
    }
    verdict = health.judge(values, warnings, alarms, relay.why_not)
    unreadable = tuple(f"{directory} ({why})" for directory, why in found.unreadable)
    if unreadable:
        worst = health.worst((verdict.code, CheckCode.UNKNOWN))
        verdict = verdict._replace(code=worst)
    return check_line(verdict, tally, invocation.place, unreadable), verdict.code


def _of_spool(tally: Tally, now: float) -> dict[str, float | None]:
    reasons = dict(tally.by_reason())
    since = tally.waiting_since
    return {
        "stuck": tally.stuck,
        "oldest": max(0.0, now - since) if since < float("inf") else 0.0,
        "notices": reasons.get("notice", 0),
        "partial": reasons.get("partial", 0),
        "held": tally.standings.get("held", 0),
        "quarantined": tally.standings.get("quarantined", 0),
        "messages": tally.total,
    }


def _of_disk(disk: Disk | None) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    if disk is not None and disk.total:
        values["disk"] = 100 * disk.free / disk.total
    if disk is not None and disk.inodes:
        values["inodes"] = 100 * disk.inodes_free / disk.inodes
    return values


def _of_relay(relay: RelayView, now: float) -> dict[str, float | None]:
    """A relay that is down has neither intake nor scans to judge; one that may not be asked
    has nothing that is known.
    """
    if relay.why_not:
        return {"relay": None, "intake": None, "scan": None}
    if not relay.up:
        return {"relay": 0.0}
    scanned = relay.started if relay.scanned is None else relay.scanned
    return {
        "relay": 1.0,
        "intake": float(relay.intake),
        "scan": max(0.0, now - scanned),
    }
