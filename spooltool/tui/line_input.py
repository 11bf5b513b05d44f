"""A line of text in which keys count in the order in which they came."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class LineInput(Input):
    """Textual's line, for keys that come in one piece, as over a slow line.

    Textual writes characters at once, but sends a key that is bound (backspace, Ctrl-U,
    Enter) up through all around the line first: what was typed behind it would be before it.
    """

    async def on_key(self, event: events.Key) -> None:
        """What a key is bound to here is done before the next one is looked at."""
        if event.is_printable:
            return
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
            return
