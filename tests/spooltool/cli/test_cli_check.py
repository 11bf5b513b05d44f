"""`status --check`: one line and a code, whatever happens."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spooltool.cli.verbs import BY_NAME
from spooltool.diagnose.health import MEASURES
from spooltool.errors import NoSpool
from spooltool.look import disk, sight
from tests.spooltool.cli.calling import AS_OF, Ended, as_user
from tests.spooltool.cli.test_cli_status import RUNNING, answering

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))
ROOMY = os.statvfs_result((4096, 4096, 1000, 500, 437, 1000, 900, 900, 0, 255))
_LINE = re.compile(r"(OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \| [^|\n]+)?\n")
_DATUM = re.compile(r"[a-z]+=[0-9.]+[s%]?(;[0-9]*:?){2};0(;100|;1)?")


@pytest.fixture(autouse=True)
def half_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk.os, "fstatvfs", lambda fd: ROOMY)


def checked(done: Ended) -> tuple[int, str, dict[str, str]]:
    """Code, text and performance data of one line; nothing on standard error."""
    assert done.err == ""
    assert _LINE.fullmatch(done.out), done.out
    assert ("OK", "WARNING", "CRITICAL", "UNKNOWN")[done.code] == done.out.partition(" ")[0]
    text, _, performance = done.out.rstrip("\n").partition(" | ")
    for datum in performance.split():
        assert _DATUM.fullmatch(datum), datum
    return done.code, text, dict(datum.split("=", 1) for datum in performance.split())


def test_all_is_well(empty: Path, call: Call) -> None:
    (empty / ".spooltool").mkdir()
    with answering(empty / ".spooltool", RUNNING):
        code, text, data = checked(call("--spool", empty, *AT, "status", "--check"))
    assert (code, text.partition("; ")[0]) == (0, "OK - 0 stuck of 0 messages, relay up")
    assert text.endswith(f":{empty}")
    assert data == {
        "stuck": "0;10;100;0",
        "oldest": "0s;14400;86400;0",
        "notices": "0;10;100;0",
        "partial": "0;0;10;0",
        "held": "0;;;0",
        "quarantined": "0;;;0",
        "messages": "0;;;0",
        "disk": "43.7%;10:;5:;0;100",
        "inodes": "90.0%;10:;5:;0;100",
        "relay": "1;;1:;0;1",
        "intake": "1;1:;;0;1",
        "scan": "1s;60;300;0",
    }
    assert list(data) == [measure.name for measure in MEASURES]


def test_a_stopped_relay_and_old_mail(gateway: Path, call: Call) -> None:
    code, text, data = checked(call("--spool", gateway, *AT, "status", "--check"))
    assert code == 2
    assert text.startswith(
        "CRITICAL - oldest 5d00h (limit 1d00h); relay down; 61 stuck (limit 10); "
        "2 partial (limit 0); 14 refused by 10.1.5.2; "
    )
    assert (data["relay"], data["stuck"]) == ("0;;1:;0;1", "61;10;100;0")
    assert "scan" not in data and "intake" not in data


def test_limits_of_ones_own(gateway: Path, call: Call) -> None:
    options = ("--warn", "stuck=61,oldest=off,partial=2", "--warn", "relay=down,held=8")
    code, text, data = checked(
        call(
            "--spool", gateway, *AT, "status", "--check", *options, "--crit", "oldest=6d,relay=off"
        )
    )
    assert (code, text.partition("; 14")[0]) == (1, "WARNING - 9 held (limit 8); relay down")
    assert data["stuck"] == "61;61;100;0"
    options = (
        "--warn",
        "relay=off,partial=9,stuck=off,oldest=off",
        "--crit",
        "relay=off,stuck=off",
    )
    done = call("--spool", gateway, *AT, "status", "--check", *options, "--crit", "oldest=off")
    assert checked(done)[0] == 0


def test_held_mail_is_not_old_mail(gateway: Path, call: Call) -> None:
    for path in (*gateway.glob("D_resend/*"), *gateway.glob("D_s*/*")):
        path.unlink()
    code, _, data = checked(
        call("--spool", gateway, *AT, "status", "--check", "--crit", "relay=off")
    )
    assert (code, data["oldest"]) == (0, "0s;14400;86400;0")
    assert int(data["held"].partition(";")[0]) > 0


def test_disk_scan_and_intake(empty: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty / ".spooltool").mkdir()
    late = replace(RUNNING, scanned=AS_OF - 400.0, intake=False)
    full = os.statvfs_result((4096, 4096, 1000, 80, 40, 1000, 70, 70, 0, 255))
    monkeypatch.setattr(disk.os, "fstatvfs", lambda fd: full)
    with answering(empty / ".spooltool", late):
        code, text, _ = checked(call("--spool", empty, *AT, "status", "--check"))
    assert code == 2
    assert text.startswith(
        "CRITICAL - 4 % of the disk free (limit 5 %); last scan 6 m ago (limit 5m); "
        "7 % of the inodes free (limit 10 %); intake down; "
    )


def test_a_file_system_without_inodes(
    empty: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = os.statvfs_result((4096, 4096, 1000, 500, 500, 0, 0, 0, 0, 255))
    monkeypatch.setattr(disk.os, "fstatvfs", lambda fd: none)
    assert "inodes" not in checked(call("--spool", empty, *AT, "status", "--check"))[2]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--spool", "/nowhere/at/all", "status", "--check"], "/nowhere/at/all: no such directory"),
        (["--spool", "/etc", "status", "--check"], "/etc is not a spool"),
        (["status", "--check", "--warn", "stuck=many"], "--warn stuck=many: not a limit"),
        (["status", "--check", "--warn", "stuck=101"], "critical before it warns"),
        (["status", "--check", "--json"], "exclude each other"),
        (["status", "--check", "--bogus"], "No such option"),
        (["status", "--check", "--warn"], "requires an argument"),
        (["status", "--check", "--as-of", "then"], "not a time"),
        (["status", "--check", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (["status", "--check", "--warn", "a|b\x1b[2J\n=1"], "--warn a/b^[[2J, =1: no such measure"),
    ],
)
def test_what_cannot_be_checked_is_unknown(
    gateway: Path, call: Call, words: list[str], text: str
) -> None:
    words = words if words[0] == "--spool" else ["--spool", str(gateway), *words]
    code, said, data = checked(call(*words))
    assert (code, data) == (3, {})
    assert text in said


def test_no_spool_anywhere(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise NoSpool("no spool found; looked at:\n  --spool    not given\n  here       no spool")

    monkeypatch.setattr(sight, "locate", nowhere)
    code, text, _ = checked(call("status", "--check"))
    assert code == 3
    assert text == "UNKNOWN - no spool found; looked at: --spool not given, here no spool"


def test_a_part_that_cannot_be_read(gateway: Path, call: Call) -> None:
    for path in (*gateway.glob("D_resend/*"), *gateway.glob("D_s*/*")):
        path.unlink()
    (gateway / "D_hold").rename(gateway / "elsewhere")
    (gateway / "D_hold").write_text("")
    arguments = ("--spool", gateway, *AT, "status", "--check", "--crit", "relay=off")
    code, text, _ = checked(call(*arguments))
    assert code == 3
    assert text.startswith("UNKNOWN - D_hold (Not a directory): a part could not be read; ")
    assert checked(call(*arguments[:-2]))[0] == 2  # an alarm is not hidden by it


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user(gateway: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, *list(tmp_path.parents)[:-1]):
        if "pytest-of-" in str(folder):
            folder.chmod(0o755)
    done = as_user(65534, ["--spool", gateway, *AT, "status", "--check"], tmp_path)
    assert done.code in (2, 3)
    assert _LINE.fullmatch(done.out)
    (gateway).chmod(0o700)
    done = as_user(65534, ["--spool", gateway, *AT, "status", "--check"], tmp_path)
    assert (done.code, done.err) == (3, "")
    assert done.out.startswith("UNKNOWN - ")


def test_hostile_hosts_stay_in_the_text(gateway: Path, call: Call) -> None:
    path = gateway / "D_resend" / "R001njd6k"
    for other in (*gateway.glob("D_*/*"),):
        if other != path:
            other.unlink()
    data = path.read_bytes()
    path.write_bytes(re.sub(rb"(?m)^STATE:.*\n", b"", data))
    path.write_bytes(re.sub(rb"(?m)^DST:.*$", b"DST:\ta|b\x1b[2J[/b]", path.read_bytes()))
    checked(call("--spool", gateway, *AT, "status", "--check"))


def test_limits_without_check(gateway: Path, call: Call) -> None:
    done = call("--spool", gateway, "status", "--warn", "stuck=1")
    assert (done.code, done.out) == (2, "")
    assert "--warn and --crit go with --check" in done.err


def test_the_help_shows_every_limit(call: Call) -> None:
    assert BY_NAME["status"].asof
    shown = call("status", "--help").out
    for measure in MEASURES:
        limits = rf"{measure.warn or 'off'} +{measure.crit or 'off'}"
        assert re.search(rf"    {measure.name} +{limits}  {measure.meaning}", shown), measure.name
