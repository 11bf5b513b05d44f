"""What somebody reads who has no spool, a wrong one, an empty one, or no right to read it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.look import locate
from tests.spooltool.cli.calling import AS_OF, Ended, as_user

Call = Callable[..., Ended]
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def nothing_usual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without the usual places."""
    monkeypatch.setattr(locate, "DEFAULT_SPOOL", str(tmp_path / "no" / "spool"))
    monkeypatch.setattr(locate, "DEFAULT_CONFIG", str(tmp_path / "no" / "relay.toml"))


@pytest.mark.usefixtures("nothing_usual")
@pytest.mark.parametrize("verb", [["ls"], ["status"], ["history"], [], ["show", "001njchs"]])
def test_no_spool_names_the_places(call: Call, tmp_path: Path, verb: list[str]) -> None:
    done = call(*verb)
    assert (done.code, done.out) == (66, "")
    lines = done.err.splitlines()
    assert lines[0] == "spooltool: no spool found; looked at:"
    for place, line in zip(
        ("--spool", "$SPOOLTOOL_SPOOL", "here and above", f"{tmp_path}/no/relay.toml",
         f"{tmp_path}/no/spool"), lines[1:6], strict=True
    ):  # fmt: skip
        assert line.split("  ")[2].startswith(place) or line.strip().startswith(place)
    assert any(line.strip().startswith("spooltool --spool DIR") for line in lines[6:])


def test_a_folder_that_is_no_spool(call: Call, tmp_path: Path) -> None:
    (tmp_path / "other" / "deep").mkdir(parents=True)
    done = call("--spool", tmp_path / "other", "ls")
    assert (done.code, done.out) == (66, "")
    assert done.err == (
        f"spooltool: {tmp_path}/other is not a spool: no D_state, D_sender, D_resend "
        "and no T/R/E files\n"
    )
    (tmp_path / "other" / "deep" / "D_resend").mkdir()
    assert f"{tmp_path}/other/deep is one" in call("--spool", tmp_path / "other", "ls").err


@pytest.mark.parametrize(
    ("folders", "named"),
    [
        (("maildrop", "deferred", "active", "incoming"), "Postfix queue"),
        (("input", "msglog", "db"), "Exim spool"),
    ],
)
def test_another_mail_system_is_named(
    call: Call, tmp_path: Path, folders: tuple[str, ...], named: str
) -> None:
    for folder in folders:
        (tmp_path / "queue" / folder).mkdir(parents=True)
    done = call("--spool", tmp_path / "queue", "ls")
    assert done.code == 66 and named in done.err


def test_a_folder_that_is_not_there(call: Call, tmp_path: Path) -> None:
    done = call("--spool", tmp_path / "gone", "ls")
    assert (done.code, done.err) == (66, f"spooltool: {tmp_path}/gone: no such directory\n")


def test_an_empty_spool(call: Call, empty: Path) -> None:
    done = call("--spool", empty, "ls")
    assert done.code == 0
    assert done.err.startswith("0 messages in ") and done.err.endswith("; relay not running\n")
    assert call("--spool", empty, "ls", "--stuck").code == 0
    assert call("--spool", empty, "ls", "--ids") == Ended(0, "", "")


def test_alone_it_is_status_and_three_next_commands(call: Call, empty: Path) -> None:
    alone = call("--spool", empty)
    assert alone.code == 0 and "0 messages" in alone.out
    assert alone.out == call("--spool", empty, "status").out
    following = alone.err.splitlines()
    assert following[0] == "next:" and len(following) == 4
    assert all(line.startswith("  spooltool ") for line in following[1:])


@as_root
def test_one_directory_that_cannot_be_read(gateway: Path, tmp_path: Path) -> None:
    open_to_all(gateway)
    (gateway / "D_resend").chmod(0o700)
    done = as_user(NOBODY, ["--spool", gateway, "--as-of", str(AS_OF), "ls"], tmp_path)
    assert done.code == 4
    first, *_, last = done.err.splitlines()
    assert first == "spooltool: D_resend: Permission denied: what follows is a part"
    assert last.startswith(
        f"{gateway}/D_resend: Permission denied (owner root, group root, mode 0700)"
    )
    assert f"this works: sudo -u root spooltool --spool {gateway} --as-of {AS_OF} ls" in last
    assert "R001njr00" in done.out and "R001njchs" not in done.out
    status = as_user(NOBODY, ["--spool", gateway, "status"], tmp_path)
    assert status.code == 4 and "D_resend: Permission denied" in status.err.splitlines()[-1]


@as_root
def test_one_file_that_cannot_be_read_is_a_row(gateway: Path, tmp_path: Path) -> None:
    open_to_all(gateway)
    (gateway / "D_resend" / "R001njd6k").chmod(0o600)
    listed = ("--spool", gateway, "--as-of", str(AS_OF), "ls")
    done = as_user(NOBODY, [*listed, "--stuck"], tmp_path)
    assert done.code == 0
    row = next(line for line in done.out.splitlines() if line.startswith("R001njd6k"))
    assert row.split("\t") == [
        "R001njd6k",
        "-",
        "-",
        "-",
        "?",
        "-",
        "unreadable: permission denied",
    ]
    assert "1 unreadable: D_resend/R001njd6k permission denied" in done.err
    unjudged = as_user(NOBODY, [*listed, "dst:10.1.5.2"], tmp_path)
    assert unjudged.code == 4
    assert "1 could not be judged by the query: D_resend/R001njd6k" in unjudged.err
    shown = as_user(NOBODY, ["--spool", gateway, "show", "001njd6k"], tmp_path)
    assert shown.code == 4 and "unreadable: permission denied" in shown.out


@as_root
def test_nothing_readable(gateway: Path, tmp_path: Path) -> None:
    open_to_all(gateway)
    for directory in gateway.glob("D_*"):
        directory.chmod(0o700)
    done = as_user(NOBODY, ["--spool", gateway, "ls"], tmp_path)
    assert (done.code, done.out) == (77, "")
    assert f"nothing of {gateway} can be read" in done.err and "sudo -u root" in done.err
    gateway.chmod(0o700)
    done = as_user(NOBODY, ["--spool", gateway, "ls"], tmp_path)
    assert done.code == 77 and f"{gateway}: permission denied" in done.err


def open_to_all(spool: Path) -> None:
    """Let other users in, down from the top."""
    for path in (spool, *spool.parents):
        if path != Path("/tmp") and path.is_relative_to("/tmp"):
            path.chmod(0o755)
    for path in spool.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
