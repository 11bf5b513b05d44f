"""What the relay answers: `{"v":1,"ok":true,...}` or `{"v":1,"ok":false,"error":"..."}`.

A reply does not say what it answers; replies come in the order of the requests, and the
reader says which class it expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from spooltool.control import wire
from spooltool.control.orders import Order, order_object, read_order


@dataclass(frozen=True, slots=True)
class Refused:
    """No: a text for a person.  `malformed` marks an answer that could not be read."""

    error: str
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """Done as asked, and there is no more to say."""


@dataclass(frozen=True, slots=True)
class Kicked:
    """How many messages are tried now: those that are here and not under way.

    `suspended` were passed over, since their host is suspended.  With a rate the last is
    tried in `seconds`, as far as limits and hosts allow.
    """

    count: int
    suspended: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Yielded:
    """Ids that were let go, those past their final dot, and those that are not here."""

    released: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspended:
    """The order in force now.

    `released` attempts under way were let go, `busy` were past their final dot: their
    answer still counts.
    """

    order: Order
    released: int = 0
    busy: int = 0


@dataclass(frozen=True, slots=True)
class Resumed:
    """The patterns whose order has ended, and those that had none.

    `waiting` counts the messages that may be tried again; `past_term` of them are given up
    when their next attempt fails.
    """

    hosts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    waiting: int = 0
    past_term: int = 0


@dataclass(frozen=True, slots=True)
class ClockTaken:
    """The clock counts as right from now on: what was found.  Times are unix seconds.

    `doubted` tells that expiry was suspended; `departed` by how many seconds the wall
    clock had left the monotonic one (negative: set back); `newest` is the latest ARRIVED
    (None: no mail); `past_term` counts the messages that are given up when their next
    attempt fails.
    """

    now: float
    doubted: bool = False
    departed: float = 0.0
    newest: float | None = None
    past_term: int = 0


@dataclass(frozen=True, slots=True)
class Delivering:
    """An attempt under way: id, host, and since when (unix seconds)."""

    id: str
    host: str
    since: float


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination as the dequeuer sees it.  Times are unix seconds, None for never.

    `name` is what DST says; `hosts` are its members with their ports (None: the default).
    `down` since `since`, with the words of the last failure in `error`; then one probe at
    `next_probe` speaks for all its mail, and `probes` may be under way at once.
    """

    name: str
    hosts: tuple[tuple[str, int | None], ...] = ()
    due: int = 0
    waiting: int = 0
    active: int = 0
    down: bool = False
    since: float | None = None
    next_probe: float | None = None
    probes: int = 0
    last_success: float | None = None
    error: str = ""

    @property
    def host(self) -> str:
        """The first host."""
        return self.hosts[0][0] if self.hosts else self.name

    @property
    def port(self) -> int | None:
        """The first host's port."""
        return self.hosts[0][1] if self.hosts else None


@dataclass(frozen=True, slots=True)
class Status:
    """The relay now.  Times are unix seconds.

    `scanned` is the last scan (None: not yet), `delivered_hour` what was delivered in the
    last hour, `intake` whether mail is being accepted.  `clock_ok` False: expiry is
    suspended, and `clock` says why.  `orders` are the hosts that are suspended.  Where
    destinations or attempts were too many for a line, `left_out` says how many are missing
    at their ends.
    """

    pid: int
    host: str = ""
    version: str = ""
    started: float = 0.0
    scanned: float | None = None
    delivering: tuple[Delivering, ...] = ()
    conns: int = 0
    max_conns: int = 0
    messages: int = 0
    delivered_hour: int = 0
    destinations: tuple[Destination, ...] = ()
    intake: bool = False
    clock_ok: bool = True
    left_out: int = 0
    clock: str = ""
    orders: tuple[Order, ...] = ()


Reply: TypeAlias = Refused | Accepted | Kicked | Yielded | Suspended | Resumed | ClockTaken | Status


def encode_reply(reply: Reply) -> bytes:
    """One line; a status that is too long loses the ends of its lists and says so."""
    match reply:
        case Refused():
            return wire.encode({"ok": False, "error": reply.error[:1024]})
        case Accepted():
            return wire.encode({"ok": True})
        case Kicked():
            return wire.encode(_kicked_object(reply))
        case Yielded():
            lists = {"released": reply.released, "busy": reply.busy, "absent": reply.absent}
            return wire.encode({"ok": True, **lists})
        case Suspended():
            order = order_object(reply.order)
            counts = {"released": reply.released, "busy": reply.busy}
            return wire.encode({"ok": True, "order": order, **counts})
        case Resumed():
            names = {"hosts": reply.hosts, "absent": reply.absent}
            counts = {"waiting": reply.waiting, "past_term": reply.past_term}
            return wire.encode({"ok": True, **names, **counts})
        case ClockTaken():
            return wire.encode(_clock_object(reply))
        case Status():
            return wire.encode(_cut(_status_object(reply)))
        case _:
            assert_never(reply)


def decode_reply(line: bytes, expected: type[Reply]) -> Reply:
    """Read a line as a reply of the `expected` class, or as the refusal that it is."""
    try:
        content = wire.decode(line)
        if not wire.flag(content, "ok"):
            return Refused(wire.text(content, "error"))
        if expected is Kicked:
            return _kicked(content)
        if expected is Yielded:
            return Yielded(*(wire.ids(content, key) for key in ("released", "busy", "absent")))
        if expected is Status:
            return _status(content)
        if expected is Accepted:
            return Accepted()
        if expected is Suspended:
            return _suspended(content)
        if expected is Resumed:
            return _resumed(content)
        if expected is ClockTaken:
            return _clock_taken(content)
    except wire.Malformed as error:
        return Refused(str(error), malformed=True)
    raise ValueError(f"not a class of replies: {expected!r}")


def _kicked_object(reply: Kicked) -> dict[str, object]:
    return {
        "ok": True,
        "kicked": reply.count,
        "suspended": reply.suspended,
        "seconds": reply.seconds,
    }


def _kicked(content: wire.Object) -> Kicked:
    suspended = wire.count(content, "suspended", 0)
    return Kicked(wire.count(content, "kicked"), suspended, wire.seconds(content, "seconds") or 0.0)


def _suspended(content: wire.Object) -> Suspended:
    return Suspended(
        read_order(wire.one_object(content, "order")),
        wire.count(content, "released", 0),
        wire.count(content, "busy", 0),
    )


def _resumed(content: wire.Object) -> Resumed:
    return Resumed(
        wire.texts(content, "hosts"),
        wire.texts(content, "absent"),
        wire.count(content, "waiting", 0),
        wire.count(content, "past_term", 0),
    )


def _clock_object(reply: ClockTaken) -> dict[str, object]:
    return {
        "ok": True,
        "now": reply.now,
        "doubted": reply.doubted,
        "departed": reply.departed,
        "newest": reply.newest,
        "past_term": reply.past_term,
    }


def _clock_taken(content: wire.Object) -> ClockTaken:
    return ClockTaken(
        wire.moment(content, "now"),
        wire.flag(content, "doubted", False),
        wire.number(content, "departed"),
        wire.seconds(content, "newest"),
        wire.count(content, "past_term", 0),
    )


def read_status(content: Mapping[str, object]) -> Status:
    """A status from an object with the wire's keys, such as the dequeuer makes.

    Raises ValueError naming the key that is not as the protocol has it.
    """
    return _status(content)


def _status(content: wire.Object) -> Status:
    return Status(
        pid=wire.count(content, "pid"),
        host=wire.text(content, "host", ""),
        version=wire.text(content, "version", ""),
        started=wire.moment(content, "started"),
        scanned=wire.seconds(content, "scanned"),
        delivering=tuple(map(_delivering, wire.rows(content, "delivering", 3))),
        conns=wire.count(content, "conns", 0),
        max_conns=wire.count(content, "max_conns", 0),
        messages=wire.count(content, "messages", 0),
        delivered_hour=wire.count(content, "delivered_hour", 0),
        destinations=tuple(map(_destination, wire.objects(content, "destinations"))),
        intake=wire.flag(content, "intake", False),
        clock_ok=wire.flag(content, "clock_ok", True),
        left_out=wire.count(content, "left_out", 0),
        clock=wire.text(content, "clock", ""),
        orders=tuple(map(read_order, wire.objects(content, "orders"))),
    )


def _delivering(row: object) -> Delivering:
    named = dict(zip(("id", "host", "since"), row if isinstance(row, list) else (), strict=True))
    return Delivering(wire.text(named, "id"), wire.text(named, "host"), wire.moment(named, "since"))


def _destination(content: wire.Object) -> Destination:
    return Destination(
        name=wire.text(content, "name"),
        hosts=tuple(map(_host, wire.rows(content, "hosts", 2))),
        due=wire.count(content, "due", 0),
        waiting=wire.count(content, "waiting", 0),
        active=wire.count(content, "active", 0),
        down=wire.flag(content, "down", False),
        since=wire.seconds(content, "since"),
        next_probe=wire.seconds(content, "next_probe"),
        probes=wire.count(content, "probes", 0),
        last_success=wire.seconds(content, "last_success"),
        error=wire.text(content, "error", ""),
    )


def _host(row: object) -> tuple[str, int | None]:
    host, port = row if isinstance(row, list) else (None, None)
    named = {"host": host, "port": port}
    return wire.text(named, "host"), None if port is None else wire.count(named, "port")


def _status_object(status: Status) -> dict[str, object]:
    return {
        "ok": True,
        "pid": status.pid,
        "host": status.host[:1024],
        "version": status.version[:1024],
        "started": status.started,
        "scanned": status.scanned,
        "delivering": [[one.id, one.host[:1024], one.since] for one in status.delivering],
        "conns": status.conns,
        "max_conns": status.max_conns,
        "messages": status.messages,
        "delivered_hour": status.delivered_hour,
        "destinations": [_destination_object(one) for one in status.destinations],
        "intake": status.intake,
        "clock_ok": status.clock_ok,
        "left_out": status.left_out,
        "clock": status.clock[:1024],
        "orders": [order_object(order) for order in status.orders],
    }


def _destination_object(one: Destination) -> dict[str, object]:
    return {
        "name": one.name[:1024],
        "hosts": [[host[:1024], port] for host, port in one.hosts],
        "due": one.due,
        "waiting": one.waiting,
        "active": one.active,
        "down": one.down,
        "since": one.since,
        "next_probe": one.next_probe,
        "probes": one.probes,
        "last_success": one.last_success,
        "error": one.error[:1024],
    }


def _cut(content: dict[str, object]) -> dict[str, object]:
    """Halve the longest of the lists until the line is short enough; orders go last."""
    while not wire.fits(content):
        lists = {
            key: value
            for key in ("delivering", "destinations")
            if isinstance(value := content[key], list)
        }
        if not any(lists.values()) and isinstance(orders := content["orders"], list):
            lists = {"orders": orders}
        key, longest = max(lists.items(), key=lambda item: len(item[1]))
        keep = len(longest) // 2
        left_out = content["left_out"]
        content = {
            **content,
            key: longest[:keep],
            "left_out": (left_out if isinstance(left_out, int) else 0) + len(longest) - keep,
        }
    return content
