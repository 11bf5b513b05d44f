"""What the relay answered to a kick, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spooltool.render.text import wrapped
from spooltool.render.units import ago, plural

if TYPE_CHECKING:
    from spooltool.control import Kicked


def kicked_lines(kicked: Kicked, selected: int | None, pace: str, width: int) -> list[str]:
    """How many are tried, of how many selected; `pace` is `10 a second`, or ""."""
    text = f"kicked {plural(kicked.count, 'message')}"
    if selected is not None and selected > kicked.count:
        text += f" of {selected:,}"
    if pace and kicked.count:
        text += f", at most {pace}"
        if kicked.seconds >= 1:
            text += f": the last one in {ago(kicked.seconds)}"
    if selected is not None and selected > kicked.count + kicked.suspended:
        text += "; the others are under way, held, or not known to the relay"
    lines = wrapped(text, width)
    if kicked.suspended:
        number = plural(kicked.suspended, "message is", "messages are")
        lines.append(f"{number} not tried: the host is suspended (spooltool suspend)")
    return lines
