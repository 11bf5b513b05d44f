"""A log that is written and rotated in every way, for the tests of the follower."""

from __future__ import annotations

import pytest

from tests.harness.rotator import Rotator


@pytest.fixture
def rotator():
    """Makes a writer of a log at a path; its descriptors are closed after the test."""
    made = []

    def make(path):
        made.append(Rotator(path))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _drain(log):
    lines = log.poll()
    while not log.caught_up:
        lines += log.poll()
    return lines


@pytest.fixture
def drain():
    """Reads a log to its present end."""
    return _drain
