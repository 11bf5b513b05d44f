"""A test closes what it opened: descriptors that pile up fail another test, far away."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
import uvloop

_OURS = "/proc/self/fd"

uvloop.new_event_loop().close()  # the first one of a process leaves a pipe for good


@pytest.fixture(autouse=True)
def _closes_what_it_opens() -> Iterator[None]:
    before = _opened()
    yield
    if len(_opened()) > len(before):
        gc.collect()  # what nothing holds any more counts as closed
        left = _opened()
        if len(left) > len(before):
            new = sorted(target for fd, target in left.items() if before.get(fd) != target)
            pytest.fail("left open: " + ", ".join(new))


def _opened() -> dict[int, str]:
    """What each open descriptor of this process leads to."""
    found = {}
    for name in os.listdir(_OURS):
        try:
            found[int(name)] = os.readlink(f"{_OURS}/{name}")
        except FileNotFoundError:  # that by which the directory itself was read
            continue
    return found
