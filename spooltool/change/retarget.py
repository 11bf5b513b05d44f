"""What `retarget` wants done: another next hop, looked at before."""

from __future__ import annotations

from functools import partial

from spooltool.change.caution import undo_holds
from spooltool.change.new_host import (
    config_notes,
    look_at,
    read_aim,
    refuse_own_listener,
)
from spooltool.change.wish import Look, Study, Wish
from spooltool.diagnose.planning import Chosen
from spooltool.diagnose.retargeting import changing, retarget_notes
from spooltool.look.sight import Sight
from spooltool.spool import verbs
from spooltool.spool.hosts import HostPort
from spooltool.spool.plan import Plan


def retargeting(
    sight: Sight, to: str, err_server: str = "", *, depth: str = "", kick: bool = False
) -> Wish:
    """To another host; `depth` of the probe is `ehlo`, `rcpt` or "" for none.

    Raises UsageError for what is no host.
    """
    aim = read_aim(to, err_server)
    return Wish(
        "retarget",
        partial(
            verbs.retarget,
            to=aim.hosts,
            err_server=aim.notices,
            notices_by_mx=aim.notices_by_mx,
        ),
        undo_holds("retarget"),
        {"to": to, "err_server": err_server},
        partial(_study, sight, aim.hosts, err_server=bool(err_server)),
        partial(_look, aim.hosts, rcpt=depth == "rcpt") if depth and aim.hosts else None,
        kick=kick,
    )


def _study(
    sight: Sight,
    hosts: tuple[HostPort, ...],
    plan: Plan,
    chosen: Chosen,
    *,
    err_server: bool,
) -> Study:
    rows = changing(plan, chosen.rows)
    if not rows:
        return Study()
    for port in {row.dport or 25 for row in rows}:
        refuse_own_listener(sight, hosts, port)
    notes = retarget_notes(rows, hosts, err_server=err_server)
    return Study((*notes, *config_notes(sight, rows, hosts)))


def _look(hosts: tuple[HostPort, ...], plan: Plan, chosen: Chosen, *, rcpt: bool) -> Look | None:
    rows = changing(plan, chosen.rows)
    return look_at(hosts, rows, rcpt=rcpt) if rows else None
