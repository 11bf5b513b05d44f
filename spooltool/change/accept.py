"""What `accept` wants done: each message is read for the plan, and compared with its seal."""

from __future__ import annotations

from spooltool.change.caution import undo_holds
from spooltool.change.wish import Study, Wish
from spooltool.diagnose.planning import Chosen
from spooltool.look.sight import Sight
from spooltool.spool import reseal
from spooltool.spool.plan import SEAL_KEYS, Apart, Change, Plan
from spooltool.spool.reseal import Seal, difference
from spooltool.spool.verbs import Seen
from spooltool.store.seal import look

_NAMED = 8
_BARE_CR = "its content holds a bare CR, which is never sent: the relay would hold it"


def accepting(sight: Sight, *, kick: bool = False) -> Wish:
    """Sealed as it stands."""
    looked = Looked(sight)
    return Wish("accept", looked.decide, undo_holds("accept"), study=looked.study, kick=kick)


class Looked:
    """The messages as they were read for the plan, and how they differ from their seals."""

    def __init__(self, sight: Sight) -> None:
        self._spool = sight.spool
        self._notes: dict[str, str] = {}

    def decide(self, seen: Seen) -> Change | Apart | None:
        """What becomes of one message; its content is read where there is a seal to compare."""
        sealed = any(seen.envelope.line(key) for key in SEAL_KEYS)
        readable = sealed and not seen.envelope.torn and seen.name.letter != "T"
        found = look(self._spool, seen.name) if readable else ""
        result = reseal.accept(seen, found)
        if isinstance(result, Change) and isinstance(found, Seal):
            note = difference(seen.envelope, found)
            self._notes[result.file] = f"{note}; {_BARE_CR}" if found.bare_cr else note
        return result

    def study(self, plan: Plan, chosen: Chosen) -> Study:
        """How each message differs from what it was."""
        files = [change.file for change in plan.changes]
        notes = [f"{file.rpartition('/')[2]}: {self._notes[file]}" for file in files[:_NAMED]]
        if len(files) > _NAMED:
            notes.append(f"and {len(files) - _NAMED:,} more")
        return Study(tuple(notes))
