"""`relay dbedit` as a process: the file, its backup, its owner; scripts and exit codes."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
from pathlib import Path

import pytest

from relay.checkpoint.files import EditedFile
from relay.supervisor import child_environment
from spooltool.errors import Changed, ExitCode
from tests.harness.process import PYTHON

NG = (Path(__file__).parents[3] / "fixtures/checkpoint/ng/objects_5_0.C").read_bytes()
EDITED = NG.replace(b":detailed_smtp_err_mail (0)", b":detailed_smtp_err_mail (true)")
CHAPTER = """dbedit> modify network_objects craig
   firewall_settings:smtp:detailed_smtp_err_email
   true
   dbedit> update network_objects craig
"""


def dbedit(*arguments: str, text: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [PYTHON, "-m", "relay", "dbedit", *arguments],
        input=text,
        capture_output=True,
        text=True,
        env=child_environment(os.environ),
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "objects_5_0.C"
    path.write_bytes(NG)
    path.chmod(0o640)
    return path


def backups(file: Path) -> list[Path]:
    return sorted(file.parent.glob("*.bak"))


def test_a_script_edits_and_keeps_the_file_as_it_was(file: Path, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(CHAPTER)
    code, out, err = dbedit("-f", str(script), str(file))
    assert (code, err) == (ExitCode.OK, "")
    assert file.read_bytes() == EDITED
    (backup,) = backups(file)
    assert backup.read_bytes() == NG
    assert out == f"network_objects craig updated\nthe file as it was: {backup.name}\n"
    assert [path.stat().st_mode & 0o777 for path in (file, backup)] == [0o640, 0o640]
    assert list(tmp_path.glob("*.new")) == []


def test_commands_by_standard_input(file: Path) -> None:
    assert dbedit(str(file), text=CHAPTER)[0] == ExitCode.OK
    assert file.read_bytes() == EDITED


def test_one_backup_a_session_and_none_is_ever_replaced(file: Path) -> None:
    for color in ("blue", "red"):
        lines = [
            f"modify network_objects craig color {color}",
            "update network_objects craig",
            f"modify network_objects office color {color}",
            "update_all",
        ]
        assert dbedit(str(file), text="\n".join(lines))[0] == ExitCode.OK
    assert len(backups(file)) == 2
    assert NG in [path.read_bytes() for path in backups(file)]


def test_a_dry_run_prints_the_difference_and_writes_nothing(file: Path) -> None:
    code, out, _ = dbedit("--dry-run", str(file), text=CHAPTER)
    assert code == ExitCode.OK
    lines = out.split("\n")
    assert "-\t\t\t\t\t:detailed_smtp_err_mail (0)" in lines
    assert "+\t\t\t\t\t:detailed_smtp_err_mail (true)" in lines
    assert file.read_bytes() == NG
    assert backups(file) == []


def test_a_script_stops_at_its_first_mistake(file: Path) -> None:
    text = "modify network_objects craig color blue\nupdate_all\nprint hosts craig\nhelp\n"
    code, out, err = dbedit(str(file), text=text)
    assert code == ExitCode.SOME
    assert "standard input:3: no table is called 'hosts'" in err
    assert "modify TABLE" not in out
    assert file.read_bytes() == NG.replace(b"(firebrick)", b"(blue)")


def test_what_was_not_updated_is_said(file: Path) -> None:
    code, _, err = dbedit(str(file), text="modify network_objects craig color blue\nquit\n")
    assert (code, err) == (
        ExitCode.SOME,
        "relay: not updated, and dropped: network_objects craig\n",
    )
    assert file.read_bytes() == NG


def test_a_command_that_is_never_finished_is_a_mistake(file: Path) -> None:
    code, _, err = dbedit(str(file), text="modify network_objects craig\n")
    assert code == ExitCode.SOME
    assert "modify wants TABLE OBJECT FIELD VALUE" in err


def test_a_file_that_reads_badly_is_not_edited(file: Path) -> None:
    file.write_bytes(NG[:-4])
    code, _, err = dbedit(str(file), text=CHAPTER)
    assert code == ExitCode.CONFIG
    assert f"{file}:396:14: '(' is never closed" in err
    assert file.read_bytes() == NG[:-4]


@pytest.mark.parametrize("name", ["none", "."])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    assert dbedit(str(tmp_path / name))[0] == ExitCode.CONFIG


def test_two_sessions_at_once_are_refused(file: Path) -> None:
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, _, err = dbedit(str(file), text=CHAPTER)
    assert code == ExitCode.SOME
    assert "is being edited by another process" in err


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    with EditedFile(str(file)) as edited:
        file.write_bytes(b"()\n")
        with pytest.raises(Changed):
            edited.replace(EDITED)
        assert file.read_bytes() == b"()\n"
    with EditedFile(str(file)) as edited:
        (file.parent / "other").write_bytes(NG)
        (file.parent / "other").rename(file)
        with pytest.raises(Changed):
            edited.replace(EDITED)
    assert file.read_bytes() == NG


def test_a_link_leads_to_the_file(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert dbedit(str(link), text=CHAPTER)[0] == ExitCode.OK
    assert link.is_symlink()
    assert file.read_bytes() == EDITED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays(file: Path) -> None:
    os.chown(file, 12345, 23456)
    assert dbedit(str(file), text=CHAPTER)[0] == ExitCode.OK
    for path in (file, *backups(file)):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_hostile_values_reach_no_terminal(file: Path) -> None:
    file.write_bytes(NG.replace(b"(firebrick)", b"(\x1b[31mred\x9b)"))
    _, out, _ = dbedit(str(file), text="print network_objects craig\n")
    assert "\x1b" not in out
    assert "color: \\x1b[31mred" in out


def test_a_person_at_a_terminal(file: Path) -> None:
    """The prompt, the prompt of a command that goes on, and the end by Ctrl-D."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [PYTHON, "-m", "relay", "dbedit", str(file)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**child_environment(os.environ), "TERM": "dumb"},
        start_new_session=True,
    )
    os.close(slave)
    seen = b""

    def until(sign: bytes) -> None:
        nonlocal seen
        new = b""
        while not new.endswith(sign):
            new += os.read(master, 4096)
        seen += new

    try:
        until(b"dbedit> ")
        os.write(master, b"modify network_objects craig\n")
        until(b"      > ")
        os.write(master, b"firewall_settings:smtp:detailed_smtp_err_mail true\n")
        until(b"dbedit> ")
        os.write(master, b"print hosts x\n")
        until(b"dbedit> ")
        os.write(master, b"update network_objects craig\n")
        until(b"dbedit> ")
        os.write(master, b"\x04")
        assert child.wait(30) == ExitCode.OK
    finally:
        child.kill()
        child.wait()
        os.close(master)
    assert b"no table is called 'hosts'" in seen
    assert file.read_bytes() == EDITED
