"""The plan: a change as a value.

A plan is made by looking and applied later.  It carries what it saw: number, inode and
the values that it will change.  Where these have changed in between, applying it fails
for that message only.  STATE, attempts and mtime are no part of it, so that an attempt
in between does not spoil a plan.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

SEAL_KEYS = ("SIZES", "DIGEST")
"""The keys that tell what the content was: its parts' lengths, its digest."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key's value before and after; None: the key is absent."""

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class RecipientChange:
    """One RCPT line before and after; None: there is no such line.

    `old` and `new` are what follows the result fields: `<address> params`.  A line that is
    changed `anew` is pending and never tried; else its results stay as they are, which is how
    undo gives an address back.
    """

    old: str | None
    new: str | None
    anew: bool = True


@dataclass(frozen=True, slots=True)
class ResultsChange:
    """What is to happen to STATE and to the recipients' results: `how` of `disposition.HOWS`.

    `text` is what is told of recipients that are given up, `values` what is to return where
    results are restored ("" stays as it is).  `was` is what stood before, noted when the
    change is made, so that `undo` can return it.  Both hold the value of STATE first, then
    the result fields of each recipient in their order.
    """

    how: str
    text: str = ""
    values: tuple[str, ...] = ()
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one message.

    `keys` are edits inside the file, `recipients` those of its RCPT lines, which repeat and so
    are no keys; `to` is where the file goes ("" stays).  `closing` 1 puts an empty line behind
    an envelope that ends with its file, -1 takes it away again where nothing follows.  `inode`
    is that of the file that was looked at, `size` its bytes.  `by_path` says that a person
    chose this file by its path, so that another of the same number does not stand in the way.
    `results` changes what stands about attempts; `remove` unlinks the file for good.
    """

    id: str
    file: str
    inode: int
    size: int
    keys: tuple[KeyChange, ...] = ()
    to: str = ""
    by_path: bool = False
    recipients: tuple[RecipientChange, ...] = ()
    closing: int = 0
    results: ResultsChange | None = None
    remove: bool = False

    @property
    def rewrites(self) -> bool:
        """Whether the file is written anew."""
        return bool(self.keys or self.recipients)

    @property
    def seals(self) -> bool:
        """Whether SIZES or DIGEST change: then they must fit what stands in the file."""
        return any(change.key in SEAL_KEYS for change in self.keys)

    @property
    def kind(self) -> tuple[tuple[str, str | None, str | None], ...]:
        """What equal changes have in common: old and new values, the move, the results."""
        kinds = [(change.key, change.old, change.new) for change in self.keys]
        kinds += [("RCPT", change.old, change.new) for change in self.recipients]
        if self.to or self.remove:
            kinds.append(("", *self.places))
        if self.results is not None:
            kinds.append((RESULTS_KEY, self.results.text, self.results.how))
        return tuple(kinds)

    @property
    def places(self) -> tuple[str, str | None]:
        """From where to where (None: nowhere); with the letters where these differ."""
        (before, name), (after, new) = _split(self.file), _split(self.to or self.file)
        if self.remove:
            return before, None
        return (
            (before, after) if name[:1] == new[:1] else (f"{before} {name[0]}", f"{after} {new[0]}")
        )


RESULTS_KEY = "results"
"""What stands for STATE and the results of recipients in the kind of a change."""


def _split(file: str) -> tuple[str, str]:
    """Directory (`.` for a flat spool's) and file name."""
    directory, _, base = file.rpartition("/")
    return directory or ".", base


APART: dict[str, str] = {
    "wait": "changes once its holder lets go (it is among the changes, too)",
    "skip": "is left alone",
    "gone": "has left the queue",
    "unjudged": "could not be read, so that the query cannot tell",
}
"""Why a plan names a message apart."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A message that the plan treats apart: `kind` is a word of APART."""

    kind: str
    id: str
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A verb over a frozen set of messages.

    `rewrite` is how many bytes will be written anew, `unchanged` the files that are as asked
    already; `notes` are lines for the person.
    """

    verb: str
    spool: str
    found_by: str
    query: str
    made: float
    changes: tuple[Change, ...]
    apart: tuple[Apart, ...] = ()
    unchanged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def rewrite(self) -> int:
        """Bytes of all files whose envelope is rewritten."""
        return sum(change.size for change in self.changes if change.rewrites)

    def encode(self) -> str:
        """The plan as one JSON object, for `--plan FILE`."""
        return json.dumps({"v": 1, **asdict(self)}, indent=1)


def decode_plan(text: str) -> Plan:
    """Inverse of `Plan.encode`.  Raises ValueError when the text is no plan."""
    try:
        raw = json.loads(text)
        if raw.pop("v") != 1:
            raise ValueError("a plan of another version")
        raw["changes"] = tuple(_change(change) for change in raw["changes"])
        raw["apart"] = tuple(Apart(**e) for e in raw["apart"])
        raw["unchanged"] = tuple(raw["unchanged"])
        raw["notes"] = tuple(raw["notes"])
        plan = Plan(**raw)
        typed = _typed(plan)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a plan: {error}") from error
    if not typed:
        raise ValueError("not a plan: a value of another type")
    return plan


def _change(raw: dict[str, Any]) -> Change:
    made = {
        "keys": tuple(KeyChange(**key) for key in raw["keys"]),
        "recipients": tuple(RecipientChange(**one) for one in raw.get("recipients", ())),
        "results": decode_results(raw.get("results")),
    }
    return Change(**{**raw, **made})


def decode_results(raw: dict[str, Any] | None) -> ResultsChange | None:
    """What `asdict` made of a change of results.  Raises KeyError or TypeError for else."""
    if raw is None:
        return None
    return ResultsChange(raw["how"], raw["text"], tuple(raw["values"]), tuple(raw["was"]))


def _typed(plan: Plan) -> bool:
    texts: list[object] = [plan.verb, plan.spool, plan.found_by, plan.query]
    texts += [*plan.unchanged, *plan.notes, *plan.arguments, *plan.arguments.values()]
    numbers: list[object] = [plan.made]
    flags: list[object] = []
    for change in plan.changes:
        texts += [change.id, change.file, change.to]
        texts += [key.key for key in change.keys]
        sides = [(key.old, key.new) for key in change.keys]
        sides += [(line.old, line.new) for line in change.recipients]
        texts += ["" if side is None else side for pair in sides for side in pair]
        flags += [change.by_path, change.remove, *(one.anew for one in change.recipients)]
        numbers += [change.inode, change.size, change.closing]
        if change.results is not None:
            results = change.results
            texts += [results.how, results.text, *results.values, *results.was]
    for apart in plan.apart:
        texts += [apart.kind, apart.id, apart.file, apart.reason]
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, int | float) for number in numbers)
        and all(isinstance(flag, bool) for flag in flags)
    )
