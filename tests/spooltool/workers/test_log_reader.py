"""The logs as the screen sees them: each line once, the last ones first, bounded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spooltool.diagnose.logkind import Kind
from spooltool.live import past
from spooltool.spool.hosts import HostPort
from spooltool.workers.log_messages import (
    BATCH,
    MOST,
    Everything,
    Line,
    Lines,
    Looked,
    Matching,
    OneMessage,
    Toward,
)
from spooltool.workers.queue import Misread
from tests.spooltool.cli.calling import copied
from tests.spooltool.workers.log_scene import NOW, Scene, open_files, raw_lines


def toward(host: str, port: int | None = None) -> Toward:
    return Toward((HostPort(host, port),))


def day(scene: Scene) -> None:
    """A little of everything."""
    scene.elg("asmtpd.elg", NOW - 9, "001njqb0", "stored", src="192.168.230.24", rcpts=1,
              sender="billing@example.com", size=12345)  # fmt: skip
    scene.elg("mdq.elg", NOW - 8, "001njqb0", "delivered", host="10.1.5.7:25",
              to="eva@example.net", reply="250 2.0.0 queued 4F1")  # fmt: skip
    scene.elg("mdq.elg", NOW - 7, "001njq5a", "put-off", host="10.1.5.2:25",
              to="anna@example.org", reply="connection refused")  # fmt: skip
    scene.log["tracker.log"].add(
        b"24Nov2026 18:44:05 accept gw1 id: 001njqb0; dst: 10.1.5.7; from: a@b;"
    )
    scene.elg("mdq.elg", NOW - 5, "001njq99", "notice-put-off", host="MX1.Example.NET:2525",
              to="billing@example.com", reply="451 4.7.1 slow")  # fmt: skip
    scene.elg("mdq.elg", NOW - 4, "", "down", host="10.1.5.2", text="refused")


DAY = [
    "asm  R001njqb0 stored    12 KB from 192.168.230.24  billing@example.com to 1 recipient",
    "mdq  R001njqb0 delivered 10.1.5.7 250 2.0.0 queued 4F1  to eva@example.net",
    "mdq  R001njq5a put off   10.1.5.2 connection refused  to anna@example.org",
    "trk  R001njqb0 accept    from a@b  dst=10.1.5.7",
    "mdq  E001njq99 notice put off MX1.Example.NET:2525 451 4.7.1 slow  to billing@example.com",
    "mdq  -         down      10.1.5.2  refused",
]


def test_a_domain_is_found_in_either_of_its_spellings(scene: Scene) -> None:
    for at, address in enumerate(("a@bücher.example", "b@xn--bcher-kva.example", "c@b.example")):
        scene.elg("mdq.elg", NOW - 9 + at, "001njq5a", "put-off", host="h", to=address, reply="451")
    scene.open()
    scene.show(Toward(domains=("xn--bcher-kva.example",)))
    assert [words.rpartition("@")[0][-1] for words in scene.words()] == ["a", "b"]


def test_what_was_there_and_what_comes(scene: Scene) -> None:
    day(scene)
    scene.open()
    scene.show()
    assert scene.words() == DAY
    assert scene.looked is not None and scene.looked.done and not scene.looked.more
    assert scene.looked.looked == scene.looked.of > 0
    scene.elg("mdq.elg", NOW - 3, "001njq5b", "kick", ids=3)
    scene.elg("mdq.elg", NOW - 2, "001njq5b", "delivered", host="h", to="a@b", reply="250 ok")
    scene.settle()
    assert scene.words()[len(DAY) :] == [
        "mdq  R001njq5b kick      ids=3",
        "mdq  R001njq5b delivered h 250 ok  to a@b",
    ]
    assert [line.kind for line in scene.lines] == [
        *(Kind.STORED, Kind.DELIVERED, Kind.PUT_OFF, Kind.OTHER, Kind.PUT_OFF, Kind.TROUBLE),
        *(Kind.OPERATOR, Kind.DELIVERED),
    ]
    assert scene.lines[2] == Line(
        NOW - 7, Kind.PUT_OFF, "R001njq5a", "001njq5a", "10.1.5.2:25", DAY[2]
    )


@pytest.mark.parametrize(
    ("about", "kept"),
    [
        (OneMessage("001njqb0"), [0, 1, 3]),
        (OneMessage("001njq99"), [4]),
        (OneMessage("00000000"), []),
        (toward("10.1.5.2"), [2, 5]),
        (toward("10.1.5.2", 25), [2, 5]),
        (toward("10.1.5.2", 2525), []),
        (toward("mx1.example.net", 2525), [4]),
        (toward("10.1.5.7"), [1, 3]),
        (Toward((HostPort("10.1.5.7"), HostPort("mx1.example.net", 2525))), [1, 3, 4]),
        (Toward(domains=("example.net",)), [1]),
        (Toward(domains=("example.net", "example.org")), [1, 2]),
        (Matching("rcpt:@example.net"), [1]),
        (Matching("dst:10.1.5.7 or from:billing@example.com"), [0, 1, 3]),
        (Matching("001njqb0 001njq99"), [0, 1, 3, 4]),
        (Matching("R001njq5a"), [2]),
        (Matching("stuck"), []),
        (Everything(), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_a_choice_of_lines(scene: Scene, about: object, kept: list[int]) -> None:
    """In the past and of those that come, the same ones."""
    day(scene)
    scene.open()
    scene.show(about)
    wanted = [DAY[index] for index in kept]
    assert scene.words() == wanted
    day(scene)
    scene.settle()
    assert scene.words() == wanted * 2


def test_a_query_means_what_the_command_means(
    scene: Scene, spool_fixtures: Path, tmp_path: Path
) -> None:
    """`stuck` is the message, of which a line tells nothing."""
    scene.spool = copied(spool_fixtures / "gw", tmp_path / "gw")
    gateway = Scene(scene.spool)
    gateway.elg("mdq.elg", NOW - 2, "001njd6k", "put-off", host="10.1.5.2:25", reply="451 slow")
    gateway.elg("mdq.elg", NOW - 1, "001njqb0", "delivered", host="10.1.5.7:25", reply="250 ok")
    gateway.open()
    gateway.show(Matching("stuck"))
    assert gateway.words() == ["mdq  R001njd6k put off   10.1.5.2 451 slow"]
    assert gateway.looked is not None and gateway.looked.done
    gateway.close()


def test_a_query_that_cannot_be_read(scene: Scene) -> None:
    scene.open()
    scene.show(Matching("stuck nonsense"))
    assert isinstance(scene.misread, Misread)
    assert (scene.misread.serial, scene.misread.column) == (scene.serial, 7)
    scene.show()
    assert scene.misread is None


def test_a_queue_that_cannot_be_asked_is_told_and_the_lines_speak_for_themselves(
    scene: Scene,
) -> None:
    day(scene)
    scene.open()
    scene.settle()
    moved = scene.spool.with_name("moved")
    scene.spool.rename(moved)
    scene.show(Matching("dst:10.1.5.7"))
    assert scene.followed is not None
    assert any("spool" in trouble for trouble in scene.followed.troubles)
    assert scene.looked is not None and scene.looked.done
    moved.rename(scene.spool)
    scene.show(Matching("dst:10.1.5.7"))
    assert scene.words() == [DAY[1], DAY[3]]
    assert scene.followed.troubles == ()


def test_the_last_ones_and_no_more(scene: Scene) -> None:
    for number in range(MOST + 700):
        scene.elg("mdq.elg", NOW - 5000 + number, "001njqb0", "kick", ids=number)
        if number % 400 == 399:
            scene.log["mdq.elg"].rename()
            scene.log["mdq.elg"].compress() if number % 800 == 799 else None
    scene.open()
    for about in (Everything(), OneMessage("001njqb0")):
        scene.show(about)
        assert scene.words() == [
            f"mdq  R001njqb0 kick      ids={number}" for number in range(700, MOST + 700)
        ]
        assert scene.looked is not None and scene.looked.done and scene.looked.more
        assert max(len(batch.lines) for batch in scene.batches) == BATCH


def test_at_most_ten_batches_a_second_and_what_is_too_much_is_counted(scene: Scene) -> None:
    reader = scene.open()
    scene.show()
    for number in range(3 * BATCH):
        scene.elg("mdq.elg", NOW - 9, "", "kick", ids=number)
    scene.tick += 0.05
    told = [one for _ in range(20) for one in reader.step(0.01) if isinstance(one, Lines)]
    assert len(told) <= 1
    scene.tick += 0.05
    told += [one for one in reader.step(0.01) if isinstance(one, Lines)]
    scene.tick += 1.0
    told += [one for one in reader.step(0.01) if isinstance(one, Lines)]
    assert sum(len(one.lines) + one.skipped for one in told) == 3 * BATCH
    assert told[-1].lines[-1].words == f"mdq  -         kick      ids={3 * BATCH - 1}"


def test_a_screen_that_does_not_listen_is_told_later(scene: Scene) -> None:
    day(scene)
    reader = scene.open()
    scene.ask()
    for _ in range(5):
        scene.tick += 1.0
        assert not [one for one in reader.step(1.0, listens=False) if isinstance(one, Lines)]
    scene.settle()
    assert scene.words() == DAY


def test_the_first_lines_are_there_before_all_was_searched(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of a slice is over after one piece; a piece is a few lines."""
    monkeypatch.setattr(past, "BLOCK", 2000)
    for number in range(4000):
        scene.elg(
            "mdq.elg", NOW - 5000 + number, "001njqb0" if number % 1000 == 999 else "", "kick"
        )
    scene.open()
    scene.ask(OneMessage("001njqb0"))
    progress: list[tuple[float, int]] = []
    while scene.looked is None or not scene.looked.done:
        scene.step(0.0)
        if scene.looked is not None:
            progress.append((scene.looked.looked / scene.looked.of, len(scene.lines)))
    shares, counts = [share for share, _ in progress], [count for _, count in progress]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert counts == sorted(counts) and counts[-1] == 4
    assert next(share for share, count in progress if count) < 0.1
    assert [line.time for line in scene.lines] == [NOW - 4001, NOW - 3001, NOW - 2001, NOW - 1001]


def test_the_search_for_a_message_ends_where_it_was_stored(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "BLOCK", 2000)
    for number in range(3000):
        scene.elg("mdq.elg", NOW - 3000 + number, "", "kick", ids=number)
        if number == 2000:
            scene.elg("asmtpd.elg", NOW - 1000, "001njqb0", "stored", src="1.2.3.4", size=1)
        if number == 2010:
            scene.elg("mdq.elg", NOW - 990, "001njqb0", "delivered", host="h", reply="250")
    scene.open()
    scene.show(OneMessage("001njqb0"))
    assert [line.kind for line in scene.lines] == [Kind.STORED, Kind.DELIVERED]
    assert scene.looked is not None and scene.looked.done and not scene.looked.more
    assert scene.looked.looked < scene.looked.of / 2


def test_hostile_lines_are_shown_and_harm_nothing(scene: Scene) -> None:
    evil = "[@click=app.quit]x[/] [/b] :smile: \x1b]0;evil\x07 \u202egnp.exe \udcff"
    scene.elg("mdq.elg", NOW - 3, "001njqb0", "delivered", host=evil, to=evil, reply=evil)
    scene.elg("asmtpd.elg", NOW - 2, "001njqb0", "stored", src=evil, size="9" * 5000, rcpts=evil)
    scene.log["mdq.elg"].add(b"\x1b]0;evil\x07 \xe2\x80\xae junk \xff")
    scene.log["tracker.log"].add(b"24Nov2026 18:44:10 \x1b[31m gw1 id: \xe2\x80\xae; dst: ::::;")
    scene.log["mdq.elg"].add(b"[1@gw1] 2026-11-24T18:44:11.000Z " + b"x" * 100_000)
    scene.log["mdq.elg"].add(b"")
    scene.open()
    for about in (
        Everything(),
        toward("10.1.5.2"),
        OneMessage("001njqb0"),
        Matching("dst:x"),
    ):
        scene.show(about)
        for line in scene.lines:
            shown = line.words
            assert shown.isprintable() and "\u202e" not in shown and "\x1b" not in shown
            assert line.host == "" or about == Everything()
    scene.show()
    assert len(scene.lines) == 6
    assert "[@click=app.quit]x[/] [/b] :smile: ^[]0;evil^G \\u202egnp.exe \\xff" in scene.words()[0]


def test_a_log_that_may_not_be_read_is_named_and_the_others_are_shown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spooltool.live import logfile

    day(scene)
    allowed = logfile.Generation

    def forbid(path: str, compressed: bool = False) -> logfile.Generation:
        if "mdq" in path:
            raise PermissionError(13, "Permission denied", path)
        return allowed(path, compressed)

    monkeypatch.setattr(logfile, "Generation", forbid)
    scene.open()
    scene.show()
    assert scene.words() == [DAY[0], DAY[3]]
    assert scene.followed is not None
    assert scene.followed.troubles == (f"{scene.directory}/mdq.elg: permission denied",)
    monkeypatch.setattr(logfile, "Generation", allowed)
    scene.settle()
    assert sorted(scene.words()) == sorted(DAY)
    assert scene.followed.troubles == ()


def test_logs_that_are_not_there_yet(scene: Scene) -> None:
    scene.directory.rmdir()
    scene.open()
    scene.show()
    assert scene.followed is not None
    assert scene.followed.troubles == (f"{scene.directory}: no such directory",)
    assert scene.followed.logs == ()
    scene.directory.mkdir()
    day(scene)
    scene.settle()
    assert sorted(scene.words()) == sorted(DAY)
    assert scene.followed.logs == ("mdq.elg", "asmtpd.elg", "tracker.log")
    assert scene.followed.troubles == ()


def test_without_following_nothing_comes(scene: Scene) -> None:
    day(scene)
    scene.open()
    scene.show(follow=False)
    day(scene)
    scene.settle()
    assert scene.words() == DAY


def test_every_file_is_let_go(scene: Scene) -> None:
    day(scene)
    for log in scene.log.values():
        log.rename()
    day(scene)
    for log in scene.log.values():
        log.close()
    before = open_files()
    scene.open()
    for about in (OneMessage("001njqb0"), Matching("stuck"), Everything()):
        scene.ask(about)
    assert open_files() > before + 8
    scene.close()
    assert open_files() == before


def write(scene: Scene, name: str, number: int) -> None:
    time, id, host = NOW - 900 + number, f"{number % 3:08}", f"10.0.0.{number % 4}"
    if name == "tracker.log":
        scene.track(time, id, "accept", dst=host, ids=number)
    else:
        scene.elg(name, time, id, "kick", host=host, ids=number)


_LOGS = st.sampled_from(["mdq.elg", "asmtpd.elg", "tracker.log"])
_DO = st.sampled_from(["write", "write", "write many", "rename", "copytruncate", "compress"])
_ABOUT = st.sampled_from([Everything(), OneMessage("00000001"), toward("10.0.0.2")])


@settings(max_examples=100)
@given(st.lists(st.one_of(st.tuples(_DO, _LOGS), _ABOUT, st.just("step")), max_size=30), _ABOUT)
def test_each_line_exactly_once_whatever_is_asked_and_rotated(
    ops: list[tuple[str, str] | object], last: object
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "D_sender").mkdir()
        scene = Scene(Path(directory))
        for number, name in enumerate(scene.log):
            write(scene, name, number)
        number = len(scene.log)
        scene.open()
        scene.ask()
        for op in [*ops, last]:
            match op:
                case (("write" | "write many") as how, str(name)):
                    for _ in range(30 if how == "write many" else 1):
                        number += 1
                        write(scene, name, number)
                case (str(how), str(name)):
                    getattr(scene.log[name], how)()
                case "step":
                    scene.step()
                case about:
                    scene.ask(about)
        scene.settle()
        wanted = [
            line
            for line in raw_lines(scene)
            if last == Everything()
            or (last == OneMessage("00000001") and b" 00000001" in line)
            or (last == toward("10.0.0.2") and b"10.0.0.2" in line)
        ]
        ids = sorted(int(line.rpartition(b"ids")[2].strip(b":=; ")) for line in wanted)
        tracked = [int(words.rpartition("=")[2]) for words in scene.words()]
        scene.close()
        assert tracked == ids
        assert scene.looked is not None and scene.looked.done and isinstance(scene.looked, Looked)
