"""The grammar of the logs: what a line says, and how it is written.

    elg         mdq.elg and asmtpd.elg: `[pid@host] <time> <id> <event> key=value...`
    events      the closed table of events, with their fields
    tracker     tracker.log: the text form of `fw log`
    entry       what a log server is told: one record, alert or line
    syslog      an entry as a message of RFC 5424
    journal     an entry as a datagram of systemd-journald
    log_target  where entries go
    quoting     values in a line: no byte of a message begins a line or a field
    instant     times as they stand in lines
    heads       id and event of a line, without the rest
    clock       the time of a line of either kind, for followers that merge

Pure.  It imports `spooltool.spool.defects` and `spooltool.spool.hosts` alone.
"""

from spooltool.logs.clock import line_time
from spooltool.logs.elg import SCAN_STOP, ElgLine, format_line, parse_line
from spooltool.logs.events import EVENT, EVENTS, Event
from spooltool.logs.heads import line_head
from spooltool.logs.tracker import TRACKER_FIELDS, Record, format_record, parse_record

__all__ = [
    "EVENT",
    "EVENTS",
    "SCAN_STOP",
    "TRACKER_FIELDS",
    "ElgLine",
    "Event",
    "Record",
    "format_line",
    "format_record",
    "line_head",
    "line_time",
    "parse_line",
    "parse_record",
]
