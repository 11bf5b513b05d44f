"""On NFS, CIFS or FUSE verbs that change refuse without --force; those that look do not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.cli.verbs import VERBS
from spooltool.store import filesystem
from tests.spooltool.cli.calling import Ended
from tests.spooltool.cli.changed import NEW, put, tree

Call = Callable[..., Ended]
WORDS: dict[str, tuple[str, ...]] = {
    "retarget": ("--all", "--to", NEW),
    "set": ("--all", f"ERR_SERVER={NEW}"),
    "move": ("--all", "hold"),
    "undo": (),
}
CHANGING = [verb.name for verb in VERBS if verb.panel == "Change"]


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spool of which the system says that it lies on NFS."""
    spool = tmp_path / "spool"
    put(spool, 2)
    device = os.stat(spool).st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"21 1 {os.major(device)}:{os.minor(device)} / / rw - nfs4 far:/mail rw\n")
    monkeypatch.setattr(filesystem, "_MOUNTS", str(mounts))
    return spool


@pytest.mark.parametrize("verb", CHANGING)
def test_a_verb_that_changes(far: Path, call: Call, tmp_path: Path, verb: str) -> None:
    if verb == "undo":
        call("--spool", far, "retarget", "--all", "--to", NEW, "--yes", "--force")
    words = WORDS.get(verb, ("--all",))
    if verb == "apply":
        plan = tmp_path / "plan.json"
        assert call("--spool", far, "retarget", "--all", "--to", NEW, "--plan", plan).code == 0
        words = (str(plan),)
    before = tree(far)
    refused = call("--spool", far, verb, *words, "--yes")
    assert refused.code == 1
    assert "lies on nfs4: locks there" in refused.err
    assert "--force" in refused.err
    assert tree(far) == before
    forced = call("--spool", far, verb, *words, "--yes", "--force")
    assert "nfs4" not in forced.err
    assert forced.code == 0


def test_looking_and_trying_out_are_not_refused(far: Path, call: Call) -> None:
    assert call("--spool", far, "ls").code == 0
    assert call("--spool", far, "retarget", "--all", "--to", NEW, "--dry-run").code == 0
