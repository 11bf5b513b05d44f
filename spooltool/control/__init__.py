"""The control socket's language: one JSON object a line, at most 64 KiB.

    requests  what a client asks: kick, status, yield, done, reload, suspend, resume, clock-ok
    replies   what the relay answers
    orders    hosts that are suspended: patterns, and the relay's file of them
    wire      lines: objects to bytes and back, checked key by key

Pure.  A line that cannot be read becomes a `Refused`, which is a reply: no exception
leaves a decoder.  Unknown keys are passed over, so that either side may be the newer one.
"""

from spooltool.control.orders import EVERYTHING, Order, Pattern, blocking, read_pattern
from spooltool.control.replies import (
    Accepted,
    ClockTaken,
    Delivering,
    Destination,
    Kicked,
    Refused,
    Reply,
    Resumed,
    Status,
    Suspended,
    Yielded,
    decode_reply,
    encode_reply,
    read_status,
)
from spooltool.control.requests import (
    ClockOk,
    Done,
    Kick,
    Reload,
    Request,
    Resume,
    StatusWanted,
    Suspend,
    Yield,
    decode_request,
    encode_request,
    split,
)
from spooltool.control.wire import MAX_LINE, VERSION

__all__ = [
    "EVERYTHING",
    "MAX_LINE",
    "VERSION",
    "Accepted",
    "ClockOk",
    "ClockTaken",
    "Delivering",
    "Destination",
    "Done",
    "Kick",
    "Kicked",
    "Order",
    "Pattern",
    "Refused",
    "Reload",
    "Reply",
    "Request",
    "Resume",
    "Resumed",
    "Status",
    "StatusWanted",
    "Suspend",
    "Suspended",
    "Yield",
    "Yielded",
    "blocking",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "read_pattern",
    "read_status",
    "split",
]
