"""Scanners: content goes there, an outcome comes back.  Shell; `wire` beside it is pure.

    scanner   which scanner, and what is asked of it
    link      one connection, whose silence has a limit
    exchange  one conversation over it
    slots     how many at once
    client    scans of one scanner
    icap_service  kept connections to a service, what it said of itself, whether it finds anything
    command   `relay scan`
    wire      the protocols, as conversations

Nothing here decides what becomes of a message: `relay.policy.antivirus` does.
It may import `relay.policy` and `spooltool.spool`, `.logs`, `.errors`.
"""

from relay.antivirus.client import ScannerClient, scan, scan_now
from relay.antivirus.scanner import Protocol, Scanner, ScanTask

__all__ = ["Protocol", "ScanTask", "Scanner", "ScannerClient", "scan", "scan_now"]
