"""Weeding a text: parse, judge, write, until nothing more is found and nothing moves."""

from __future__ import annotations

import re
from collections import Counter

from relay.message.html import attributes, elements, writing
from relay.message.html.document import Comment, Element, End, Instruction, Text, Walk
from relay.message.html.elements import FOREIGN, Fate
from relay.message.html.suspicion import is_suspicious, is_unreasonable
from relay.message.html.urls import bare
from relay.message.html.weeding import Kind, Weeded, Weeding

_SURROGATE = re.compile("[\ud800-\udfff]")

ROUNDS = 6
"""Times that a document is written anew before it is shown as plain text instead."""


def weed(text: str, weeding: Weeding) -> Weeded:
    """Take out of an HTML document what the switches name.

    A text in which nothing is found, by the parser or in the plain text, comes back as it
    is.  Otherwise the result is a fixed point: parsed and written again it is the same and
    holds nothing of what was to go.  What does not come to rest, or nests beyond reason,
    becomes its plain text.  Never raises; time grows as the text does.
    """
    if not weeding.any or "<" not in text:
        return Weeded(text, Counter(), False)
    if is_unreasonable(text):
        return _plain(text, Counter())
    clean = _clean(text)
    written, removed = _rewrite(clean, weeding)
    if not removed and not is_suspicious(clean, weeding) and not _found_with_nul(text, weeding):
        return Weeded(text, removed, False)
    return _settle(text, written, removed, weeding)


def canonical(text: str, weeding: Weeding) -> Weeded:
    """The same, written anew in any case."""
    if is_unreasonable(text):
        return _plain(text, Counter())
    written, removed = _rewrite(_clean(text), weeding)
    return _settle(text, written, removed, weeding)


def _settle(text: str, written: str, removed: Counter[Kind], weeding: Weeding) -> Weeded:
    for _ in range(ROUNDS):
        again, more = _rewrite(written, weeding)
        if again == written and not more:
            result = _with_line_ends(written, text)
            return Weeded(result, removed, result != text)
        written, removed = again, removed + more
    return _plain(text, removed)


def _plain(text: str, removed: Counter[Kind]) -> Weeded:
    shown = _with_line_ends(writing.as_plain_text(_clean(text)), text)
    return Weeded(shown, removed + Counter([Kind.LAYOUT]), True)


def _clean(text: str) -> str:
    """With line ends as the parser makes them, without NUL and halves of surrogate pairs."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", text)


def _with_line_ends(written: str, text: str) -> str:
    """What was written, with the line ends of the original."""
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def _found_with_nul(text: str, weeding: Weeding) -> bool:
    """NUL is passed over by some programs, a blank or a character to others: all count."""
    if "\0" not in text:
        return False
    readings = (_SURROGATE.sub("\ufffd", text), _clean(text.replace("\0", " ")))
    return any(_rewrite(one, weeding)[1] for one in readings)


def _rewrite(text: str, weeding: Weeding, *, comments: bool = True) -> tuple[str, Counter[Kind]]:
    """One round: the document written anew, and what was taken out of it."""
    return _Round(weeding, comments).rewrite(text)


class _Round:
    """One walk through a document.  `comments` tells that they are looked into."""

    def __init__(self, weeding: Weeding, comments: bool) -> None:
        self._weeding = weeding
        self._comments = comments
        self._removed: Counter[Kind] = Counter()
        self._out: list[str] = []
        self._open: list[tuple[str, str]] = []
        """Written name ("" for none) and root of each element that has not ended."""
        self._begun = ""
        """Name of the element just written, until something is written into it."""

    def rewrite(self, text: str) -> tuple[str, Counter[Kind]]:
        self._out.append(writing.doctype(text))
        walk = Walk(text)
        for node in walk:
            match node:
                case Element():
                    self._element(node, walk)
                case End():
                    name, _ = self._open.pop()
                    if name:
                        self._begun = ""
                        if name not in writing.VOID:
                            self._out.append(f"</{name}>")
                case Text(words):
                    self._text(words)
                case Comment(words):
                    self._comment(words)
                case Instruction(words):
                    self._instruction(words)
        return "".join(self._out), self._removed

    def _element(self, node: Element, walk: Walk) -> None:
        low = node.name.lower()
        outer = self._open[-1][1] if self._open else ""
        held = {name.lower(): value or "" for name, value in node.attributes}
        verdict = elements.judge(low, held, outer, self._weeding)
        if verdict.kind is not None:
            self._removed[verdict.kind] += 1
        name = writing.element_name(node.name) if verdict.fate is Fate.KEPT else ""
        if verdict.fate is Fate.DROPPED:
            walk.skip()
        if name:
            gone = dict(attributes.judge(low, node.attributes, self._weeding))
            self._removed.update(gone.values())
            left = [one for one in node.attributes if one[0] not in gone]
            self._out.append(writing.start_tag(name, left))
            self._begun = name
        self._open.append((name, outer or (low if low in FOREIGN else "")))

    def _text(self, words: str) -> None:
        name, root = self._open[-1] if self._open else ("", "")
        if name in writing.RAW and not root:
            if name == "style" and (kind := elements.judge_sheet(words, self._weeding)):
                self._removed[kind] += 1
                return
            self._out.append(writing.raw_text(name, words))
            return
        if words:
            self._out.append(writing.first_text(self._begun, writing.escaped(words)))
            self._begun = ""

    def _comment(self, words: str) -> None:
        """Comments may be conditions that some programs obey: their content is judged."""
        if "<" in words:
            found = self._hidden(words)
            if found:
                self._removed.update(found)
                return
        if written := writing.comment(words):
            self._out.append(written)
            self._begun = ""

    def _hidden(self, words: str) -> Counter[Kind]:
        if not self._comments:
            return Counter([Kind.HIDING_PLACE])
        inner = words.partition(">")[2] if words.lstrip().startswith("[if") else words
        found = _rewrite(inner.removesuffix("<![endif]"), self._weeding, comments=False)[1]
        if not found and is_suspicious(words, self._weeding):
            found[Kind.HIDING_PLACE] += 1
        return found

    def _instruction(self, words: str) -> None:
        """None is written: only old programs obey them."""
        order = bare(words)
        if self._weeding.strip_script_tags and ("import" in order or "stylesheet" in order):
            self._removed[Kind.SCRIPT] += 1
