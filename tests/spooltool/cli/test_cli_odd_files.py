"""Verbs over a spool with links, pipes and devices in it: nothing outside is read or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.cli.verbs import VERBS
from spooltool.spool.names import MAIL_DIRS, STATE_DIR
from tests.harness.odd_files import IRREGULAR, KINDS, Outside, deadline, put_odd, swapped
from tests.spooltool.cli.calling import Ended
from tests.spooltool.cli.changed import NEW, put

Call = Callable[..., Ended]
CHANGING = [verb.name for verb in VERBS if verb.panel == "Change"]
LOOKING = [verb.name for verb in VERBS if verb.panel == "Look" and verb.name != "watch"]
WORDS: dict[str, tuple[str, ...]] = {
    "retarget": ("--to", NEW),
    "set": (f"ERR_SERVER={NEW}",),
    "move": ("hold",),
}


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return Outside.made(tmp_path)


@pytest.fixture
def odd(tmp_path: Path, outside: Outside) -> Path:
    """A spool with three good messages, and every kind in every directory."""
    spool = tmp_path / "spool"
    put(spool, 3)
    for place, directory in enumerate(MAIL_DIRS):
        letter = "T" if directory == STATE_DIR else "R"
        for at, kind in enumerate(KINDS):
            (spool / directory).mkdir(exist_ok=True)
            put_odd(kind, spool / directory / f"{letter}0000zz{place}{at}", outside)
    return spool


def carried_out(call: Call, spool: Path, folder: Path, verb: str, *which: str) -> Ended:
    """The verb over these messages, whatever it needs first."""
    if verb == "undo":
        call("--spool", spool, "retarget", *which, "--to", NEW, "--yes", "--wait", "0")
        return call("--spool", spool, "undo", "--yes", "--wait", "0")
    if verb == "apply":
        plan = folder / "plan.json"
        call("--spool", spool, "retarget", *which, "--to", NEW, "--plan", plan)
        return call("--spool", spool, "apply", plan, "--yes", "--wait", "0")
    return call("--spool", spool, verb, *which, *WORDS.get(verb, ()), "--yes", "--wait", "0")


@pytest.mark.parametrize("verb", CHANGING)
def test_a_verb_over_everything(
    odd: Path, outside: Outside, call: Call, tmp_path: Path, verb: str
) -> None:
    before = outside.facts
    with deadline(60):
        done = carried_out(call, odd, tmp_path, verb, "--all")
    assert done.code in (0, 1, 4), done
    assert "Traceback" not in done.err
    assert outside.facts == before
    assert not outside.path.with_name("made-by-following").exists()


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("verb", CHANGING)
def test_a_verb_whose_message_is_swapped_before_it_is_opened(
    tmp_path: Path,
    outside: Outside,
    call: Call,
    verb: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spool = tmp_path / "spool"
    (file,) = put(spool)
    before = outside.facts
    with deadline(60), swapped(monkeypatch, kind, spool / file, outside) as swaps:
        done = carried_out(call, spool, tmp_path, verb, file)
    assert swaps == [kind]
    assert done.code in (0, 1, 2, 4), done
    assert "1 done" not in done.out
    assert outside.facts == before


@pytest.mark.parametrize("verb", LOOKING)
def test_a_verb_that_looks(odd: Path, outside: Outside, call: Call, verb: str) -> None:
    before = outside.facts
    with deadline(60):
        done = call("--spool", odd, verb, *(["R0000zz20"] if verb == "show" else []))
    assert "Traceback" not in done.err
    assert "secret" not in done.out
    assert outside.facts == before
