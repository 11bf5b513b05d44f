"""What helps a message that its own file keeps from being sent: commands to type."""

from __future__ import annotations

from spooltool.diagnose.row import Row
from spooltool.query.ids import read_id

_HELD = "held"


def mending(row: Row) -> tuple[tuple[str, str], ...]:
    """Commands with what each does; none where waiting, or another host, is what helps."""
    if not row.readable or row.letter == "T" or row.standing not in ("stuck", _HELD):
        return ()
    base = row.letter + row.id
    name = base if read_id(base) else row.file
    state = row.state
    if row.facts.torn:
        return (
            (f"spooltool show {name} --eml -o COPY", "keeps what is there"),
            (f"spooltool bounce {name}", "tells the sender that it was not delivered"),
        )
    if row.facts.edited or (state is not None and state.reason == "edited"):
        then = f"spooltool release {name}"
        accept = (f"spooltool accept {name}", "delivers it as it stands now")
        return (accept, (then, "lets it go then")) if row.standing == _HELD else (accept,)
    envelope = row.envelope
    if not row.facts.deliverable and envelope is not None and envelope.lines:
        return ((f"spooltool set {name} --from ADDRESS --rcpt ADDRESS", "gives it an envelope"),)
    return ()
