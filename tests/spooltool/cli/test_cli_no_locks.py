"""Commands that look take no lock: a message that is looked at can be delivered meanwhile."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.cli.verbs import VERBS
from tests.spooltool.cli.calling import AS_OF, Ended

Call = Callable[..., Ended]
LOOKING = [verb.name for verb in VERBS if verb.panel == "Look"]
WORDS: dict[str, tuple[str, ...]] = {
    "show": ("R001njd6k",),
    "watch": ("stuck", "--for", "0.01s"),
    "probe": ("127.0.0.1:1",),
}


@pytest.mark.parametrize("verb", LOOKING)
def test_nothing_is_locked(
    gateway: Path, call: Call, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    for name in ("flock", "lockf", "fcntl"):
        monkeypatch.setattr(fcntl, name, lambda fd, *_: taken.append(fd))
    clock = ("--as-of", str(AS_OF)) if verb in _WITH_CLOCK else ()
    done = call("--spool", gateway, *clock, verb, *WORDS.get(verb, ()))
    assert "Traceback" not in done.err, done.err
    assert done.code in (0, 1), done
    assert taken == []


def test_a_dry_run_locks_nothing(
    gateway: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", None)
    done = call("--spool", gateway, "retarget", "stuck", "--to", "10.1.5.9", "--dry-run")
    assert "would change" in done.out


_WITH_CLOCK = {verb.name for verb in VERBS if verb.asof}
