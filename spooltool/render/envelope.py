"""The lines of an envelope as a person reads them: values unescaped, keys explained."""

from __future__ import annotations

from typing import NamedTuple

from spooltool.render.text import visible
from spooltool.render.units import clock, plural, stamp
from spooltool.spool.fields import FIELD, unescape_text
from spooltool.spool.recipient import MARKS, Recipient, parse_path_value, parse_recipient
from spooltool.spool.state import State, parse_state

_UNKNOWN = "neither a key of the chapter nor ours; kept as it is"
_LONGEST_KEY = 40


class EnvelopeLine(NamedTuple):
    """One line: key, value and meaning, all visible; `wrong` says what cannot be read of it."""

    key: str
    value: str
    meaning: str
    wrong: str = ""


def envelope_line(key: str, raw: bytes, now: float) -> EnvelopeLine:
    """Read a line for a person; `now` (unix seconds) tells which times are of today."""
    known = FIELD.get(key)
    meaning = known.meaning if known else _UNKNOWN
    value, wrong = _read(key, raw, now)
    return EnvelopeLine(visible(key[:_LONGEST_KEY]), value, meaning, wrong)


def split_line(line: bytes) -> tuple[str, bytes]:
    """Key and value of a line as it stands in the file; "" for one without a key."""
    raw_key, colon, value = line.rstrip(b"\r\n").partition(b":")
    key = raw_key.rstrip(b" \t").decode("utf-8", "surrogateescape")
    return (key, value.strip(b" \t")) if colon else ("", line.rstrip(b"\r\n"))


def _read(key: str, raw: bytes, now: float) -> tuple[str, str]:
    """Value, and what is wrong with it."""
    text = raw.decode("utf-8", "surrogateescape")
    if key == "STATE":
        state, _ = parse_state(raw)
        if state is None:
            return visible(text), "its checksum or its shape is wrong: not trusted"
        return _state_words(state, now), ""
    if key == "RCPT":
        one = parse_recipient(raw, 0)
        return (visible(text), "names no address") if one is None else (_rcpt_words(one, now), "")
    if key == "FROM":
        return _path_words(text), ""
    if key == "ARRIVED" and text.replace(".", "", 1).isdigit() and text.isascii():
        return f"{text}  {stamp(float(text[:20]))}", ""
    return visible(unescape_text(text)), ""


def _path_words(text: str) -> str:
    path = parse_path_value(text)
    if path is None:
        return visible(text)
    words = visible(path.address) or "<>"
    if path.params:
        words += f"  {visible(unescape_text(path.params))}"
    return f"{words}  was {visible(path.orig)}" if path.orig else words


def _rcpt_words(one: Recipient, now: float) -> str:
    path = one.path
    words = [visible(path.address) or "<>"]
    if path.params:
        words.append(visible(unescape_text(path.params)))
    if path.orig:
        words.append(f"was {visible(path.orig)}")
    words.append(MARKS.get(one.mark, one.mark))
    if one.attempts:
        words.append(f"tried {plural(one.attempts, 'time')}, last {clock(one.last_try, now)}")
    if reply := _reply(one.code, one.enhanced, one.host, one.text):
        words.append(reply)
    return "  ".join(words)


def _state_words(state: State, now: float) -> str:
    words = [state.reason or "nothing failed yet", f"tried {plural(state.attempts, 'time')}"]
    for label, at in (("last", state.last_try), ("next", state.next_try), ("term", state.term)):
        if at:
            words.append(f"{label} {clock(at, now)}")
    if state.held:
        words.append(f"set aside {clock(state.held, now)}")
    words.append(f"{state.pending} pending, {state.delivered} delivered, {state.failed} failed")
    if reply := _reply(state.code, state.enhanced, state.host, state.text):
        words.append(reply)
    return "; ".join(words)


def _reply(code: int, enhanced: str, host: str, text: str) -> str:
    said = " ".join(word for word in (str(code) if code else "", enhanced, text) if word)
    return visible(": ".join(word for word in (host, said) if word))
