"""The parenthesised syntax of objects_5_0.C, objects.C, *.fws, *.W and their like.

    (
        :name (value)              a leaf; () is empty, ("v w") is quoted
        :name (own ...)            a node, whose first word is its own name
        : (name ...)               a member of a list
        : name                     a member without parentheses
    )

Files are old, edited by hand and written by many programs: names repeat, comments run over
lines and hold quotes and parentheses.  Reading takes any bytes, in time linear in their
number, and says what it could not make sense of.

What ends a value is its context: a quote or a parenthesis counts as the end where an item,
a closing parenthesis or the end of the file follows; others belong to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from relay.config.checkpoint.tree import Defect, Document, Item, Word, line_starts, text_of

DEEPEST = 100
"""Lists within lists; nothing that is deeper is read."""

FREE_TEXT = frozenset(("comments", "comment", "header_text"))
"""Names of items whose value is prose, with parentheses, quotes and line ends as they come."""

_OPEN, _CLOSE, _COLON, _QUOTE = b'():"'
_BLANK = re.compile(rb"[\s\0]*+")
_HEAD = re.compile(rb':("[^"\n]*"(?=[ \t]*+\()|[^\s():"]*+)[ \t]*+')
_OPEN_BELOW = re.compile(rb"\s*+\(")
_PIECE = re.compile(rb"[^()\n]*+")
_ITEM_FOLLOWS = re.compile(rb"(?<=[ \t]):")
_PARENTHESIS = re.compile(rb"[()]")
_BREAK = re.compile(rb"[()\n]")
_NEXT = re.compile(rb"\s*+(?:[:)]|\Z)")
_QUOTE_ENDS = re.compile(rb'"(?=\s*+\)\s*+(?:[:)]|\Z)|\s++:|\s*+\Z)')
_LIST_ENDS = re.compile(rb"\)(?=[ \t\r]*+\n\s*+[:)]|\s*+\Z)")


def decode(source: bytes, *, part: bool = False) -> Document:
    """Read a file, or `part` of one: a list of items without parentheses around it.

    Raises nothing, whatever the bytes.
    """
    return _Reader(source).read(part=part)


class _Frame:
    """A list that is not closed yet."""

    __slots__ = ("items", "name", "open", "own", "start")

    def __init__(self, start: int, name: str, opened: int) -> None:
        self.start = start
        self.name = name
        self.open = opened
        self.own: Word | None = None
        self.items: list[Item] = []

    def item(self, end: int, close: int) -> Item:
        return Item(self.start, end, self.name, self.own, self.open, close, tuple(self.items))


class _Reader:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._stack: list[_Frame] = []
        self._found: list[tuple[int, str, bool]] = []
        self._list_end = (0, -1)

    def read(self, *, part: bool) -> Document:
        at = self._blank(3 if self._source.startswith(b"\xef\xbb\xbf") else 0)
        if not part and self._is(at, _OPEN):
            self._stack.append(_Frame(at, "", at))
            at = self._own(at + 1)
        else:
            self._stack.append(_Frame(at, "", -1))
            if not part:
                self._defect(at, "the file does not begin with '('")
        root = self._lists(at)
        starts = line_starts(self._source)
        return Document(self._source, root, self._placed(starts), starts)

    def _lists(self, at: int) -> Item:
        while (at := self._blank(at)) < len(self._source):
            if self._is(at, _CLOSE):
                if (root := self._closed(at)) is not None:
                    return root
                at += 1
            elif not self._is(at, _COLON):
                at = self._odd(at)
            elif len(self._stack) <= DEEPEST:
                at = self._item(at)
            else:
                self._defect(at, f"lists lie {DEEPEST} deep here: what follows is not read")
                return self._unclosed(told=True)
        return self._unclosed(told=False)

    def _closed(self, at: int) -> Item | None:
        """A closing parenthesis; the root when it was the root's."""
        if self._stack[-1].open < 0:
            self._defect(at, "')' closes nothing")
            return None
        item = self._stack.pop().item(at + 1, at)
        if self._stack:
            self._stack[-1].items.append(item)
            return None
        if (rest := self._blank(at + 1)) < len(self._source):
            self._defect(rest, "text after the last ')' is not read")
        return item

    def _unclosed(self, *, told: bool) -> Item:
        """The root, when the file ends before its lists do."""
        if self._stack[-1].open >= 0 and not told:
            self._defect(self._stack[-1].open, "'(' is never closed")
        end = len(self._source)
        while len(self._stack) > 1:
            item = self._stack.pop().item(end, -1)
            self._stack[-1].items.append(item)
        return self._stack.pop().item(end, -1)

    def _item(self, at: int) -> int:
        head = _HEAD.match(self._source, at)
        assert head is not None
        name = text_of(head[1]).strip('"')
        after = head.end()
        if below := _OPEN_BELOW.match(self._source, after):
            frame = _Frame(at, name, below.end() - 1)
            self._stack.append(frame)
            return self._own(below.end())
        word = self._word(after)
        if word is None:
            self._defect(at, "nothing follows ':'")
            word = Word(after, after, "", False)
        elif name:
            self._defect(word.start, f"the value of {name!r} has no parentheses", severe=False)
        self._stack[-1].items.append(Item(at, word.end, name, word, -1, -1))
        return word.end

    def _word(self, at: int) -> Word | None:
        """A word without parentheses around it: the rest of its line."""
        if self._is(at, _QUOTE):
            ends = self._source.find(b'"', at + 1)
            if 0 <= ends < self._line_end(at):
                return Word(at, ends + 1, text_of(self._source[at + 1 : ends]), True)
        return self._piece(at)

    def _piece(self, at: int) -> Word | None:
        """Text up to a parenthesis, the next item or the end of the line."""
        match = _PIECE.match(self._source, at)
        assert match is not None
        end = match.end()
        if follows := _ITEM_FOLLOWS.search(self._source, at, end):
            end = follows.start()
        return self._trimmed(at, end)

    def _trimmed(self, at: int, end: int) -> Word | None:
        raw = self._source[at:end].rstrip()
        return Word(at, at + len(raw), text_of(raw), False) if raw else None

    def _own(self, at: int) -> int:
        """The first word in the parentheses of the innermost list, when there is one."""
        frame = self._stack[-1]
        at = self._blank(at)
        if at >= len(self._source) or self._source[at] in (_CLOSE, _COLON, _OPEN):
            return at
        if self._is(at, _QUOTE):
            frame.own = self._quoted(at)
        elif len(self._stack) > 1:
            frame.own = self._unquoted(at, frame.name)
        else:
            return at  # the outermost list has neither name nor value
        return frame.own.end if frame.own is not None else at

    def _quoted(self, at: int) -> Word | None:
        """A value in quotes: up to the quote after which the value ends."""
        ends = self._source.find(b'"', at + 1)
        if ends >= 0 and _QUOTE_ENDS.match(self._source, ends):
            return Word(at, ends + 1, text_of(self._source[at + 1 : ends]), True)
        limit = self._end_of_list(at)
        while 0 <= ends < limit:
            if _QUOTE_ENDS.match(self._source, ends):
                self._defect(at, "a quote within a value in quotes", severe=False)
                return Word(at, ends + 1, text_of(self._source[at + 1 : ends]), True)
            ends = self._source.find(b'"', ends + 1, limit)
        if limit < len(self._source):
            self._defect(at, "a quote that does not end its value", severe=False)
            return self._trimmed(at, limit)
        self._defect(at, "a quote is never closed")
        return self._trimmed(at, self._line_end(at))

    def _unquoted(self, at: int, name: str) -> Word | None:
        word = self._piece(at)
        after = self._blank(word.end) if word is not None else at
        if _NEXT.match(self._source, after) and name not in FREE_TEXT:
            return word
        end = self._end_of_text(at)
        if end < 0:
            self._defect(at, "a value is never closed")
            return word
        if name not in FREE_TEXT:
            self._defect(at, "a value of several words without quotes", severe=False)
        return self._trimmed(at, end)

    def _end_of_text(self, at: int) -> int:
        """Where prose from `at` on ends: its ')', -1 for nowhere.

        The parenthesis that balances it, where it can end there; else the first that ends
        a line before an item or another ')'.
        """
        limit = self._end_of_list(at)
        last = limit + 1 if limit < len(self._source) else self._line_end(at)
        depth = 0
        for found in _PARENTHESIS.finditer(self._source, at, last):
            if found[0] == b"(":
                depth += 1
            elif depth:
                depth -= 1
            elif _NEXT.match(self._source, found.end()):
                return found.start()
        return limit if limit < len(self._source) else -1

    def _end_of_list(self, at: int) -> int:
        """The first ')' from `at` on that ends a line before an item or ')'; else the length."""
        since, end = self._list_end
        if not since <= at <= end:
            found = _LIST_ENDS.search(self._source, at)
            end = found.start() if found else len(self._source)
            self._list_end = (at, end)
        return end

    def _odd(self, at: int) -> int:
        """What is neither item nor end of a list: told, and passed over with its lists."""
        self._defect(at, "neither ':' nor ')'")
        depth = 0
        for found in _BREAK.finditer(self._source, at):
            if found[0] == b"(":
                depth += 1
            elif depth == 0:
                return found.start()
            elif found[0] == b")":
                depth -= 1
        return len(self._source)

    def _is(self, at: int, byte: int) -> bool:
        return at < len(self._source) and self._source[at] == byte

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self._source, at)
        assert match is not None
        return match.end()

    def _line_end(self, at: int) -> int:
        end = self._source.find(b"\n", at)
        return end if end >= 0 else len(self._source)

    def _defect(self, at: int, text: str, *, severe: bool = True) -> None:
        self._found.append((at, text, severe))

    def _placed(self, starts: tuple[int, ...]) -> tuple[Defect, ...]:
        placed = []
        for at, text, severe in sorted(self._found):
            line = bisect_right(starts, at)
            placed.append(Defect(line, at - starts[line - 1] + 1, text, severe))
        return tuple(placed)
