"""A change as it is asked for: what a command line says, as a value.

The screen makes orders from its forms.  The command line that it shows as equal, and that
the journal keeps, is made from the order that is carried out, so that they cannot differ.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from spooltool.look.sight import Sight

Value = str | bool | tuple[str, ...]
"""Of an option: its text, whether it stands there, or each of its texts."""


@dataclass(frozen=True, slots=True)
class Order:
    """Verb, words and options, named as the command line names them without the dashes.

    `words` are what stands without a dash: query words, behind them KEY=VALUE or a folder;
    hosts, a transaction, a file.  `everything` is --all.
    """

    verb: str
    words: tuple[str, ...] = ()
    everything: bool = False
    options: Mapping[str, Value] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """An option's text; "" where it is not given."""
        value = self.options.get(name, "")
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Whether an option stands there."""
        return bool(self.options.get(name))

    def many(self, name: str) -> tuple[str, ...]:
        """Each text of an option that may be repeated."""
        value = self.options.get(name, ())
        return value if isinstance(value, tuple) else ()

    @property
    def arguments(self) -> list[str]:
        """Those of `spooltool` that ask for the same; which spool is left to the caller."""
        found = [self.verb, *self.words]
        if self.everything:
            found.append("--all")
        for name, value in self.options.items():
            texts = value if isinstance(value, tuple) else (value,) if value else ()
            for text in texts:
                found += [f"--{name}"] if text is True else [f"--{name}", str(text)]
        return found


def equal_arguments(sight: Sight, order: Order) -> list[str]:
    """The arguments that give the order on this spool, wherever they are typed."""
    return [*order.arguments, *sight.options]


def command_line(arguments: list[str]) -> str:
    """`spooltool retarget stuck --to 10.1.5.9`, to be typed as it stands; not for a screen."""
    return shlex.join(["spooltool", *arguments])
