"""What a probe showed: step by step with milliseconds, the certificate, and the verdict."""

from __future__ import annotations

from typing import Any

from spooltool.diagnose.certificate import Certificate
from spooltool.diagnose.probing import Probe, Step, Visit
from spooltool.render.record import VERSION
from spooltool.render.text import columns, visible, wrapped
from spooltool.render.units import DAY, moment, plural, rfc3339

_NAME, _MS = 10, 5
_NAMES = 12


def step_lines(step: Step, width: int, said: str = "") -> list[str]:
    """`  greeting       2 ms  220 mx.example.org ESMTP`, wrapped under itself.

    `said` stands for what was said, where shorter words do.
    """
    text = said or _said(step)
    if not step.ok:
        text = f"FAILED: {text}"
    name = visible(step.name)
    head = f"  {name.ljust(_NAME)} {step.ms:>{_MS}.0f} ms  "
    lines = []
    if columns(name) > _NAME + _MS - 4:  # an address: what became of it stands below
        lines, head = [f"  {name}"], f"  {'':{_NAME}} {step.ms:>{_MS}.0f} ms  "
    indent = " " * columns(head)
    first, *more = wrapped(text, max(20, width - len(indent)))
    return [*lines, (head + first).rstrip(), *(indent + line for line in more)]


def _said(step: Step) -> str:
    """A reply as one line: the extensions of EHLO, else its lines side by side."""
    lines = step.said.split("\n")
    if step.name == "EHLO" and step.ok and not step.noted:
        words = [visible(line[4:].strip()) for line in lines[1:]]
        return ", ".join(word for word in words if word) or "no extensions"
    return _reply(step.said)


def _reply(text: str) -> str:
    """A reply of several lines in one: `450 4.2.0 being moved / 4.2.0 come back`."""
    first, *more = text.split("\n")
    if more:
        first = f"{first[:3]} {first[4:]}"
    return visible(" / ".join([first, *(line[4:].strip() for line in more)]))


def visit_lines(visit: Visit, now: float, width: int) -> list[str]:
    """Every step of one address, its certificate below the handshake."""
    lines = []
    offered = ""
    for step in visit.steps:
        again = step.name == "EHLO" and step.said == offered
        lines += step_lines(step, width, "as before" if again else "")
        if step.name == "EHLO":
            offered = step.said
        if step.name == "handshake" and visit.certificate is not None:
            lines += certificate_lines(visit.certificate, visit.verified, visit.why_not, now, width)
    return lines


def certificate_lines(
    certificate: Certificate, verified: bool | None, why_not: str, now: float, width: int
) -> list[str]:
    """Whose it is, who says so, for which names, how long, and whether that holds."""
    names = ", ".join(map(visible, certificate.names[:_NAMES])) or "none"
    if len(certificate.names) > _NAMES:
        names += f" and {len(certificate.names) - _NAMES} more"
    facts = [
        ("subject", visible(certificate.subject) or "empty"),
        ("issuer", visible(certificate.issuer) or "empty"),
        ("names", names),
        ("valid", _validity(certificate, now)),
        ("verified", "yes, name and chain" if verified else f"no: {visible(why_not)}"),
    ]
    lines = []
    for label, words in facts:
        head = "    " + label.ljust(_NAME + _MS + 4)
        first, *more = wrapped(words, max(20, width - len(head)))
        lines += [head + first, *(" " * len(head) + line for line in more)]
    return lines


def _validity(certificate: Certificate, now: float) -> str:
    words = f"{_day(certificate.begins)} to {_day(certificate.ends)}"
    if now < certificate.begins:
        return f"{words}, NOT YET: in {_days(certificate.begins - now)}"
    if now >= certificate.ends:
        return f"{words}, EXPIRED {_days(now - certificate.ends)} ago"
    return f"{words}, {_days(certificate.ends - now)} left"


def _days(seconds: float) -> str:
    return plural(int(seconds // DAY), "day")


def _day(at: float) -> str:
    when = moment(at)
    return f"{when:%Y-%m-%d}" if when else "?"


def verdict_lines(probe: Probe, width: int) -> list[str]:
    """The end: whether everything went well, and else what did not."""
    if probe.ok:
        return ["every step went well"]
    failed = sum(not visit.ok for visit in probe.visits)
    text = _failure(probe)
    if len(probe.visits) > 1:
        return wrapped(f"{failed} of {len(probe.visits)} addresses failed: {text}", width)
    return wrapped(f"failed: {text}", width)


def _failure(probe: Probe) -> str:
    """The first step that failed, with what was said in one line."""
    name, _, said = probe.failure.partition(": ")
    return f"{visible(name)}: {_reply(said)}"


def probe_record(probe: Probe, port: int, tls: str, now: float) -> dict[str, Any]:
    """`probe --json`; docs/schema/probe.json."""
    return {
        "v": VERSION,
        "host": probe.host.host,
        "port": port,
        "tls": tls,
        "ok": probe.ok,
        "steps": [_step_record(probe.resolved)],
        "addresses": [
            {
                "address": visit.address,
                "ok": visit.ok,
                "steps": [_step_record(step) for step in visit.steps],
                "extensions": visit.extensions,
                "certificate": _certificate_record(visit, now),
            }
            for visit in probe.visits
        ],
    }


def _step_record(step: Step) -> dict[str, Any]:
    words = {"step": step.name, "ok": step.ok, "noted": step.noted}
    return {**words, "said": step.said, "ms": step.ms}


def _certificate_record(visit: Visit, now: float) -> dict[str, Any] | None:
    certificate = visit.certificate
    if certificate is None:
        return None
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "begins": rfc3339(certificate.begins),
        "ends": rfc3339(certificate.ends),
        "days_left": int((certificate.ends - now) // DAY),
        "verified": bool(visit.verified),
        "why_not": visit.why_not or None,
    }
