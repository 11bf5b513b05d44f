"""The tabs in their order: a further one is a file and a line here."""

from __future__ import annotations

from spooltool.tui.message.envelope import EnvelopeTab
from spooltool.tui.message.headers import HeadersTab
from spooltool.tui.message.log import LogTab
from spooltool.tui.message.parts import PartsTab
from spooltool.tui.message.raw import RawTab
from spooltool.tui.message.tab import Tab
from spooltool.tui.message.why import WhyTab

TABS: tuple[type[Tab], ...] = (WhyTab, EnvelopeTab, HeadersTab, PartsTab, RawTab, LogTab)
"""Every tab."""
