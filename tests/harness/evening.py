"""What stands beside the messages of `scene.py`: logs, operators' transactions, the relay.

10.1.5.2 went down at 14:21:40 (CET); since then its mail is put off every ten minutes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from spooltool.control import Delivering, Destination, Order, Status
from spooltool.diagnose.row import Row
from spooltool.logs import format_line
from spooltool.look.selection import RowMaker
from spooltool.look.sight import Sight
from spooltool.spool.names import SpoolName, format_number, number_value
from spooltool.spool.plan import Change, KeyChange, Plan
from spooltool.store.journal import Actor, Journal, Outcome
from spooltool.store.root import Spool
from tests.harness.scene import NOW, make_scene, numbers_of

DOWN_SINCE = NOW - 5 * 3600 - 22 * 60 - 31
ME = Actor("root", "/dev/pts/3", "gw1", "")
JO = Actor("jo", "/dev/pts/1", "gw1", "spooltool hold from:offers@example.com")
ORDER = Order("*.example.de", NOW - 3600, NOW + 4549, "jo", "migration", 0)
"""Until 21:00."""

_TRIES = 3
_FLOW_SECONDS = 40
_IN_HOST = "192.168.230.24"

Dated = tuple[float, bytes]


def make_evening(spool: Path) -> None:
    """The scene with its logs and its journal."""
    make_scene(spool)
    (spool / ".spooltool").mkdir(mode=0o700)
    make_logs(spool)
    make_journal(spool)


def evening_status() -> Status:
    """What the relay answers on that evening."""
    slow = numbers_of("refused")[2]
    return Status(
        pid=4172,
        host="gw1",
        started=NOW - 12 * 86400,
        scanned=NOW - 1,
        delivering=(Delivering(slow, "10.1.5.2", NOW - 41),),
        conns=3,
        max_conns=100,
        messages=1204,
        delivered_hour=39_412,
        intake=True,
        destinations=(
            Destination(
                *("10.1.5.2:25", (("10.1.5.2", 25),), 0, 119, 1),
                down=True,
                since=DOWN_SINCE,
                next_probe=NOW + 74,
                last_success=DOWN_SINCE - 38,
                error="connect: Connection refused",
            ),
            Destination("mx1.example.net:25", (("mx1.example.net", 25),), 0, 14, 0),
            Destination(
                *("192.0.2.40:25", (("192.0.2.40", 25),), 0, 6, 0),
                down=True,
                since=NOW - 3 * 3600,
                next_probe=NOW + 200,
                error="no greeting",
            ),
            Destination("10.1.5.7:25", (("10.1.5.7", 25),), 12, 0, 2, last_success=NOW),
        ),
    )


def make_logs(spool: Path) -> None:
    """mdq.elg and asmtpd.elg of that day."""
    sight = Sight(spool_option=str(spool))
    maker = RowMaker(sight)
    maker.at(NOW)
    found: dict[str, list[Dated]] = {"asmtpd.elg": [], "mdq.elg": []}
    for path in sorted(spool.glob("D_resend/R*")):
        row = maker.named(SpoolName("D_resend", "R", path.name[1:]))
        assert row is not None
        found["asmtpd.elg"].append(_stored(row))
        found["mdq.elg"] += _put_off(row)
    words = {"host": "10.1.5.2:25", "text": "connect: Connection refused"}
    found["mdq.elg"].append((DOWN_SINCE, _line(DOWN_SINCE, "", "down", **words)))
    for name, line in _flow():
        found[name].append(line)
    sight.close()
    directory = spool / ".spooltool" / "log"
    directory.mkdir()
    for name, lines in found.items():
        text = b"".join(line + b"\n" for _, line in sorted(lines))
        (directory / name).write_bytes(text)


def _line(at: float, number: str, event: str, **fields: object) -> bytes:
    return format_line(4172, "gw1", at, number, event, fields).encode()


def _stored(row: Row) -> Dated:
    at = float(row.arrived or NOW)
    fields = {"src": _IN_HOST, "sender": row.sender, "rcpts": len(row.recipients)}
    return at, _line(at, row.id, "stored", **fields, size=row.size)


def _put_off(row: Row) -> Iterator[Dated]:
    """Its last attempts, ten minutes apart."""
    state = row.state
    if state is None:
        return
    event = "rejected" if state.code >= 500 else "put-off"
    reply = f"{state.code} {state.enhanced} {state.text}" if state.code else state.text
    for back in range(min(state.attempts, _TRIES)):
        at = float(state.last_try - 600 * back)
        fields = {"host": f"{state.host}:25", "to": row.recipients[0], "reply": reply}
        yield at, _line(at, row.id, event, **fields)


def _flow() -> Iterator[tuple[str, Dated]]:
    """Mail that goes by: a dozen comes and eleven go each second of the last ones."""
    chance = random.Random(1125)
    number = (number_value("001njqb0") or 0) - 12 * _FLOW_SECONDS
    for second in range(_FLOW_SECONDS, 0, -1):
        for part in range(12):
            at = NOW - second + part / 12
            number += 1
            name = format_number(number)
            yield "asmtpd.elg", (at, _line(at, name, "stored", **_of_stored(chance)))
            if part:
                at += 0.05
                fields = {"to": f"{chance.choice(_WHO)}@example.org", "host": "10.1.5.7:25"}
                reply = f"250 2.0.0 queued {chance.randrange(4096, 65536):X}"
                yield "mdq.elg", (at, _line(at, name, "delivered", **fields, reply=reply))


_WHO = ("anna", "ben", "cara", "eva")


def _of_stored(chance: random.Random) -> dict[str, object]:
    size = chance.randint(2_000, 60_000)
    return {"src": _IN_HOST, "sender": "billing@example.com", "rcpts": 1, "size": size}


def make_journal(spool: Path) -> None:
    """Two transactions: root has retargeted 12 to the host that is down, jo has held 14."""
    moved = [
        _change(spool, "D_resend", number, KeyChange("DST", "10.1.5.20", "10.1.5.2"))
        for number in numbers_of("refused")[3:15]
    ]
    held = [_change(spool, "D_hold", number) for number in numbers_of("", "D_hold")[:14]]
    _did(spool, NOW - 780, "retarget", "dst:10.1.5.20", moved, ME, "10.1.5.20 is taken down")
    _did(spool, NOW - 20, "hold", "from:offers@example.com", held, JO, "spam wave")


def _change(spool: Path, place: str, number: str, *keys: KeyChange) -> Change:
    file = f"{place}/R{number}"
    stat = (spool / file).stat()
    to = file if place == "D_hold" else ""
    was = file.replace("D_hold", "D_sender")
    return Change(number, was, stat.st_ino, stat.st_size, keys, to)


def _did(
    spool: Path,
    at: float,
    verb: str,
    query: str,
    changes: Sequence[Change],
    actor: Actor,
    reason: str,
) -> None:
    with Spool.open(str(spool)) as opened:
        journal = Journal(opened)
        plan = Plan(verb, str(spool), "--spool", query, at, tuple(changes))
        txn = journal.begin(plan, actor, at, reason=reason)
        journal.intend(txn, changes)
        journal.record(txn, [Outcome(one.id, one.file, "done") for one in changes])
        journal.end(txn, at + 1)
        journal.close()
