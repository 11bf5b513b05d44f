"""A live look at a host: resolve, connect, greeting, EHLO; MAIL and RCPT when asked.

Never DATA: a probe sends no mail.  Everything has one deadline; whatever goes wrong is
a step with its error, not an exception.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field

from spooltool.spool.hosts import HostPort

DEADLINE = 5.0
_MAX_REPLY = 64 * 1024
_REPLY_END = re.compile(rb"(?:^|\n)([2-5][0-9]{2}) [^\n]*\n\Z|(?:^|\n)([2-5][0-9]{2})\r?\n\Z")
SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, whether it went well, what was said, and its milliseconds."""

    name: str
    ok: bool
    said: str
    ms: float


@dataclass(slots=True)
class Probe:
    """What a host showed.  `extensions` maps EHLO keywords to their arguments."""

    host: HostPort
    address: str = ""
    steps: list[Step] = field(default_factory=list)
    extensions: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every step went well."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    @property
    def failure(self) -> str:
        """The first step that failed, with what was said; "" when none did."""
        return next((f"{step.name}: {step.said}" for step in self.steps if not step.ok), "")

    @property
    def size_limit(self) -> int | None:
        """The largest message it takes in bytes; None when it names none."""
        text = self.extensions.get("SIZE", "")
        return int(text) or None if text.isascii() and text.isdigit() else None


class _Dialogue:
    """One connection with a deadline; a step a call."""

    def __init__(self, probe: Probe, deadline: float) -> None:
        self.probe = probe
        self.until = time.monotonic() + deadline
        self.socket: socket.socket | None = None

    def left(self) -> float:
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("no answer in time")
        return seconds

    def connect(self, address: tuple[str, int]) -> str:
        self.socket = socket.create_connection(address, timeout=self.left())
        return ""

    def reply(self, send: bytes = b"") -> str:
        """Send a command and read its whole reply.  Raises OSError."""
        if self.socket is None:
            raise OSError("not connected")
        if send:
            self.socket.settimeout(self.left())
            self.socket.sendall(send)
        data = b""
        while not _REPLY_END.search(data):
            self.socket.settimeout(self.left())
            chunk = self.socket.recv(4096)
            data += chunk
            if not chunk or len(data) > _MAX_REPLY:
                raise OSError("connection closed by the host" if not chunk else "endless reply")
        return data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")


def probe(
    host: HostPort,
    *,
    helo: str = "",
    rcpt: str = "",
    sender: str = "",
    deadline: float = DEADLINE,
) -> Probe:
    """Look at a host; with `rcpt` also ask whether it would take that recipient."""
    result = Probe(host)
    talk = _Dialogue(result, deadline)
    port = host.port if host.port is not None else SMTP_PORT
    addresses: list[str] = []

    def step(name: str, action: str) -> str | None:
        began = time.monotonic()
        try:
            said = _act(talk, action, host, port, addresses)
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or str(error)
            result.steps.append(Step(name, False, said, _ms(began)))
            return None
        good = not said or said[:1] in "23"
        result.steps.append(Step(name, good, said or "", _ms(began)))
        return said if good else None

    name = helo or socket.gethostname()
    plan = [("resolve", "resolve"), (f"connect {port}", "connect"), ("greeting", "")]
    plan.append(("EHLO", f"EHLO {name}\r\n"))
    if rcpt:
        plan += [("MAIL", f"MAIL FROM:<{sender}>\r\n"), ("RCPT", f"RCPT TO:<{rcpt}>\r\n")]
    try:
        for title, action in plan:
            said = step(title, action)
            if said is None:
                break
            if title == "resolve":
                result.address = addresses[0]
            elif title == "EHLO":
                result.extensions = _extensions(said)
    finally:
        if talk.socket is not None:
            try:
                talk.socket.settimeout(0.2)
                talk.socket.sendall(b"QUIT\r\n")
            except OSError:
                pass  # it has hung up already
            talk.socket.close()
    return result


def _act(talk: _Dialogue, action: str, host: HostPort, port: int, addresses: list[str]) -> str:
    if action == "resolve":
        found = socket.getaddrinfo(host.host, port, type=socket.SOCK_STREAM)
        addresses.extend(dict.fromkeys(str(entry[4][0]) for entry in found))
        return ""
    if action == "connect":
        return talk.connect((addresses[0], port))
    return talk.reply(action.encode("utf-8", "surrogateescape"))


def _extensions(reply: str) -> dict[str, str]:
    found = {}
    for line in reply.split("\n")[1:]:
        keyword, _, argument = line[4:].strip().partition(" ")
        if keyword:
            found[keyword.upper()] = argument
    return found


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000.0, 1)
