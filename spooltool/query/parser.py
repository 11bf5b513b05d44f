"""Words to a tree.

    either   = sequence { "or" sequence }
    sequence = member { ["and"] member }
    member   = "not" member | "(" either ")" | term

An argument of several words that is whole in itself is a group, for arguments mean *and*:
`'stuck or held' dst:a` keeps its `or` to itself.  One-word arguments are read as one text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spooltool.errors import QueryError
from spooltool.query.grammar import FIELD, KEYWORD, NOTHING, Field
from spooltool.query.ids import read_id
from spooltool.query.lexer import Paren, Text, Token, balanced, lex
from spooltool.query.query import Query
from spooltool.query.terms import field_term, need_value, unknown_word
from spooltool.query.tree import Ids, Node, Word, both, either, negation

_MAX_DEPTH = 100
_CONNECTIVES = ("and", "or", "not")


def parse(args: Sequence[str], stdin: Sequence[str] | None = None) -> Query:
    """Read a query from shell arguments; none at all mean everything.

    `-` stands for the ids in `stdin` (of `parse_ids`): any of them, and none where it is
    empty.  Raises QueryError, its column counted in the arguments joined by one blank.
    """
    tokens: list[Token] = []
    column = 1
    for arg in args:
        words = lex(arg, column)
        if not words:
            raise QueryError(
                "an empty argument selects nothing and everything",
                column=column,
                hint="a shell variable may be unset",
            )
        group = len(words) > 1 and balanced(words)
        end = column + len(arg)
        tokens += [Paren("(", column), *words, Paren(")", end)] if group else words
        column = end + 1
    return Query(_Reader(tokens, column - 1, stdin).everything()) if args else Query()


def parse_text(text: str, stdin: Sequence[str] | None = None) -> Query:
    """Read a query from one text, as a filter bar holds it; a blank text means everything."""
    tokens = lex(text)
    return Query(_Reader(tokens, len(text) + 1, stdin).everything()) if tokens else Query()


class _Reader:
    """Recursive descent over the tokens of one query."""

    def __init__(self, tokens: list[Token], end: int, stdin: Sequence[str] | None) -> None:
        self._tokens = tokens
        self._at = 0
        self._end = end
        self._stdin = stdin
        self._depth = 0

    def everything(self) -> Node:
        node = self._either()
        left = self._peek()
        if left is not None:
            raise QueryError("this parenthesis closes nothing", column=left.column)
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next_is(self, word: str) -> bool:
        return _connective(self._peek()) == word

    def _either(self) -> Node:
        members = [self._sequence()]
        while self._next_is("or"):
            self._at += 1
            members.append(self._sequence())
        return either(members)

    def _sequence(self) -> Node:
        members = [self._member()]
        while (token := self._peek()) is not None and not self._next_is("or"):
            if isinstance(token, Paren) and token.text == ")":
                break
            if self._next_is("and"):
                self._at += 1
            members.append(self._member())
        return both(members)

    def _member(self) -> Node:
        token = self._peek()
        if token is None:
            raise QueryError(f"the query ends where a term should stand{self._before()}", self._end)
        if self._next_is("not"):
            self._at += 1
            return negation(self._deeper(self._member, token))
        self._at += 1
        if isinstance(token, Text):
            if _connective(token):
                raise QueryError(
                    f"`{token.text}` wants a term before it{self._before(1)}", token.column
                )
            return self._term(token)
        if token.text == ")":
            raise QueryError(f"a term is missing before `)`{self._before(1)}", token.column)
        node = self._deeper(self._either, token)
        if not isinstance(self._peek(), Paren):
            raise QueryError("this parenthesis is never closed", column=token.column)
        self._at += 1
        return node

    def _deeper(self, read: Callable[[], Node], token: Token) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise QueryError("nested too deeply", column=token.column)
        node = read()
        self._depth -= 1
        return node

    def _before(self, back: int = 0) -> str:
        at = self._at - 1 - back
        word = _connective(self._tokens[at]) if at >= 0 else ""
        return f", after `{word}`" if word else ""

    def _term(self, word: Text) -> Node:
        text = word.text
        if word.bare:
            if text == "-":
                return self._piped(word)
            lower = text.lower()
            if lower in KEYWORD:
                return Word(lower)
            if lower == NOTHING:
                return Ids(())
        cut = word.find(":<>")
        name = word.cut(0, cut) if cut >= 0 else word
        field = FIELD.get(name.text.lower()) if name.bare else None
        if field is not None:
            if cut >= 0 and text[cut] == ":":
                return field_term(field, word.cut(cut + 1))
            return self._compared(field, word, cut)
        known = read_id(text) if word.bare else None
        if known is None:
            raise unknown_word(word, cut)
        return Ids((known,))

    def _compared(self, field: Field, word: Text, cut: int) -> Node:
        """`age>2h`, also in several words, where nothing but a filter bar can have kept them."""
        if not field.kind.ordered or field.bound:
            raise need_value(field, word)
        if cut < 0:
            rest = self._peek()
            if not isinstance(rest, Text) or rest.find("<>") != 0:
                raise need_value(field, word)
            self._at += 1
        else:
            rest = word.cut(cut)
        if rest.text.rstrip("=") in ("<", ">"):
            value = self._peek()
            if isinstance(value, Text) and not _connective(value):
                self._at += 1
                return field_term(field, value, rest.text)
        return field_term(field, rest)

    def _piped(self, word: Text) -> Node:
        if self._stdin is None:
            raise QueryError("`-` (ids from the standard input) is not taken here", word.column)
        ids = [read_id(item) for item in self._stdin]
        return both([Ids(tuple(item for item in ids if item is not None))])


def _connective(token: Token | None) -> str:
    if isinstance(token, Text) and token.bare and token.text.lower() in _CONNECTIVES:
        return token.text.lower()
    return ""
