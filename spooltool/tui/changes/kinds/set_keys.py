"""S: other values for keys, another sender, other recipients."""

from __future__ import annotations

import shlex
from typing import ClassVar

from spooltool.change.order import Order, Value
from spooltool.tui.changes.change import KICK, REASON, Change, Field, Text, Unfinished, Values
from spooltool.tui.changes.target import Target


class SetKeys(Change):
    """Give keys of the envelope another value; another sender, other recipients."""

    key = "S"
    verb = "set"
    label = "set"
    lines: ClassVar[tuple[tuple[Field, ...], ...]] = (
        (Text("keys", "Keys", hint="KEY=VALUE ...", needed=True),),
        (Text("from", "From", hint="another sender; <> for none"),),
        (Text("rcpt", "Rcpt", hint="OLD=NEW ..."), Text("resource", "Resource", 12)),
        (KICK, REASON),
    )

    def order(self, target: Target, values: Values) -> Order:
        """Several keys and recipients are words, quoted as in a shell where need be."""
        keys = _split("Keys", str(values.get("keys", "")))
        if not all("=" in key for key in keys):
            raise Unfinished("Keys: KEY=VALUE, and quotes around a value with blanks")
        options: dict[str, Value] = {
            name: value for name, value in values.items() if value and name not in ("keys", "rcpt")
        }
        if recipients := _split("Rcpt", str(values.get("rcpt", ""))):
            options["rcpt"] = recipients
        if not keys and not options.keys() & {"from", "rcpt", "resource"}:
            raise Unfinished("Keys: which value is to be another? KEY=VALUE")
        return self.made(target, options, *keys)


def _split(label: str, text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Unfinished(f"{label}: {error}") from error


CHANGE = SetKeys()
