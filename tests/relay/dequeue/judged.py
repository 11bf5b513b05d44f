"""Messages of a resource, for tests of what becomes of them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from relay.config.resources import Resource
from spooltool.spool.codec import splices
from spooltool.spool.judged import encode_judged
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

NAME = "inbound"
HEAD = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=abc\n"
CLEAN = b"--abc\nContent-Type: text/plain\n\nhello\n--abc--\n"
CUT = CLEAN.removesuffix(b"--abc--\n")


def with_file(name: str, content: bytes) -> bytes:
    """A body with an attachment."""
    coded = base64.encodebytes(content)
    return (
        b"--abc\nContent-Type: text/plain\n\nhello\n"
        b"--abc\nContent-Type: application/octet-stream; name=%b\n"
        b"Content-Transfer-Encoding: base64\n\n%b--abc--\n" % (name.encode(), coded)
    )


def resource(**changes: Any) -> dict[str, Resource]:
    """The resources of a relay with one."""
    made = replace(Resource(NAME), **changes)
    return {NAME: made}


def put(world: Any, port: int, body: bytes, *recipients: str, scanner: int = 0, **more: Any) -> str:
    """Spool a message that matched the resource; `scanner` is the port of the one it asks for."""
    keys = {}
    if scanner:
        keys = {"AV_SETTING": "check", "AV_IPADDR": "127.0.0.1", "AV_PORT": str(scanner)}
    number: str = world.put(port, *recipients, body=body, modified=HEAD, **{**keys, **more})
    locked = lock(world.spool, SpoolName("D_sender", "R", number))
    values = {"RESOURCE": NAME, "VERDICT": encode_judged(None).decode()}
    rewrite(locked, splices(locked.envelope(), values)).close()
    return number
