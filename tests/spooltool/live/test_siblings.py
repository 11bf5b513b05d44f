"""Names of rotated files."""

from __future__ import annotations

import os

import pytest

from spooltool.live.siblings import siblings


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.0", "a.1", "a.10", "a.2"], ["a.10", "a.2", "a.1", "a.0"]),
        (["a.1.gz", "a.0"], ["a.1.gz", "a.0"]),
        (["a.1.gz", "a.1"], ["a.1"]),
        (
            ["a-20261124", "a-20261123.gz", "a-20251231"],
            ["a-20251231", "a-20261123.gz", "a-20261124"],
        ),
        (["a-20261123", "a.0"], ["a-20261123", "a.0"]),
        (["a", "a.bak", "a.0.tmp", "b.0", "a.x1", "aa.0", ".a.0", "a.0.gz.1"], []),
    ],
)
def test_oldest_first(tmp_path, names, expected):
    for name in names:
        (tmp_path / name).touch()
    found = siblings(str(tmp_path / "a"))
    assert [os.path.basename(one.path) for one in found] == expected
    assert [one.compressed for one in found] == [name.endswith(".gz") for name in expected]


def test_a_directory_that_is_not_there_has_none(tmp_path):
    assert siblings(str(tmp_path / "no" / "a")) == []


def test_a_bare_name_is_in_the_current_directory(tmp_path, monkeypatch):
    (tmp_path / "a.0").touch()
    monkeypatch.chdir(tmp_path)
    assert [one.path for one in siblings("a")] == ["a.0"]
