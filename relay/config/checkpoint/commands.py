"""The command language of `relay dbedit`: lines of text to commands.

A line is a command.  One that lacks words goes on in the next lines, until it has them; a
line that begins with a command word and has more words than that one ends what it lacks.
Lines may carry the prompt, as pasted from a manual.  `#` begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

PROMPT = "dbedit> "
MORE = "      > "
"""The prompt where a command goes on."""

_TOKEN = re.compile(r"'([^']*)'|\"([^\"]*)\"|(\S+)")


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: how many words it takes after its own, and what a person reads of it."""

    name: str
    least: int
    most: int
    form: str
    meaning: str


_VERBS = (
    Verb(
        "modify", 4, 4, "TABLE OBJECT FIELD VALUE", "set a field; a:b:c is a field within a field"
    ),
    Verb(
        "addelement", 4, 4, "TABLE OBJECT FIELD TABLE:OBJECT", "add a member; '' the object itself"
    ),
    Verb("rmelement", 4, 4, "TABLE OBJECT FIELD TABLE:OBJECT", "take a member out"),
    Verb("create", 2, 2, "CLASS NAME", "a new object"),
    Verb("delete", 2, 2, "TABLE OBJECT", "an object that nothing names any more"),
    Verb("update", 2, 2, "TABLE OBJECT", "write the file with what was changed of an object"),
    Verb("update_all", 0, 0, "", "the same for every changed object"),
    Verb("print", 2, 2, "TABLE OBJECT", "an object with its fields"),
    Verb("query", 1, 3, "TABLE [FIELD=VALUE]", "the objects of a table"),
    Verb("help", 0, 0, "", "this list"),
    Verb("quit", 0, 1, "[-update_all]", "end; what was not updated is dropped"),
)
VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _VERBS}
"""Every command, in the order of the help."""

_ALSO = {"-q": "quit", "exit": "quit", "?": "help"}


@dataclass(frozen=True, slots=True)
class Argument:
    """One word of a command; `quoted` says that it stood in quotes."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A whole command: its verb and its words."""

    verb: Verb
    words: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line, or what came before it, that is no command; says why."""

    text: str


class Lines:
    """Puts commands together of lines; a command goes on while `waiting`."""

    def __init__(self) -> None:
        self._begun = ""

    @property
    def waiting(self) -> bool:
        """Whether a command has begun and lacks words."""
        return bool(self._begun)

    def take(self, line: str) -> tuple[Command | Mistake, ...]:
        """A line, without its end.  An empty line gives up a command that lacks words."""
        text = line.strip()
        pasted = text.startswith(PROMPT.strip())
        text = text.removeprefix(PROMPT.strip()).strip() if pasted else text
        if text.startswith("#"):
            return ()
        if self._begun and text and not (pasted or _whole(text)):
            text, self._begun = f"{self._begun} {text}", ""
            return self._read(text)
        before = self.end() if self._begun else ()
        return before + (self._read(text) if text else ())

    def end(self) -> tuple[Mistake, ...]:
        """No line follows: a command that lacks words is a mistake."""
        begun, self._begun = self._begun, ""
        if not begun:
            return ()
        verb = VERBS[_verb(begun)]
        return (Mistake(f"{verb.name} wants {verb.form}"),)

    def _read(self, text: str) -> tuple[Command | Mistake, ...]:
        name = _verb(text)
        verb = VERBS.get(name)
        if verb is None:
            return (Mistake(f"no command is called {name!r}; {_nearest(name)}"),)
        words = arguments(text, verb.most)
        if len(words) < verb.least:
            self._begun = text
            return ()
        if len(words) > verb.most:
            return (Mistake(f"{verb.name} wants {verb.form or 'no more words'}"),)
        return (Command(verb, words),)


def arguments(text: str, most: int) -> tuple[Argument, ...]:
    """The words after the verb; the last of `most` takes the rest of the line."""
    _, *found = _TOKEN.finditer(text)
    words = [
        Argument(one[3] if one[3] is not None else one[1] or one[2] or "", one[3] is None)
        for one in found
    ]
    if most == 4 and len(words) > most:
        rest = text[found[most - 1].start() :].strip()
        words = [*words[: most - 1], Argument(rest)]
    return tuple(words)


def _verb(text: str) -> str:
    word = text.split(maxsplit=1)[0] if text else ""
    return _ALSO.get(word, word)


def _whole(text: str) -> bool:
    """Whether a line is a command of its own, not the rest of the one before."""
    verb = VERBS.get(_verb(text))
    return verb is not None and verb.least <= len(arguments(text, verb.most)) <= verb.most


def _nearest(name: str) -> str:
    near = get_close_matches(name.lower(), VERBS, 1, 0.6)
    return f"{near[0]}?" if near else "help lists them"
