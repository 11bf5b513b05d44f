"""What one process writes down: its .elg file and its share of tracker.log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence

from relay.logs.alert_command import AlertCommand
from relay.logs.logfile import KEEP, MAX_BYTES, Later, LogFile, at_once
from relay.logs.output import Output
from spooltool.logs.elg import SCAN_STOP, format_line
from spooltool.logs.entry import Entry, Source
from spooltool.logs.instant import rfc3339
from spooltool.logs.tracker import format_record

TRACKER_LOG = "tracker.log"
_TRACKER_NAMES = {"sender": "from", "reason": "Reason", "size": "Len"}


class ProcessLog:
    """Writes `NAME.elg` and tracker.log in one folder, which is made when missing.

    `size` (bytes) and `keep` are those of rotation, `later` as for `LogFile`.  `outputs` are
    told of the records of the tracker and of alerts, with `all_lines` of the other lines of
    the .elg file, too; that, and the argv of `alert_command`, may be replaced.  Nothing
    here raises for the sake of the disk.
    """

    def __init__(
        self,
        folder: str,
        name: str,
        later: Later = at_once,
        *,
        size: int = MAX_BYTES,
        keep: int = KEEP,
        alert_command: Sequence[str] = (),
        outputs: Sequence[Output] = (),
        all_lines: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.alert_command = AlertCommand(alert_command)
        self._outputs = tuple(outputs)
        self.all_lines = all_lines
        self._name = name
        self._pid = os.getpid()
        self._host = os.uname().nodename
        self._clock = clock
        try:
            os.makedirs(folder, mode=0o750, exist_ok=True)
        except OSError:
            pass  # the first line says it
        self._elg = LogFile(f"{folder}/{name}.elg", later, max_bytes=size, keep=keep)
        self._tracker = LogFile(f"{folder}/{TRACKER_LOG}", later, max_bytes=size, keep=keep)
        self._elg.open()
        self._tracker.open()

    def event(self, id: str, event: str, **fields: object) -> None:
        """A line of the .elg file; `id` is "" where no message is meant."""
        now = self._clock()
        self._elg.write(format_line(self._pid, self._host, now, id, event, fields))
        if self.all_lines:
            self._tell(Source.EVENT, now, event, id, fields.items())

    def alert(self, text: str, id: str = "", **fields: object) -> None:
        """A line of the .elg file that a person should see, and the operator's command."""
        now = self._clock()
        self._elg.write(format_line(self._pid, self._host, now, id, "alert", fields, text))
        self._tell(Source.ALERT, now, "alert", id, fields.items(), text)
        facts = {"process": self._name, "pid": str(self._pid), "host": self._host}
        self.alert_command.tell({"": text, "id": id, "time": rfc3339(now), **facts})

    def limit(self) -> None:
        """The chapter's line about max_conns, word for word and without a time."""
        self._elg.write(format_line(self._pid, self._host, None, text=SCAN_STOP))
        if self.all_lines:
            self._tell(Source.EVENT, self._clock(), "scan-stop", "", (), SCAN_STOP)

    def track(self, action: str, id: str, **fields: object) -> None:
        """A record of tracker.log.  A field of None or "" is left out, the product is added.

        `sender`, `reason` and `size` get the names that they have there.
        """
        now = self._clock()
        pairs: list[tuple[str, object]] = [("id", id)] if id else []
        for name, content in fields.items():
            if content is not None and content != "":
                pairs.append((_TRACKER_NAMES.get(name, name), content))
        pairs.append(("product", "relay"))
        self._tracker.write(format_record(now, action, self._host, pairs))
        self._tell(Source.TRACKER, now, action, id, pairs[bool(id) : -1])

    def reopen(self) -> None:
        """Open both files anew, as after a rotation by another program."""
        self._elg.reopen()
        self._tracker.reopen()

    def close(self) -> None:
        """Write what is left and close both files."""
        self._elg.close()
        self._tracker.close()
        self.alert_command.close()
        for output in self._outputs:
            output.close()

    def _tell(
        self,
        source: Source,
        now: float,
        word: str,
        id: str,
        fields: Iterable[tuple[str, object]],
        text: str = "",
    ) -> None:
        if not self._outputs:
            return
        said = tuple((name, str(content)) for name, content in fields if content is not None)
        entry = Entry(source, now, self._host, self._name, self._pid, word, id, said, text)
        for output in self._outputs:
            output.tell(entry)
