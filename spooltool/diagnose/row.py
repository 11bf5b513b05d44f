"""One message, as the query language, the lists, the counts and the screen see it.

A row is made for each file of a spool, so it does nothing before it is asked: the
standing from a quick look at the head, anything else from a full parse of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from spooltool.diagnose.headers import field_values
from spooltool.diagnose.quick import Facts, addresses, quick_facts, recipients, value
from spooltool.spool.codec import Envelope, parse
from spooltool.spool.defects import Defect
from spooltool.spool.hosts import HostPort, parse_hosts
from spooltool.spool.names import SpoolName, queue_key
from spooltool.spool.notice_kind import NoticeKind
from spooltool.spool.recipient import Recipient, parse_path_value
from spooltool.spool.state import State
from spooltool.spool.states import Circumstance, Standing, judge, owed_notice, spoken_age, standing

if TYPE_CHECKING:
    from spooltool.spool.verbs import Seen


class Content(NamedTuple):
    """A message's own bytes: the header block that will be sent, and everything of it."""

    headers: bytes
    text: bytes


class Found(NamedTuple):
    """A file as a scan found it.  `head` None: it could not be read, `error` says why."""

    name: SpoolName
    inode: int
    size: int
    mtime: float
    head: bytes | None
    error: str = ""
    irregular: bool = False


ContentReader = Callable[[SpoolName], Content | None]
EnvelopeReader = Callable[[SpoolName], Envelope | None]
_hosts_of = lru_cache(4096)(parse_hosts)
_CONNECT = re.compile(r"connect \S+:([0-9]{1,5})(?=\Z|:? )")
_REFUSED = re.compile(r"(?<=[0-9]): [Cc]onnection refused\Z")
_judged: dict[tuple[str, str, NoticeKind | None, tuple[bytes, ...]], Standing] = {}
_MOST_JUDGED = 4096
_USUAL_PORT = ":25"
_NO_FACTS = Facts(None, None, True, False, False)


@lru_cache(4096)
def brief(why: str) -> str:
    """A reason without the host: `refused: connect port 25`."""
    if "connect " not in why:
        return why
    return _REFUSED.sub("", _CONNECT.sub(r"connect port \1", why))


class Row:
    """One message at one moment.  It satisfies the protocol `spooltool.query.row.Row`.

    `around` holds the clock and who has the lock, `held_since` since when (unix seconds).
    `read_content` fetches the message for `header` and `text`, `read_envelope` an envelope
    that is longer than the head.
    """

    __slots__ = (
        "_content", "_envelope", "_facts", "_read_content", "_read_envelope", "_results",
        "_standing", "around", "dir", "error", "head", "held_since", "id", "inode", "irregular",
        "letter", "mtime", "size",
    )  # fmt: skip

    def __init__(
        self,
        found: Found,
        around: Circumstance,
        read_content: ContentReader | None = None,
        read_envelope: EnvelopeReader | None = None,
        held_since: float | None = None,
    ) -> None:
        name, self.inode, self.size, self.mtime, self.head, self.error, self.irregular = found
        self.dir = name.dir
        self.letter = name.letter
        self.id = name.number
        self.around = around
        self._read_content = read_content
        self._read_envelope = read_envelope
        self.held_since = held_since
        self._facts: Facts | None = None
        self._envelope: Envelope | None = None
        self._standing: Standing | None = None
        self._results: tuple[Recipient, ...] | None = None
        self._content: Content | None = None

    @property
    def name(self) -> SpoolName:
        """Directory, letter and number."""
        return SpoolName(self.dir, self.letter, self.id)

    @property
    def file(self) -> str:
        """Path inside the spool: `D_resend/R001njchs`."""
        return f"{self.dir}/{self.letter}{self.id}" if self.dir else self.letter + self.id

    @property
    def readable(self) -> bool:
        """Whether the envelope could be read."""
        return self.head is not None

    @property
    def envelope(self) -> Envelope | None:
        """The whole envelope, None when the file cannot be read."""
        if self._envelope is None and self.head is not None:
            envelope = parse(self.head, self.size)
            if not envelope.complete and self._read_envelope is not None:
                envelope = self._read_envelope(self.name) or envelope
            self._envelope = envelope
        return self._envelope

    @property
    def seen(self) -> Seen | None:
        """What the change verbs work on; None when the file cannot be read."""
        from spooltool.spool.verbs import Seen  # start-up: only changes need it

        envelope = self.envelope
        return Seen(self.name, self.inode, self.size, envelope, self.mtime) if envelope else None

    @property
    def facts(self) -> Facts:
        """What decides the standing."""
        if self._facts is None:
            self._facts = self._look()
        return self._facts

    def _look(self) -> Facts:
        if self.head is None:
            return _NO_FACTS
        quick = quick_facts(self.head, self.size)
        if quick is not None:
            return quick
        env = self.envelope
        if env is None:
            return _NO_FACTS
        deliverable = not env.complete or (env.sender is not None and bool(env.recipients))
        return Facts(env.state, env.arrived, deliverable, env.torn, env.grown)

    @property
    def verdict(self) -> Standing:
        """Standing, reason, and why in words."""
        if self._standing is None:
            if self.head is None:
                self._standing = self._unreadable()
            else:
                self._standing = self._told(self._judged())
        return self._standing

    def _told(self, verdict: Standing) -> Standing:
        """The verdict with what an operator ordered in front: it changes words alone."""
        waits = verdict.word in ("fresh", "waiting", "stuck") and not self.around.holder
        if not self.around.suspended or not waits:
            return verdict
        return Standing(verdict.word, verdict.reason, f"suspended: {verdict.why}")

    def _judged(self) -> Standing:
        now = self._judge(self.around)
        if now.word != "delivering":
            return now
        # An attempt does not mend what failed before: what an operator selects as stuck
        # must not shrink by the attempts that happen to be in flight.
        before = self._judge(replace(self.around, holder="", relay_up=False))
        why = f"delivering: {self.around.holder}"
        if self.held_since is not None:
            why += f", {spoken_age(self.around.now - self.held_since)}"
        if before.stuck:
            return Standing("stuck", before.reason, why)
        return Standing("delivering", "", why)

    def _judge(self, around: Circumstance) -> Standing:
        facts = self.facts
        kind = facts.kind
        if (
            kind is None
            or self.letter == "T"
            or facts.torn
            or facts.edited
            or around.holder
            or (around.relay_up and around.now - facts.next_try > around.grace)
        ):
            return self._judge_anew(around, facts)
        # A queue has few kinds of failure: what is no question of time is judged once.
        known = (self.dir, self.letter, self.notice, kind)
        verdict = _judged.get(known)
        if verdict is None:
            if len(_judged) >= _MOST_JUDGED:
                _judged.clear()
            verdict = _judged[known] = self._judge_anew(around, facts)
        return verdict

    def _judge_anew(self, around: Circumstance, facts: Facts) -> Standing:
        state = facts.state
        if state is None:  # then the file's own time is what is known
            around = replace(around, mtime=self.mtime)
        return judge(
            self.dir,
            self.letter,
            state,
            around,
            torn=facts.torn,
            edited=facts.edited,
            deliverable=facts.deliverable,
            notice=self.notice,
        )

    def _unreadable(self) -> Standing:
        verdict = standing(self.name, None, self.around)
        if verdict.stuck and self.error:
            error = self.error[:1].lower() + self.error[1:]
            return Standing(verdict.word, verdict.reason, f"unreadable: {error}")
        return verdict

    @property
    def why(self) -> str:
        """Why in words, for a list: the host has a column of its own, so it is left out."""
        return brief(self.verdict.why)

    @property
    def standing(self) -> str:
        """One word of `spooltool.spool.states.STANDINGS`."""
        return self.verdict.word

    @property
    def reason(self) -> str:
        """One word of `spooltool.spool.states.REASONS`, or ""."""
        return self.verdict.reason

    @property
    def state(self) -> State | None:
        """The STATE line; None when there is none that can be trusted."""
        return self.facts.state

    @property
    def arrived(self) -> float | None:
        """When it came in, unix seconds: ARRIVED, else the file's mtime.

        A file that was written after `now` was copied since: its mtime tells nothing.
        """
        arrived = self.facts.arrived
        if arrived is None and self.head is not None and self.mtime <= self.around.now:
            return self.mtime
        return arrived

    @property
    def notice(self) -> NoticeKind | None:
        """What the notice that an E file owes is about; None for other files."""
        return owed_notice(self.letter, self.get("NOTICE")) if self.letter == "E" else None

    @property
    def age_is_exact(self) -> bool:
        """Whether the age is from ARRIVED, and not from the file's mtime."""
        return self.facts.arrived is not None

    @property
    def age(self) -> float | None:
        """Seconds since it came in; None when that is not known."""
        arrived = self.arrived
        return None if arrived is None else self.around.now - arrived

    @property
    def key(self) -> tuple[float, int, str]:
        """Its place in the queue's order; unreadable files stand last."""
        arrived = self.arrived
        return queue_key(float("inf") if arrived is None else arrived, self.id)

    @property
    def attempts(self) -> int | None:
        """How often it was tried; None when the file does not say."""
        if self.head is None:
            return None
        attempts = self.facts.attempts
        return 0 if attempts is None and self.letter == "T" else attempts

    @property
    def next_try(self) -> int | None:
        """When the next try is due, unix seconds; None when none is planned or known.

        While its destination is down that is the probe which speaks for all its mail.
        """
        next_try = self.facts.next_try
        if not next_try or not self.waits_for_a_try:
            return None
        return max(next_try, int(self.around.next_probe))

    @property
    def waits_for_a_try(self) -> bool:
        """Whether the relay will try it by itself."""
        return self.letter != "T" and self.standing in ("fresh", "delivering", "waiting", "stuck")

    @property
    def code(self) -> int | None:
        """The last reply code."""
        state = self.facts.state
        return state.code or None if state else None

    @property
    def host(self) -> str | None:
        """The host of the last attempt, with its port where that is not 25; None before one."""
        return self.facts.host.removesuffix(_USUAL_PORT) or None

    @property
    def by_mx(self) -> bool:
        """Whether it goes by the MX of each recipient's domain, and not to DST."""
        return self.get("ROUTE") == "mx"

    @property
    def hosts(self) -> tuple[HostPort, ...]:
        """The hosts of DST, in order; empty when the file names none.

        Of mail by MX the domains of who waits, of everybody where nobody does any more.
        """
        if not self.by_mx:
            return _hosts_of(self.get("DST") or "")
        from spooltool.spool.mailbox import mail_domain  # start-up: most mail goes to DST

        results = [one for one in self.results if one.pending] or self.results
        domains = dict.fromkeys(mail_domain(one.address) for one in results)
        return tuple(HostPort(domain) for domain in domains if domain)

    @property
    def dst(self) -> tuple[tuple[str, int | None], ...]:
        """The same in lower case, IPv6 without brackets, with their own port if any."""
        return tuple((host.host, host.port) for host in self.hosts)

    @property
    def dport(self) -> int | None:
        """DPORT, for the hosts without a port of their own; None for mail by MX."""
        if self.by_mx:
            return None
        text = self.get("DPORT") or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None

    @property
    def sender(self) -> str | None:
        """Envelope sender; "" is the null sender, None a file without one."""
        text = self.get("FROM")
        path = parse_path_value(text) if text is not None else None
        return path.address if path else None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses of all recipients, whatever became of them."""
        own = self.facts.own
        if own and self.head is not None and self._results is None:
            return addresses(self.head, own)
        return tuple(recipient.address for recipient in self.results)

    @property
    def results(self) -> tuple[Recipient, ...]:
        """All recipients with their results."""
        if self._results is None:
            own = self.facts.own
            if own and self._envelope is None:
                self._results = recipients(self.head or b"", own)
            else:
                envelope = self.envelope
                self._results = envelope.recipients if envelope else ()
        return self._results

    @property
    def rule(self) -> str | None:
        """RULE, as text."""
        return self.get("RULE")

    @property
    def resource(self) -> str | None:
        """The name of the resource, without the digest of its definition."""
        words = (self.get("RESOURCE") or "").split()
        return words[0] if words else None

    def get(self, key: str) -> str | None:
        """The value of a key; None when it is absent or the file cannot be read."""
        own = self.facts.own
        if own and self.head is not None:
            return value(self.head, own, key)
        envelope = self.envelope
        return envelope.get(key) if envelope else None

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What is wrong with the file, as far as its envelope and its place tell."""
        found: list[Defect] = []
        if not self.name.legal:
            found.append(Defect("name-illegal", self.file))
        if self.irregular:
            found.append(Defect("not-regular", self.error))
        elif self.head is None:
            found.append(Defect("unreadable", self.error))
        envelope = self.envelope
        return (*found, *(envelope.defects if envelope else ()))

    def header(self, name: str) -> tuple[str, ...] | None:
        """Unfolded, decoded values of a header field (any case); None when unreadable."""
        content = self._contents()
        return None if content is None else field_values(content.headers, name)

    def text(self) -> bytes | None:
        """The message as it stands in the file; None when unreadable."""
        content = self._contents()
        return None if content is None else content.text

    def _contents(self) -> Content | None:
        if self._content is None and self._read_content is not None:
            self._content = self._read_content(self.name)
        return self._content
