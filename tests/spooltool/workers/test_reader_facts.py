"""What stands beside the list: groups, reasons, relay, trash, journal, flow, trouble."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spooltool.control import Delivering, Destination, Order, Refused, Status, encode_reply
from spooltool.diagnose.grouping import KEY, KEYS, Groups
from spooltool.look.selection import select
from spooltool.look.sight import Sight
from spooltool.look.survey import survey
from spooltool.query import Query, parse_text
from spooltool.spool.plan import Change, KeyChange, Plan
from spooltool.store.journal import Actor, Journal, Outcome
from spooltool.store.root import Spool
from spooltool.workers.queue import Facts, Group, LookAgain, ReasonRow
from spooltool.workers.reading.grouping import MOST
from spooltool.workers.table import Flag
from tests.harness.process import wait_until
from tests.spooltool.cli.calling import AS_OF
from tests.spooltool.cli.test_cli_status import RUNNING, answering
from tests.spooltool.workers.seeing import Seen, listed, mail, put

See = Callable[..., Seen]


def facts(seen: Seen) -> Facts:
    return seen.picture.facts


def row_of(seen: Seen, number: str) -> dict[str, object]:
    return next(row for row in seen.rows if row["file"].endswith(number))


# counts


def test_the_counts_are_those_of_ls(gateway: Path, see: See, sight: Callable[..., Sight]) -> None:
    seen = see(gateway)
    picture = seen.show("stuck")
    found = survey(select(sight(spool_option=str(gateway), as_of=str(AS_OF)), ["stuck"]), None)
    everything = picture.facts.everything
    assert (everything.messages, everything.bytes) == (found.all.total, found.all.bytes)
    assert everything.standings == found.all.standings
    assert everything.reasons == dict(found.all.by_reason())
    assert everything.oldest == found.all.oldest
    assert picture.facts.last_life == found.all.last_life
    assert picture.matched.messages == found.shown.total
    assert picture.matched.oldest == found.shown.oldest


def test_the_oldest_is_found_again_when_it_leaves(spool: Path, see: See) -> None:
    for number, arrived in enumerate((AS_OF - 900.0, AS_OF - 800.0, AS_OF - 700.0)):
        put(spool, f"D_resend/R0000000{number}", mail(arrived=arrived))
    seen = see(spool)
    assert seen.show("stuck").matched.oldest == AS_OF - 900.0
    (spool / "D_resend/R00000000").unlink()
    picture = seen.touch("00000000")
    assert (picture.matched.oldest, picture.facts.everything.oldest) == (AS_OF - 800.0,) * 2
    os.rename(spool / "D_resend/R00000001", spool / "D_hold/R00000001")
    picture = seen.touch("00000001")
    assert picture.matched.oldest == AS_OF - 700.0
    assert picture.facts.everything.oldest == AS_OF - 800.0


# groups and reasons


@pytest.mark.parametrize("name", [key.name for key in KEYS])
def test_the_groups_are_those_of_the_command(
    gateway: Path, see: See, sight: Callable[..., Sight], name: str
) -> None:
    seen = see(gateway)
    seen.show("held", group=name)
    groups = Groups([KEY[name]])
    seen_by = sight(spool_option=str(gateway), as_of=str(AS_OF))
    survey(select(seen_by, ["stuck"]), None, groups=groups)
    expected = [
        (values[0] or "", tuple(cells.messages), sum(cells.bytes))
        for values, cells in groups.groups()[:MOST]
    ]
    assert [(g.label, g.ages, g.bytes) for g in facts(seen).groups] == expected


def test_the_query_of_a_group_selects_it(gateway: Path, see: See) -> None:
    seen = see(gateway)
    seen.show("stuck")
    chosen = [group for group in facts(seen).groups if group.query]
    assert len(chosen) > 4
    for group in chosen:
        assert (group.label, seen.show(f"stuck {group.query}").matched.messages) == (
            group.label,
            group.messages,
        )


def test_the_reasons_and_where_most_of_them_want_to_go(spool: Path, see: See) -> None:
    put(spool, "D_resend/R00000001", mail())
    put(spool, "D_resend/R00000002", mail())
    put(spool, "D_resend/R00000003", mail(dst="10.9.9.9"))
    busy = {"reason": "put-off", "code": 451, "text": "4.7.1 slow down"}
    put(spool, "D_resend/R00000004", mail(dst="mx1.example.net", **busy))
    put(spool, "D_hold/R00000005", mail())
    seen = see(spool)
    seen.show("held")
    assert facts(seen).reasons == (
        ReasonRow("refused", 3, "10.1.5.2", "reason:refused"),
        ReasonRow("put-off", 1, "mx1.example.net 451", "reason:put-off"),
    )
    assert [(g.label, g.query, g.messages, g.state) for g in facts(seen).groups] == [
        ("10.1.5.2", "dst:10.1.5.2", 2, ""),
        ("mx1.example.net", "dst:mx1.example.net", 1, "451"),
        ("10.9.9.9", "dst:10.9.9.9", 1, ""),
    ]


@pytest.mark.parametrize("key", [key.name for key in KEYS])
def test_the_mail_of_each_host_is_counted_whatever_the_groups_are(
    gateway: Path, see: See, key: str
) -> None:
    seen = see(gateway)
    seen.show("held")
    by_dst = {g.label: g.messages for g in facts(seen).groups if g.label not in ("", "-", "mx")}
    seen.show("held", group=key)
    assert facts(seen).grouped_by == key
    assert facts(seen).hosts == by_dst


def test_a_message_that_gets_old_moves_to_another_column(spool: Path, see: See) -> None:
    put(spool, "D_resend/R00000001", mail(arrived=AS_OF - 250.0, next_try=AS_OF + 900))
    seen = see(spool)
    seen.show()
    assert facts(seen).groups[0].ages == (1, 0, 0, 0, 0, 0, 0)
    seen.now.at += 100
    seen.step(30.0)
    assert facts(seen).groups[0].ages == (0, 1, 0, 0, 0, 0, 0)


# what changed


def test_another_key_marks_a_row_as_another_standing_does(spool: Path, see: See) -> None:
    file = "D_resend/R00000001"
    put(spool, file, mail())
    put(spool, "D_resend/R00000002", mail())
    seen = see(spool)
    seen.show()
    seen.now.at += 10
    put(spool, file, mail(dst="10.9.9.9"))
    seen.touch("00000001", "00000002")
    assert [cells.changed for cells in seen.cells] == [AS_OF + 10, 0]
    seen.now.at += 10
    put(spool, file, mail(dst="10.9.9.9", recipients=("anna@example.org", "ben@example.org")))
    seen.touch("00000001", "00000002")
    assert [cells.changed for cells in seen.cells] == [AS_OF + 20, 0]


# the relay


class Relay(answering):
    """A relay whose answers may change."""

    def says(self, status: Status) -> None:
        self.reply = encode_reply(status)


def own_directory(spool: Path) -> Path:
    own = spool / ".spooltool"
    own.mkdir(mode=0o700, exist_ok=True)
    return own


def same_as_ls(seen: Seen, spool: Path) -> None:
    told = {row["file"]: row for row in listed(spool)}
    for row in seen.rows:
        of_ls = told[row["file"]]
        got = (row["standing"], row["reason"] or None, row["why"])
        assert (row["file"], *got) == (
            row["file"], of_ls["standing"], of_ls["stuck"], of_ls["why"]
        )  # fmt: skip
        assert (row["file"], Flag.HELD in row["flags"]) == (row["file"], bool(of_ls["holder"]))
        assert (row["file"], Flag.SUSPENDED in row["flags"]) == (row["file"], of_ls["suspended"])


@pytest.fixture
def two(spool: Path) -> Path:
    """Two messages that are due since ten minutes, to two hosts."""
    put(spool, "D_resend/R00000001", mail(next_try=AS_OF - 600))
    put(spool, "D_resend/R00000002", mail(next_try=AS_OF - 600, dst="10.9.9.9"))
    return spool


IDLE = replace(RUNNING, delivering=(), destinations=())


def test_a_relay_that_comes_and_goes_changes_what_is_overdue(two: Path, see: See) -> None:
    seen = see(two)
    seen.show()
    assert [row["reason"] for row in seen.rows] == ["refused", "refused"]
    assert not facts(seen).relay.up
    with Relay(own_directory(two), IDLE):
        seen.step(1.0)
        assert facts(seen).relay.up
        assert [row["reason"] for row in seen.rows] == ["overdue", "overdue"]
        same_as_ls(seen, two)
        seen.step(1.0)
        assert {g.state for g in facts(seen).groups} == {"late"}
    (two / ".spooltool/control").unlink()
    seen.step(1.0)
    assert [row["reason"] for row in seen.rows] == ["refused", "refused"]


def test_a_relay_that_hangs_holds_nobody_up(two: Path, see: See) -> None:
    relay = Relay(own_directory(two), IDLE)  # it listens, and takes no connection yet
    seen = see(two, patience=0.0)
    seen.show()
    assert [row["reason"] for row in seen.rows] == ["refused", "refused"]
    assert facts(seen).relay.why_not == "has not answered yet"
    with relay:
        wait_until(lambda: seen.step(1.0).facts.relay.up, what="its answer")
        seen.step(1.0)
        assert [row["reason"] for row in seen.rows] == ["overdue", "overdue"]


def test_a_relay_that_refuses_to_tell_is_told(two: Path, see: See) -> None:
    relay = Relay(own_directory(two), IDLE)
    relay.reply = encode_reply(Refused("not now"))
    with relay:
        seen = see(two)
        seen.show()
        assert facts(seen).relay.why_not == "refuses: not now"
        relay.says(IDLE)
        seen.step(1.0)
        assert facts(seen).relay.up


def test_who_works_on_a_message_shows_and_ends(two: Path, see: See) -> None:
    at_work = replace(IDLE, delivering=(Delivering("00000001", "10.1.5.2", AS_OF - 41.0),))
    with Relay(own_directory(two), at_work) as relay:
        del relay
        seen = see(two)
        seen.show()
        assert row_of(seen, "1")["why"] == "delivering: mdq 4172, 41 s"
        same_as_ls(seen, two)
        seen.now.at += 9
        seen.step(1.0)
        assert row_of(seen, "1")["why"] == "delivering: mdq 4172, 50 s"


def test_an_answer_that_changes_is_seen_within_a_second(two: Path, see: See) -> None:
    at_work = replace(IDLE, delivering=(Delivering("00000001", "10.1.5.2", AS_OF - 41.0),))
    relay = Relay(own_directory(two), IDLE)
    with relay:
        seen = see(two)
        seen.show()
        assert Flag.HELD not in row_of(seen, "1")["flags"]
        relay.says(at_work)
        seen.step(1.0)
        assert Flag.HELD in row_of(seen, "1")["flags"]
        relay.says(IDLE)
        seen.step(1.0)
        assert Flag.HELD not in row_of(seen, "1")["flags"]
        same_as_ls(seen, two)


def test_mail_of_a_destination_that_is_down_waits_for_its_probe(two: Path, see: See) -> None:
    down = Destination(
        "10.1.5.2", (("10.1.5.2", 25),), 1, 1, 0, True, AS_OF - 7200.0, next_probe=AS_OF + 300.0
    )
    relay = Relay(own_directory(two), IDLE)
    with relay:
        seen = see(two)
        seen.show()
        assert row_of(seen, "1")["reason"] == "overdue"
        relay.says(replace(IDLE, destinations=(down,)))
        seen.step(1.0)
        assert (row_of(seen, "1")["reason"], row_of(seen, "1")["next_try"]) == (
            "refused", AS_OF + 300
        )  # fmt: skip
        assert row_of(seen, "2")["reason"] == "overdue"
        same_as_ls(seen, two)
        assert {g.label: g.state for g in facts(seen).groups} == {
            "10.1.5.2": "down",
            "10.9.9.9": "late",
        }
        seen.step(2.0)
        abouts = {one.reason: one.about for one in facts(seen).reasons}
        assert abouts == {"refused": "10.1.5.2 since 16:44", "overdue": "10.9.9.9"}
        relay.says(replace(IDLE, destinations=(replace(down, next_probe=AS_OF + 900.0),)))
        seen.step(1.0)
        assert row_of(seen, "1")["next_try"] == AS_OF + 900
        relay.says(replace(IDLE, destinations=(replace(down, down=False),)))
        seen.step(1.0)
        assert row_of(seen, "1")["reason"] == "overdue"


def test_suspended_hosts_are_marked_and_told(two: Path, see: See) -> None:
    order = Order("10.1.5.2", AS_OF - 60.0, None, "jo", "migration", 1)
    relay = Relay(own_directory(two), IDLE)
    with relay:
        seen = see(two)
        seen.show()
        relay.says(replace(IDLE, orders=(order, Order("*.example.de", AS_OF - 60.0))))
        seen.step(1.0)
        same_as_ls(seen, two)
        assert row_of(seen, "1")["why"].startswith("suspended: refused")
        assert facts(seen).relay.orders[0] == order
        states = [(g.label, g.messages, g.state) for g in facts(seen).groups]
        assert states == [
            ("10.1.5.2", 1, "susp"),
            ("10.9.9.9", 1, "late"),
            ("*.example.de", 0, "susp"),
        ]
        relay.says(IDLE)
        seen.step(1.0)
        assert row_of(seen, "1")["reason"] == "overdue"


def test_destinations_without_stuck_mail_come_after_the_others(two: Path, see: See) -> None:
    known = (
        Destination("10.1.5.7", (("10.1.5.7", 25),)),
        Destination("10.9.9.9", (("10.9.9.9", 25),)),
        Destination("10.1.5.8", (("10.1.5.8", 2525),)),
    )
    with Relay(own_directory(two), replace(IDLE, destinations=known)):
        seen = see(two)
        seen.show()
        none = (0,) * 7
        assert facts(seen).groups[2:] == (
            Group("10.1.5.7", "dst:10.1.5.7", none, 0, "ok"),
            Group("10.1.5.8:2525", "dst:10.1.5.8:2525", none, 0, "ok"),
        )
        seen.show(group="reason")
        assert [g.label for g in facts(seen).groups] == ["overdue"]


# time alone


def test_time_alone_makes_mail_overdue_and_partial(spool: Path, see: See) -> None:
    put(spool, "D_resend/R00000001", mail(next_try=AS_OF + 30))
    put(spool, "D_state/T00000002", b"FROM:\t<a@example.com>\n")
    os.utime(spool / "D_state/T00000002", (AS_OF - 5, AS_OF - 5))
    with Relay(own_directory(spool), IDLE):
        seen = see(spool)
        seen.show()
        assert {row["standing"] for row in seen.rows} == {"stuck", "receiving"}
        seen.now.at = AS_OF + 80
        seen.step(10.0)
        assert row_of(seen, "1")["reason"] == "refused"
        seen.now.at = AS_OF + 95
        seen.step(10.0)
        assert (row_of(seen, "1")["reason"], row_of(seen, "2")["reason"]) == ("overdue", "partial")
        assert row_of(seen, "1")["why"] == "overdue: due 1 m ago"


# beside


CHANGES = (Change("00000001", "D_resend/R00000001", 1, 2, (KeyChange("DST", "a", "b"),), ""),)


def test_the_last_transactions_are_told_with_their_results(spool: Path, see: See) -> None:
    actor = Actor("root", "/dev/pts/3", "gw1", "spooltool retarget stuck --to b")
    seen = see(spool)
    seen.show()
    assert facts(seen).transactions == ()
    with Spool.open(str(spool)) as opened:
        journal = Journal(opened)
        for number in range(25):
            plan = Plan("retarget", str(spool), "--spool", "stuck", AS_OF, CHANGES)
            txn = journal.begin(plan, actor, AS_OF - 60.0 + number)
            journal.intend(txn, plan.changes)
            journal.record(txn, [Outcome("00000001", "D_resend/R00000001", "done")] * (number + 1))
            if number < 24:
                journal.end(txn, AS_OF - 60.0 + number)
        journal.close()
    seen.ask(LookAgain())
    told = facts(seen).transactions
    assert len(told) == 20
    first = told[0]
    assert (first.verb, first.user, first.query) == ("retarget", "root", "stuck")
    assert [one.at for one in told] == [AS_OF - 36.0 - number for number in range(20)]
    assert (first.ended, told[1].ended) == (False, True)
    assert [outcome.result for outcome in first.outcomes] == ["done"] * 25
    assert len(told[1].outcomes) == 24


def test_trash_and_disk_are_told(spool: Path, see: See) -> None:
    trash = own_directory(spool) / "trash"
    trash.mkdir()
    (trash / "R00000001").write_bytes(b"12345")
    seen = see(spool)
    seen.show()
    told = facts(seen)
    assert (told.trash.messages, told.trash.bytes) == (1, 5)
    assert told.trash.oldest == (trash / "R00000001").stat().st_ctime
    assert told.disk is not None
    assert told.disk.total == os.statvfs(spool).f_blocks * os.statvfs(spool).f_frsize
    (trash / "R00000001").unlink()
    seen.step(2.0)
    assert (facts(seen).trash.messages, facts(seen).trash.oldest) == (0, None)


def test_what_came_and_left_is_counted_by_ten_seconds(spool: Path, see: See) -> None:
    put(spool, "D_resend/R00000001", mail())
    seen = see(spool)
    seen.show()
    assert (facts(seen).arrived, facts(seen).left, facts(seen).depth) == ((), (), (1,))
    put(spool, "D_resend/R00000002", mail())
    put(spool, "D_resend/R00000003", mail())
    seen.touch("00000002", "00000003")
    (spool / "D_resend/R00000001").unlink()
    seen.touch("00000001")
    seen.touch("00000001", "00000009")  # the one is known to have left, the other came and left
    seen.step(10.0)
    assert (facts(seen).arrived, facts(seen).left, facts(seen).depth) == ((3,), (2,), (2, 2))
    for _ in range(70):
        seen.step(10.0)
    assert len(facts(seen).depth) == 60


# trouble


def test_a_spool_that_vanishes_is_told_and_found_again(spool: Path, see: See) -> None:
    put(spool, "D_resend/R00000001", mail())
    seen = see(spool)
    seen.show()
    identity = seen.reader.identity
    shutil.rmtree(spool)
    seen.ask(LookAgain())
    assert (seen.files, facts(seen).unreadable) == ([], (("", "no such directory"),))
    (spool / "D_sender").mkdir(parents=True)
    seen.ask(LookAgain())
    assert facts(seen).unreadable == ()
    assert seen.reader.identity != identity
    put(spool, "D_sender/R00000002", mail())
    seen.touch("00000002")
    assert seen.files == ["D_sender/R00000002"]
    (spool / "D_hold").mkdir()
    put(spool, "D_hold/R00000003", mail())
    seen.step(10.0)
    assert sorted(seen.files) == ["D_hold/R00000003", "D_sender/R00000002"]


def test_a_directory_that_is_made_anew_is_read(spool: Path, see: See) -> None:
    put(spool, "D_hold/R00000001", mail())
    seen = see(spool)
    seen.show()
    shutil.rmtree(spool / "D_hold")
    (spool / "D_hold").mkdir()
    put(spool, "D_hold/R00000002", mail())
    seen.ask(LookAgain())
    assert seen.files == ["D_hold/R00000002"]


def test_canonical_queries_of_groups_are_read_as_they_are_told(gateway: Path, see: See) -> None:
    seen = see(gateway)
    for key in KEYS:
        seen.show("stuck", group=key.name)
        for group in facts(seen).groups:
            if group.query:
                assert parse_text(group.query) != Query()
