"""Compressed files in pieces."""

from __future__ import annotations

import gzip
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spooltool.live.inflate import Inflater


@pytest.fixture
def inflate(tmp_path):
    def read(data, size=1 << 20):
        path = tmp_path / "a.gz"
        path.write_bytes(data)
        fd = os.open(path, os.O_RDONLY)
        try:
            inflater = Inflater(fd)
            pieces = list(iter(lambda: inflater.read(size), b""))
        finally:
            os.close(fd)
        assert all(len(piece) <= size for piece in pieces)
        return b"".join(pieces), inflater.damaged

    return read


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.binary(max_size=200) | st.just(b"x" * 300000), max_size=3), st.integers(1, 5000))
def test_any_members_in_any_pieces(inflate, members, size):
    data = b"".join(map(gzip.compress, members))
    assert inflate(data, size) == (b"".join(members), False)


def test_padding_is_no_damage(inflate):
    assert inflate(gzip.compress(b"a") + bytes(1000)) == (b"a", False)


@pytest.mark.parametrize(
    "data", [b"plain text", gzip.compress(b"a" * 99, mtime=0)[:-9], b"\x1f\x8b"]
)
def test_damage_is_said_and_never_raised(inflate, data):
    assert inflate(data)[1]


def test_what_stands_before_the_damage_is_read(inflate):
    good = os.urandom(200000)
    read, damaged = inflate(gzip.compress(good)[:-50])
    assert damaged
    assert len(read) > 100000
    assert good.startswith(read)
