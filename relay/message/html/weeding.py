"""The switches of a resource and what weeding answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a removed thing was, as logs and notices word it."""

    SCRIPT = "script"
    APPLET = "applet"
    ACTIVEX = "activex"
    FTP_LINK = "ftp link"
    PORT_STRING = "port string"
    HIDING_PLACE = "hiding place"
    """Markup that programs read in different ways, whatever stands in it."""
    LAYOUT = "layout"
    """All markup: the part could not be made safe, or not be read, but as plain text."""


@dataclass(frozen=True, slots=True)
class Weeding:
    """The five switches of a resource, by its own names (chapter)."""

    strip_script_tags: bool = False
    strip_applet_tags: bool = False
    strip_activex_tags: bool = False
    strip_ftp_links: bool = False
    strip_port_strings: bool = False

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return (
            self.strip_script_tags
            or self.strip_applet_tags
            or self.strip_activex_tags
            or self.strip_ftp_links
            or self.strip_port_strings
        )


@dataclass(frozen=True, slots=True)
class Weeded:
    """A weeded text.  `changed` may be true with nothing removed: then it was only written
    anew, in a form that all programs read alike.
    """

    text: str
    removed: Counter[Kind]
    changed: bool


@dataclass(frozen=True, slots=True)
class WeededOctets:
    """The same as octets, in the charset that the part declares."""

    octets: bytes
    removed: Counter[Kind]
    changed: bool


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Octets that cannot be weeded, and why; they are not clean."""

    reason: str
