"""Scanners: content goes there, an outcome comes back.  Shell; `wire` beside it is pure.

    scanner   which scanner, and what is asked of it
    link      one connection, whose silence has a limit
    client    scans of one scanner: how many at once, kept connections, what it said of itself
    command   `relay scan`
    wire      the protocols, as conversations

Nothing here decides what becomes of a message: `relay.policy.antivirus` does.
It may import `relay.policy` and `spooltool.spool`.
"""

from relay.antivirus.client import ScannerClient, scan, scan_now
from relay.antivirus.scanner import Protocol, Scanner, ScanTask

__all__ = ["Protocol", "ScanTask", "Scanner", "ScannerClient", "scan", "scan_now"]
