"""What the hand does, without its process."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from spooltool.change import work as change_work
from spooltool.change.actor import who
from spooltool.change.order import Order
from spooltool.look.sight import Sight
from spooltool.store import journal
from spooltool.workers import changes as of
from spooltool.workers.handling import Hand
from tests.harness.process import wait_until
from tests.spooltool.cli.changed import put, tree, values


class Heard:
    """A hand, and what it has told."""

    def __init__(self, spool: Path, **sight: Any) -> None:
        self.told: list[of.Told] = []
        self.stop = lambda: False
        self._sight = seen = Sight(spool_option=str(spool), **sight)
        self.hand = Hand(seen, who(seen), self.told.append, stopped=lambda: self.stop())

    def close(self) -> None:
        self.hand.drop()
        self._sight.close()

    def ask(self, ask: of.Ask) -> Any:
        """The last answer."""
        self.hand.asked(ask)
        return self.told[-1]

    def prepare(self, verb: str, *words: str, serial: int = 1, **options: Any) -> Any:
        return self.ask(of.Prepare(serial, Order(verb, words, options=options), 80))


Hear = Callable[..., Heard]


@pytest.fixture
def hear() -> Iterator[Hear]:
    """Hands over spools, let go at the end."""
    with ExitStack() as made:
        yield lambda spool, **sight: made.enter_context(closing(Heard(spool, **sight)))


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SPOOLTOOL_SPOOL", raising=False)
    put(tmp_path / "spool", 3)
    return tmp_path / "spool"


def full(*arguments: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_plan_writes_nothing(hear: Hear, spool: Path) -> None:
    before = tree(spool)
    heard = hear(spool)
    for serial, verb in enumerate(("hold", "delete", "requeue", "bounce", "accept", "purge"), 1):
        words = () if verb == "purge" else ("dst:10.1.5.2",)
        assert isinstance(heard.prepare(verb, *words, serial=serial), of.Planned)
    heard.ask(of.Recent(9))
    heard.ask(of.Envelope(9, (next(iter(values(spool, "DST"))),)))
    assert tree(spool) == before


def test_only_the_plan_in_hand_is_carried_out(hear: Hear, spool: Path) -> None:
    heard = hear(spool)
    heard.prepare("hold", "dst:10.1.5.2", serial=1)
    heard.prepare("delete", "dst:10.1.5.2", serial=2)
    refused = heard.ask(of.Carry(1))
    assert isinstance(refused, of.Refused) and "not in hand any more" in refused.lines[0]
    assert values(spool, "DST").keys() == {f for f in values(spool, "DST") if "D_sender" in f}
    assert isinstance(heard.ask(of.Carry(2)), of.Done)
    assert isinstance(heard.ask(of.Carry(2)), of.Refused)  # once


def test_a_dropped_plan_is_not_carried_out(hear: Hear, spool: Path) -> None:
    heard = hear(spool)
    heard.prepare("hold", "dst:10.1.5.2")
    assert heard.hand.holds
    heard.ask(of.Drop(1))
    assert not heard.hand.holds
    assert isinstance(heard.ask(of.Carry(1)), of.Refused)


@pytest.mark.parametrize(
    ("verb", "words", "options", "says", "code"),
    [
        ("hold", (), {}, "which messages?", 2),
        ("hold", ("nonsense",), {}, "nonsense", 2),
        ("hold", ("-",), {}, "`-`", 2),
        ("retarget", ("stuck",), {}, "--to HOST", 2),
        ("set", ("stuck", "DST=a b"), {}, "DST=a b", 2),
        ("set", ("stuck",), {}, "KEY=VALUE", 2),
        ("release", ("held",), {"pass": "everything"}, "no such check", 2),
        ("undo", (), {}, "no transaction yet", 2),
        ("undo", ("zz",), {}, "no transaction zz", 2),
        ("apply", ("/nowhere",), {}, "No such file", 2),
        ("move", ("stuck", "elsewhere"), {}, "no such move", 2),
        ("purge", (), {"older": "soon"}, "not a time", 2),
        ("kick", ("stuck",), {}, "the relay is not running", 69),
        ("hold", ("stuck",), {"wait": "x"}, "not a time", 2),
        ("sing", ("stuck",), {}, "no verb that makes plans", 2),
    ],
)
def test_what_is_refused_is_told(
    hear: Hear,
    spool: Path,
    verb: str,
    words: tuple[str, ...],
    options: dict[str, str],
    says: str,
    code: int,
) -> None:
    told = hear(spool).prepare(verb, *words, **options)
    assert isinstance(told, of.Refused) and told.code == code
    assert says in "\n".join((*told.lines, *told.hint))


@pytest.mark.parametrize("sight", [{"read_only": True}, {"as_of": "last"}])
def test_told_read_only_it_refuses(hear: Hear, spool: Path, sight: dict[str, Any]) -> None:
    before = tree(spool)
    heard = hear(spool, **sight)
    for verb in ("hold", "undo", "purge", "kick"):
        told = heard.prepare(verb, *(() if verb in ("undo", "purge") else ("stuck",)))
        assert isinstance(told, of.Refused) and told.code == 77
    assert tree(spool) == before


def test_no_spool_any_more(hear: Hear, spool: Path) -> None:
    heard = hear(spool)
    heard.prepare("hold", "dst:10.1.5.2")
    spool.rename(spool.with_name("other"))
    heard.hand.look_around()
    gone = "the spool is not there any more: nothing can be changed"
    assert heard.told[-1] == of.Around(1, gone, gone=True)
    assert heard.ask(of.Carry(1)).code == 66
    assert heard.prepare("hold", "stuck").code == 66


def test_a_disk_without_room_refuses_early(
    hear: Hear, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_work, "free_space", lambda path: 1 << 20)
    heard = hear(spool)
    told = heard.prepare("retarget", "dst:10.1.5.2", **{"to": "10.1.5.9", "no-probe": True})
    assert isinstance(told, of.Refused) and "must stay free" in told.lines[0] and told.code == 74
    assert isinstance(heard.prepare("hold", "dst:10.1.5.2"), of.Planned)
    assert heard.ask(of.Carry(1)).code == 0


def test_a_journal_without_room_changes_nothing(
    hear: Hear, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = hear(spool)
    heard.prepare("hold", "dst:10.1.5.2")
    monkeypatch.setattr(journal.os, "write", full)
    told = heard.ask(of.Carry(1))
    assert isinstance(told, of.Refused) and "No space left" in told.lines[0]
    assert all(file.startswith("D_sender/") for file in values(spool, "DST"))


def test_what_only_frees_goes_on_and_tells_its_records(
    hear: Hear, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = hear(spool)
    heard.prepare("delete", "dst:10.1.5.2", purge=True)
    monkeypatch.setattr(journal.os, "write", full)
    told = heard.ask(of.Carry(1))
    assert isinstance(told, of.Done)
    text = " ".join(told.lines)
    assert "the journal cannot be written; its records are:" in text and '"kind": "begin"' in text
    assert values(spool, "DST") == {}


def test_stop_and_progress(hear: Hear, tmp_path: Path) -> None:
    put(tmp_path / "spool", 200)
    heard = hear(tmp_path / "spool")
    heard.prepare("hold", "dst:10.1.5.2")
    heard.stop = lambda: bool(os.listdir(tmp_path / "spool/D_hold"))
    told = heard.ask(of.Carry(1))
    assert isinstance(told, of.Done) and told.interrupted and told.code == 130
    progress = [one for one in heard.told if isinstance(one, of.Progress)]
    assert (progress[0].ended, progress[0].of) == (0, 200)
    assert len(list((tmp_path / "spool/D_hold").iterdir())) == 64  # a batch
    assert "136 of 200 were not reached" in " ".join(told.lines)


def test_all_diffs_are_bounded(hear: Hear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "spool", 20)
    monkeypatch.setattr("spooltool.workers.in_hand.MOST_LINES", 10)
    heard = hear(tmp_path / "spool")
    heard.prepare("set", "dst:10.1.5.2", "ACCT=1")
    told = heard.ask(of.ShowDiffs(1, 80))
    assert isinstance(told, of.Diffs)
    assert (len(told.lines), told.left_out) == (10, 20 * 4 - 1 - 10)


def test_a_probe_comes_after_the_plan(hear: Hear, spool: Path) -> None:
    heard = hear(spool)
    heard.prepare("retarget", "dst:10.1.5.2", to="127.0.0.1:1")
    over: Callable[[], bool] = lambda: heard.told[-1] == of.Probed(1, (), True, False)  # noqa: E731
    wait_until(over, what="the end of the probe")
    planned, first, *_ = heard.told
    assert isinstance(planned, of.Planned) and planned.probing and not planned.probe
    assert isinstance(first, of.Probed) and "127.0.0.1:1  connect failed" in first.lines[0]
    again = heard.ask(of.Reflow(1, 60))
    assert not again.probing and "connect failed" in " ".join(again.probe)


def test_recent_transactions_and_whose_they_are(
    hear: Hear, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = hear(spool)
    assert heard.ask(of.Recent(5)) == of.Recents(5, ())
    for serial, word in enumerate(("ACCT=1", "ACCT=0"), 1):
        heard.prepare("set", "dst:10.1.5.2", word, serial=serial)
        heard.ask(of.Carry(serial))
    told = heard.ask(of.Recent(5))
    assert [txn for txn, _ in told.choices] == ["2", "1"] and told.mine == "2"
    monkeypatch.setenv("SUDO_UID", "7")
    monkeypatch.setenv("SUDO_USER", "somebody")
    assert hear(spool).ask(of.Recent(5)).mine == ""


def test_who_lets_mail_pass_is_the_person(
    hear: Hear, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after the process has become the spool's owner."""
    file = next(iter(values(spool, "DST")))
    (spool / file).rename(spool / "D_quarantine" / Path(file).name)
    path = spool / "D_quarantine" / Path(file).name
    text = path.read_bytes()
    at = text.index(b"STATE:\t") + len(b"STATE:\t")
    path.write_bytes(text[:at] + b"html".ljust(11) + text[at + 11 :])
    monkeypatch.setenv("SUDO_UID", "7")
    monkeypatch.setenv("SUDO_USER", "somebody")
    heard = hear(spool)
    monkeypatch.delenv("SUDO_USER")
    told = heard.prepare("release", "quarantined", **{"pass": "html"})
    assert isinstance(told, of.Planned) and told.changes == 1, told
    heard.ask(of.Carry(1))
    (passed,) = values(spool, "PASS").values()
    assert "somebody@" in passed
