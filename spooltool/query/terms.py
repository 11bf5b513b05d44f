"""One term: the values of a field, and what to say when they cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from spooltool.errors import QueryError
from spooltool.query.grammar import CHOICES, FIELD, KEYWORD, Field, Kind
from spooltool.query.lexer import Text
from spooltool.query.patterns import ADVICE, Pattern, Range, read_number, write_number
from spooltool.query.tree import Choice, Header, Hosts, Match, Node, Within
from spooltool.spool.hosts import parse_host
from spooltool.spool.states import REASONS

_HEADER_NAME = re.compile(r"[!#$%&'+\-./0-9=?A-Z^_`a-z{|}~]+\Z")
_HOST_GLOB = re.compile(r"([A-Za-z0-9_.*-]+)(?::([0-9]{1,5}))?\Z")
_LOOKS_LIKE_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?\Z")
_NULL = Pattern(("",))


def field_term(field: Field, value: Text, operator: str = "") -> Node:
    """Read `value` for a field; `operator` is what stood before it, where that is known."""
    if not value.text:
        raise need_value(field, value)
    if field.kind.ordered:
        return _within(field, value, operator)
    if field.kind is Kind.HEADER:
        return _header(field, value)
    items = _items(field, value)
    match field.kind:
        case Kind.HOST:
            return Hosts(tuple(map(_host, items)))
        case Kind.WORD:
            return Choice(field.name, tuple(_choice(field, item) for item in items))
        case Kind.ADDRESS:
            return Match(field.name, tuple(_address(field, item) for item in items))
        case Kind.DOMAIN:
            return Match(field.name, tuple(_domain(field, item) for item in items))
        case _:
            return Match(field.name, tuple(map(_pattern, items)))


def need_value(field: Field, at: Text) -> QueryError:
    """The error of a field without a value; an ordered one may have lost it to the shell."""
    hint = f"write {field.example}"
    if field.kind.ordered:
        hint = (
            f"the shell may have taken the `>` or `<` and made a file of the rest: {hint},"
            " which needs no quotes"
        )
    return QueryError(f"`{field.name}` has no value", column=at.column, hint=hint)


def unknown_word(word: Text, cut: int) -> QueryError:
    """The error of a word that is no id, path, keyword or field; with a guess at what was meant."""
    text = word.text
    if text in ("<", ">", "<=", ">="):
        return QueryError(f"`{text}` wants an ordered field before it", column=word.column)
    if cut >= 0 and text[cut] == ":" and not parse_host(text):
        name = text[:cut]
        guess = _nearest(name, FIELD)
        hint = f"did you mean {guess}:?" if guess else "fields: " + " ".join(FIELD)
        return QueryError(f"there is no field `{name}`", column=word.column, hint=hint)
    return QueryError(
        f"`{text}` is neither an id, a path, a keyword nor a field with a value",
        column=word.column,
        hint=_hint(text),
    )


def _hint(text: str) -> str:
    lower = text.lower()
    if lower in REASONS:
        return f"write reason:{lower}"
    if "@" in text:
        return f"write from:{text} or rcpt:{text}"
    if parse_host(text) and (_LOOKS_LIKE_HOST.match(text) or ":" in text):
        return f"write dst:{text}"
    if text == "*":
        return "leave the query out to see everything; to change everything say --all"
    guess = _nearest(lower, (*KEYWORD, *FIELD))
    if guess:
        return f"did you mean {guess}?" if guess in KEYWORD else f"write {FIELD[guess].example}"
    return "keywords: " + " ".join(KEYWORD) + "; text in a message is text:WORD"


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # start-up: only a mistake needs it

    return next(iter(get_close_matches(word, list(known), 1, 0.7)), "")


def _items(field: Field, value: Text) -> list[Text]:
    items = value.split(",")
    for item in items:
        if not item.text:
            raise QueryError(
                f"`{field.name}` has an empty value in its list",
                column=item.column,
                hint="no blanks after the comma",
            )
    return items


def _pattern(item: Text) -> Pattern:
    return Pattern(tuple(part.text for part in item.split("*")))


def _address(field: Field, item: Text) -> Pattern:
    if item.bare and item.text.lower() in ("<>", "null"):
        if field.name != "from":
            raise QueryError("only from: can be the null sender", column=item.column)
        return _NULL
    if item.bare and item.text.startswith("<") and item.text.endswith(">"):
        item = item.cut(1, len(item.text) - 1)
    if item.find("@") == 0:
        return _domain(field, item, domain=True)
    return _pattern(item)


def _domain(field: Field, item: Text, domain: bool = False) -> Pattern:
    if item.find("@") == 0:
        item = item.cut(1)
    if not item.text:
        raise QueryError(
            f"`{field.name}` names no domain after the @",
            column=item.column,
            hint=f"write {field.example}",
        )
    return Pattern(_pattern(item).parts, domain)


def _choice(field: Field, item: Text) -> str:
    values = CHOICES[field.name]
    word = item.text.lower()
    if field.name == "dir":
        word = word.removeprefix("d_")
    if word in values:
        return word
    guess = _nearest(word, values)
    raise QueryError(
        f"`{field.name}` cannot be `{item.text}`",
        column=item.column,
        hint=f"did you mean {guess}?" if guess else "one of: " + " ".join(values),
    )


def _host(item: Text) -> tuple[Pattern | str, int | None]:
    text = item.text
    if "/" in text:
        return _network(item), None
    if "*" in text:
        match = _HOST_GLOB.match(text)
        port = int(match[2]) if match and match[2] else None
        if match and (port is None or 0 < port < 65536):
            return Pattern(tuple(match[1].split("*"))), port
    host = parse_host(text)
    if host is None:
        raise QueryError(
            f"`{text}` is no host",
            column=item.column,
            hint="HOST, HOST:PORT, [v6]:PORT, NETWORK/BITS, or with *",
        )
    return Pattern((host.host,)), host.port


def _network(item: Text) -> str:
    from ipaddress import ip_network  # start-up: few queries name a network

    try:
        return str(ip_network(item.text, strict=False))
    except ValueError:
        raise QueryError(
            f"`{item.text}` is no network", column=item.column, hint="write dst:10.1.5.0/24"
        ) from None


def _header(field: Field, value: Text) -> Node:
    cut = value.find(":")
    name = value.text[:cut] if cut >= 0 else value.text
    if not _HEADER_NAME.match(name):
        raise QueryError(f"`{name}` is no name of a header field", column=value.column)
    if cut < 0 or cut + 1 == len(value.text):
        raise QueryError(
            f"`header:{name}` has no text to look for",
            column=value.columns[-1],
            hint=f"write header:{name}:TEXT, or header:{name}:* for any that has the field",
        )
    items = _items(field, value.cut(cut + 1))
    return Header(name.lower(), tuple(map(_pattern, items)))


def _within(field: Field, value: Text, operator: str) -> Node:
    name = field.target or field.name
    ranges = []
    for item in _items(field, value):
        sign = operator or item.text[: len(item.text) - len(item.text.lstrip("<>="))]
        number = item if operator else item.cut(len(sign))
        ranges.append(_compared(field, number, sign) if sign else _range(field, number))
    return Within(name, tuple(ranges))


def _compared(field: Field, item: Text, sign: str) -> Range:
    if sign not in ("<", ">", "<=", ">=") or field.bound:
        raise QueryError(
            f"`{field.name}` cannot be compared like this",
            column=item.column,
            hint=f"write {field.example}",
        )
    number = _number(field, item)
    # an age is never exact to the second: `age>2h` is `age:2h..`
    step = 1 if len(sign) == 1 and field.kind is not Kind.AGE else 0
    if sign[0] == ">":
        return Range(_sayable(field, item, number + step), None)
    return Range(None, _sayable(field, item, number - step))


def _range(field: Field, item: Text) -> Range:
    if field.bound:
        number = _number(field, item)
        return Range(number, None) if field.bound == "from" else Range(None, number)
    cut = item.text.find("..")
    if cut < 0:
        number = _number(field, item)
        if field.kind is Kind.AGE:
            raise QueryError(
                "no age is exact to the second",
                column=item.column,
                hint=f"write age:{item.text}.. for older ones, age:..{item.text} for newer ones",
            )
        return Range(number, number)
    low = _number(field, item.cut(0, cut)) if cut else None
    high = _number(field, item.cut(cut + 2)) if cut + 2 < len(item.text) else None
    if low is None and high is None:
        raise need_value(field, item)
    if low is not None and high is not None and low > high:
        raise QueryError("this range runs backwards", column=item.column)
    return Range(low, high)


def _number(field: Field, item: Text) -> int:
    number = read_number(field.kind, item.text)
    if number is not None:
        return _sayable(field, item, number)
    if not item.text:
        raise need_value(field, item)
    raise QueryError(
        f"`{item.text}` is not {ADVICE[field.kind]}",
        column=item.column,
        hint=f"write {field.example}",
    )


def _sayable(field: Field, item: Text, number: int) -> int:
    """The number, if its canonical text reads back as it: none is below or beyond its kind."""
    if number < 0 or read_number(field.kind, write_number(field.kind, number)) != number:
        raise QueryError(f"no `{field.name}` goes so far", column=item.column)
    return number
