"""The control socket's language: one JSON object a line, at most 64 KiB.

    requests  what a client asks: kick, status, yield, done, reload
    replies   what the relay answers
    wire      lines: objects to bytes and back, checked key by key

Pure.  A line that cannot be read becomes a `Refused`, which is a reply: no exception
leaves a decoder.  Unknown keys are passed over, so that either side may be the newer one.
"""

from spooltool.control.replies import (
    Accepted,
    Delivering,
    Destination,
    Kicked,
    Refused,
    Reply,
    Status,
    Yielded,
    decode_reply,
    encode_reply,
    read_status,
)
from spooltool.control.requests import (
    Done,
    Kick,
    Reload,
    Request,
    StatusWanted,
    Yield,
    decode_request,
    encode_request,
    split,
)
from spooltool.control.wire import MAX_LINE, VERSION

__all__ = [
    "MAX_LINE",
    "VERSION",
    "Accepted",
    "Delivering",
    "Destination",
    "Done",
    "Kick",
    "Kicked",
    "Refused",
    "Reload",
    "Reply",
    "Request",
    "Status",
    "StatusWanted",
    "Yield",
    "Yielded",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "read_status",
    "split",
]
