"""Numbers are unique and never given twice, whatever was lost."""

from __future__ import annotations

import json
import os
import threading

import pytest

from spooltool.spool.names import format_number, number_value
from spooltool.store.counter import Counter, clock_floor
from spooltool.store.root import Spool


def values(counter: Counter, count: int) -> list[int]:
    return [number_value(counter.take()) or 0 for _ in range(count)]


def test_two_counters_never_give_the_same(spool: Spool) -> None:
    first, second = Counter(spool, block=3), Counter(spool, block=5)
    taken = [v for _ in range(10) for v in values(first, 2) + values(second, 3)]
    assert len(set(taken)) == len(taken)


def test_counters_of_many_threads_never_give_the_same(spool: Spool) -> None:
    """Each has a descriptor of its own, as processes have: only the lock keeps them apart."""
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            taken.extend(values(Counter(spool, block=1), 3))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == len(taken) == 240


def test_a_block_is_on_disk_before_its_first_number(spool: Spool) -> None:
    counter = Counter(spool, block=100)
    number = number_value(counter.take()) or 0
    fd = os.open("counter", os.O_RDONLY, dir_fd=spool.own_dir())
    assert int(os.read(fd, 64)) == number + 100
    os.close(fd)


def test_a_lost_counter_starts_above_every_file_trash_and_journal(spool: Spool) -> None:
    places = ["D_state/T", "D_sender/R", "D_resend/E", "D_hold/E", "D_quarantine/R"]
    for number, place in enumerate([*places, ".spooltool/trash/R"], 500):
        with open(f"{spool.path}/{place}{format_number(number)}", "wb"):
            pass
        assert number_value(Counter(spool, clock=lambda: 0.0).take()) == number + 1
        os.unlink(f"{spool.path}/.spooltool/counter")
    with open(f"{spool.path}/.spooltool/journal", "w", encoding="ascii") as journal:
        journal.write(json.dumps({"v": 1, "txn": "1", "id": format_number(1700)}) + "\n")
    assert number_value(Counter(spool, clock=lambda: 0.0).take()) == 1701


def test_a_process_reserves_at_most_twice_what_it_uses(spool: Spool) -> None:
    counter = Counter(spool, clock=lambda: 0.0)
    for used in (1, 99, 1, 900, 5000):
        last = values(counter, used)[-1]
        fd = os.open("counter", os.O_RDONLY, dir_fd=spool.own_dir())
        assert int(os.read(fd, 64)) <= 2 * last + 100
        os.close(fd)


def test_a_lost_counter_gives_no_number_of_mail_that_left_no_file(spool: Spool) -> None:
    now = 1795543999.0
    given = values(Counter(spool, clock=lambda: now), 5000)
    os.unlink("counter", dir_fd=spool.own_dir())
    assert values(Counter(spool, clock=lambda: now + 10), 1)[0] > max(given)


@pytest.mark.parametrize("now", [0.0, -1.0, 1e12])
def test_a_clock_that_tells_nothing_moves_no_number(now: float) -> None:
    assert clock_floor(now) == 0


def test_a_counter_that_is_lost_under_way_starts_above_all_too(spool: Spool) -> None:
    """Also above what this process gave out, of which no file need be left."""
    for text in (None, b"", b"junk\n", b"-7\n"):
        counter = Counter(spool, block=3, clock=lambda: 0.0)
        taken = values(counter, 3)
        path = f"{spool.path}/.spooltool/counter"
        if text is None:
            os.unlink(path)
        else:
            with open(path, "wb") as file:
                file.write(text)
        with open(f"{spool.path}/D_hold/E{format_number(taken[-1] + 500)}", "wb"):
            pass
        assert number_value(counter.take()) == taken[-1] + 501
        os.unlink(path)
        os.unlink(f"{spool.path}/D_hold/E{format_number(taken[-1] + 500)}")
        assert min(values(counter, 30)) > taken[-1] + 500


def test_foreign_names_beyond_our_range_do_not_end_it(spool: Spool) -> None:
    for foreign in ("Rzzzzzzzz", "Rdeadbeef", "R195", "RDEADBEEF"):
        with open(f"{spool.path}/D_resend/{foreign}", "wb"):
            pass
    assert len(Counter(spool).take()) == 8
