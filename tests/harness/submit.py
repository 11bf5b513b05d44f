"""One message handed over by SMTP, for tests that want its number."""

from __future__ import annotations

import asyncio

from tests.harness.client import NUMBER, Connection
from tests.harness.sample import Sample


def submit(port: int, sample: Sample) -> str:
    """Sends one message whose recipients must all be taken; the number in its 250."""
    return asyncio.run(_submit(port, sample))


async def _submit(port: int, sample: Sample) -> str:
    connection = await Connection.open(port)
    try:
        reply, took = await connection.send(sample)
    finally:
        connection.close()
    number = NUMBER.search(reply)
    if number is None or took != list(sample.recipients):
        raise AssertionError(f"not taken: {reply!r}, {took}")
    return number[1]
