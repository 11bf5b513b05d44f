"""What a change is: a key, a verb, a form, and the order that the form's values make."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spooltool.change.order import Order, Value
from spooltool.tui.changes.target import Target

Values = Mapping[str, str | bool]
"""What a form holds, by the names of its fields."""


class Unfinished(Exception):
    """The form lacks something; the text says what."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text.  `width` is that of its input (0: what is left of the line)."""

    name: str
    label: str
    width: int = 0
    hint: str = ""
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """Yes or no."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Choose:
    """One of a list of (value, words); an empty list is filled by the hand."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()


Field = Text | Tick | Choose

REASON = Text("reason", "Reason", hint="for the journal: a ticket, a name")
KICK = Tick("kick", "kick: try them at once")


class Change:
    """One change; its docstring is its help.

    `lines` are the fields, a line of the form each.  `applies` False: it only looks.
    `by_editor`: its values come from an editor, not from the form.  `wants_messages` says
    that it is about messages, `one` about a single one.
    """

    key: ClassVar[str] = ""
    verb: ClassVar[str] = ""
    label: ClassVar[str] = ""
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = ((KICK, REASON),)
    applies: ClassVar[bool] = True
    by_editor: ClassVar[bool] = False
    wants_messages: ClassVar[bool] = True

    @property
    def help(self) -> str:
        """What it does, in one paragraph."""
        return " ".join((inspect.getdoc(type(self)) or "").split())

    def for_target(self, target: Target) -> Change:
        """The change that the key means for this target."""
        return self

    def given(self, target: Target) -> Values:
        """Values that the form begins with."""
        return {}

    def order(self, target: Target, values: Values) -> Order:
        """What is asked for.  Raises Unfinished."""
        return self.made(target, self.options(values))

    def options(self, values: Values) -> dict[str, Value]:
        """The options that the values mean: each by its own name, empty ones left out."""
        return {name: value for name, value in values.items() if value}

    def made(self, target: Target, options: Mapping[str, Value], *more: str) -> Order:
        """An order for the target's messages, with words behind the query.  Raises Unfinished."""
        if not (target.words or target.everything):
            raise Unfinished("no message is chosen: put the cursor on one, or tag some")
        return Order(self.verb, (*target.words, *more), target.everything, options)


def needed(values: Values, field: Text) -> str:
    """The text of a field that may not be empty.  Raises Unfinished."""
    value = str(values.get(field.name, "")).strip()
    if not value:
        raise Unfinished(f"{field.label}: {field.hint or 'what is it to be?'}")
    return value
