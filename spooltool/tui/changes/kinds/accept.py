"""Mail that was edited by hand is sealed as it stands."""

from __future__ import annotations

from spooltool.tui.changes.change import Change


class Accept(Change):
    """Seal messages that were edited by hand, so that they are delivered as they stand."""

    verb = "accept"
    label = "accept"


CHANGE = Accept()
