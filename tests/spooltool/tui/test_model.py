"""The list as the screen holds it: pictures taken in one by one, or several at once."""

from __future__ import annotations

from pathlib import Path

from spooltool.tui.model import Queue
from spooltool.workers.queue import Picture, Show
from spooltool.workers.wire import Frame
from tests.spooltool.workers.seeing import Clock, Seen, empty_spool, mail, put

HOSTS = ("10.1.5.2", "10.9.9.9", "mx1.example.net")


def frames(spool: Path, ticks: Clock) -> list[Frame]:
    """A picture after each message that comes, with strings that none before it had."""
    seen = Seen(spool, ticks=ticks)
    seen.reader.asked(Show(1, "", "", "dst"))
    found = []
    for number, host in enumerate(HOSTS):
        put(spool, f"D_resend/R0000000{number}", mail(dst=host))
        seen.reader.touched([f"0000000{number}"])
        seen.reader.look_everywhere()
        ticks.at += 30.0
        pictures = [one for one in seen.reader.step(1.0) if isinstance(one.value, Picture)]
        found += pictures
    seen.close()
    return found


def shown(queue: Queue) -> list[tuple[str, str]]:
    return [(queue[row].number, queue.strings[queue[row].dst]) for row in range(len(queue))]


def test_several_pictures_at_once_are_as_one_after_the_other(tmp_path: Path) -> None:
    one, many = Queue(), Queue()
    came = frames(empty_spool(tmp_path / "one"), Clock(1000.0))
    assert len(came) >= len(HOSTS)
    for frame in came:
        one.take([frame])
    many.take(frames(empty_spool(tmp_path / "many"), Clock(1000.0)))
    assert shown(one) == [(f"0000000{n}", host) for n, host in enumerate(HOSTS)]
    assert shown(many) == shown(one)
    one.close()
    many.close()
