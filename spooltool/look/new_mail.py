"""What the relay's configuration says of new mail: the file is read again when it has changed."""

from __future__ import annotations

import os

from spooltool.diagnose.retargeting import mentions
from spooltool.look.sight import Sight


class NewMail:
    """Where a configuration still sends new mail to a host, asked again and again."""

    def __init__(self) -> None:
        self._stamp: tuple[str, int, int, int] | None = None
        self._text = ""
        self._known: dict[str, list[str]] = {}

    def places(self, sight: Sight, host: str) -> list[str]:
        """`KEY, FILE:LINE` for each line that names the host, at most three."""
        self._look(sight)
        if host not in self._known:
            name = os.path.basename(sight.settings.path)
            self._known[host] = mentions(name, self._text, host)
        return self._known[host]

    def _look(self, sight: Sight) -> None:
        path = sight.settings.path
        try:
            facts = os.stat(path)
        except OSError:
            stamp = None
        else:
            stamp = path, facts.st_ino, facts.st_mtime_ns, facts.st_size
        if stamp is None or stamp != self._stamp:
            self._stamp, self._text = stamp, configuration(sight)
            self._known.clear()


def configuration(sight: Sight) -> str:
    """The text of the relay.toml whose rundir is this spool; "" when there is none."""
    settings = sight.settings
    if not settings.rundir or not _same_directory(settings.rundir, sight.spool.path):
        return ""
    try:
        with open(settings.path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _same_directory(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
