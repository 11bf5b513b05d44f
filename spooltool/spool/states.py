"""Standing: what one message is doing, as a total pure function.

Seven words, and for *stuck* a reason from a closed list.  `ls`, `group`, `why`, the
query language and the metrics all ask here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from spooltool.spool.codec import Envelope
from spooltool.spool.names import HOLD, QUARANTINE, RESEND, SENDER, TRASH, SpoolName
from spooltool.spool.notice_kind import NoticeKind, parse_notice
from spooltool.spool.state import State

STANDINGS: dict[str, str] = {
    "receiving": "being received, not yet acknowledged",
    "fresh": "received, first attempt due or not yet due for long",
    "delivering": "an attempt is being made now",
    "waiting": "one 4xx reply of a living peer, the next try is not yet due",
    "stuck": "needs a person, or a peer that mends itself",
    "held": "set aside by an operator",
    "quarantined": "set aside by content policy or antivirus",
    "trashed": "in the trash",
}
"""Every standing with its meaning."""

REASONS: dict[str, str] = {
    "refused": "the host refuses connections, or turned us away before any mail with a 5xx",
    "timeout": "the host does not answer in time, or the connection was lost",
    "unresolved": "the host name does not resolve",
    "put-off": "the host answered 4xx for the second time or more",
    "rejected": "some recipients were refused for good",
    "tls": "encryption is required and failed",
    "scanner": "the antivirus scanner does not answer or cannot decide",
    "limit": "a limit of this relay or of the host stands in the way",
    "overdue": "due for a long time, and nobody works on it",
    "notice": "given up, and the error mail is not out yet",
    "partial": "partly received, and no writer is left",
    "no-envelope": "the file names no sender or no recipient",
    "torn": "the file is shorter than it must be",
    "edited": "the content was changed by hand: `accept` it first",
    "unreadable": "the file cannot be read",
    "unknown": "failed before, and the file does not say how",
}
"""Every reason of *stuck*, with its meaning."""

_WORDING = {"put-off": "put off"}
TORN = "torn: the end of the file is missing"
UNKNOWN_OUTCOME = "outcome unknown"
"""How the text of a failure begins where the message may have been delivered all the same."""
_SET_ASIDE = frozenset(("unreadable", "limit"))
"""Reasons for which the dequeuer itself sets a whole message aside; the text says more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message's standing: word of STANDINGS, reason of REASONS or "", text for a person."""

    word: str
    reason: str = ""
    why: str = ""

    @property
    def stuck(self) -> bool:
        """Whether a person is asked to look."""
        return self.word == "stuck"


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What the file alone does not say.  Times are unix seconds, durations seconds.

    `holder` names who holds the lock ("" when nobody is known to), `mtime` is the file's,
    `relay_up` False when no dequeuer runs: then nothing is called overdue.  `next_probe` is
    when a destination that is down is tried again (0: it is not known to be down): one
    probe speaks for all its mail, whose files then are older than the truth.  `suspended` says
    that a person wants no attempts to its host.
    """

    now: float
    mtime: float = 0.0
    holder: str = ""
    timeout: int = 90
    scan_period: int = 2
    relay_up: bool = True
    next_probe: float = 0.0
    suspended: bool = False

    @property
    def grace(self) -> float:
        """How long a due message may lie untouched before it is overdue."""
        return max(60.0, 10.0 * self.scan_period)


def standing(name: SpoolName, env: Envelope | None, around: Circumstance) -> Standing:
    """The standing of one message; `env` None means that its file cannot be read."""
    if env is None:
        return _set_aside(name) or Standing("stuck", "unreadable", "unreadable")
    return judge(
        name.dir,
        name.letter,
        env.state,
        around,
        torn=env.torn,
        edited=env.grown,
        deliverable=not env.complete or (env.sender is not None and bool(env.recipients)),
        notice=owed_notice(name.letter, env.get("NOTICE")),
    )


def owed_notice(letter: str, value: str | None) -> NoticeKind | None:
    """The kind of notice that a file owes, by its letter and NOTICE; None when none is known."""
    notice = parse_notice(value) if letter == "E" else None
    return notice.kind if notice is not None else None


def judge(
    directory: str,
    letter: str,
    state: State | None,
    around: Circumstance,
    *,
    torn: bool = False,
    edited: bool = False,
    deliverable: bool = True,
    notice: NoticeKind | None = None,
) -> Standing:
    """The standing from the few facts that decide it (see `standing`)."""
    aside = _set_aside(SpoolName(directory, letter, ""))
    if aside:
        return _unfit(aside, state, torn=torn, edited=edited)
    if letter == "T":
        return _partial(around)
    if around.holder:
        age = f", {spoken_age(around.now - state.last_try)}" if state and state.last_try else ""
        return Standing("delivering", "", f"delivering: {around.holder}{age}")
    if torn:
        return Standing("stuck", "torn", TORN)
    if not deliverable:
        return Standing("stuck", "no-envelope", "no envelope: sender or recipients unknown")
    if letter == "E":
        last = _last_failure(state)
        called = notice.called if notice is not None else "notice"
        return Standing("stuck", "notice", f"{called} due{': ' + last if last else ''}")
    if edited or (state is not None and state.reason == "edited"):
        return Standing("stuck", "edited", "edited by hand: `accept` it first")
    if state is None:
        if directory == RESEND:
            return Standing("stuck", "unknown", "unknown: no STATE in the file")
        return _untried(around, max(around.mtime, around.next_probe))
    if state.attempts == 0:
        return _untried(around, max(state.next_try, around.next_probe))
    return _tried(state, around)


def _set_aside(name: SpoolName) -> Standing | None:
    if name.dir == HOLD:
        return Standing("held", "", "held")
    if name.dir == QUARANTINE:
        return Standing("quarantined", "", "in quarantine")
    if name.dir == TRASH:
        return Standing("trashed", "", "in the trash")
    return None


def _unfit(aside: Standing, state: State | None, *, torn: bool, edited: bool) -> Standing:
    """What is held is not sent by a release alone where its content is not what it was."""
    if aside.word != "held":
        return aside
    if torn:
        return replace(aside, why=f"held, {TORN}: `bounce` it")
    if edited or (state is not None and state.reason == "edited"):
        return replace(aside, why="held, edited by hand: `accept` it first")
    if state is not None and state.reason in _SET_ASIDE and state.text:
        return replace(aside, why=f"held: {state.text}")
    return aside


def _partial(around: Circumstance) -> Standing:
    if around.holder or around.now - around.mtime <= around.timeout:
        return Standing("receiving", "", "receiving")
    return Standing("stuck", "partial", "partial: idle, no writer")


def _untried(around: Circumstance, due: float) -> Standing:
    late = around.now - due
    if around.relay_up and late > around.grace:
        return Standing("stuck", "overdue", f"overdue: due {spoken_age(late)} ago, never tried")
    return Standing("fresh", "", "first attempt due")


def _tried(state: State, around: Circumstance) -> Standing:
    late = around.now - max(state.next_try, around.next_probe)
    if around.relay_up and state.next_try and late > around.grace:
        return Standing("stuck", "overdue", f"overdue: due {spoken_age(late)} ago")
    if state.reason == "put-off" and state.attempts == 1:
        return Standing("waiting", "", f"put off once: {_reply(state)}")
    reason = state.reason if state.reason in REASONS else "unknown"
    text = _last_failure(state)
    wording = _WORDING.get(reason, reason)
    if text.startswith(UNKNOWN_OUTCOME):
        return Standing("stuck", reason, text)
    return Standing("stuck", reason, f"{wording}: {text}" if text else wording)


def _reply(state: State) -> str:
    words = (str(state.code) if state.code else "", state.enhanced, state.text)
    return " ".join(word for word in words if word)


def _last_failure(state: State | None) -> str:
    return _reply(state) if state else ""


def spoken_age(seconds: float) -> str:
    """A duration in one or two units: `41 s`, `12 m`, `5h08m`, `5d00h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def home(letter: str, state: State | None) -> str:
    """Where a released message belongs: E to D_resend, R to D_sender if never tried."""
    if letter == "E" or (state is not None and state.attempts > 0):
        return RESEND
    return SENDER
