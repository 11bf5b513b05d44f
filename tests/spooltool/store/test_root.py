"""Opening a spool: what is one, who may write, and that reading leaves no trace."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from spooltool.errors import Gone, NoSpool, Refused
from spooltool.spool.names import RESEND, SENDER, SpoolName
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool, check_parents
from spooltool.store.scan import scan

Put = Callable[..., SpoolName]
NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")


def snapshot(path: str) -> dict[str, tuple[int, int, int, bytes]]:
    found = {}
    for folder, _, files in os.walk(path):
        for name in files:
            full = os.path.join(folder, name)
            facts = os.stat(full)
            data = FilePath(full).read_bytes()
            found[full] = (facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino, data)
    return found


@pytest.mark.parametrize(
    ("folders", "text", "hint"),
    [
        ((), "no D_state, D_sender, D_resend and no T/R/E files", ""),
        (("maildrop", "active", "deferred", "incoming"), "is not a spool", "Postfix"),
        (("input", "msglog", "db"), "is not a spool", "Exim"),
        (("old/D_resend",), "is not a spool", "old is one"),
    ],
)
def test_what_is_no_spool_is_named(
    tmp_path: FilePath, folders: tuple[str, ...], text: str, hint: str
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(NoSpool, match=text) as caught:
        Spool.open(str(tmp_path))
    assert hint in caught.value.hint


def test_a_missing_folder_and_a_file_are_no_spools(tmp_path: FilePath) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("file", "nothing"):
        with pytest.raises(NoSpool):
            Spool.open(str(tmp_path / name))


def test_a_flat_spool_reads(tmp_path: FilePath) -> None:
    for name in ("T1", "R195", "E2f", "README.md"):
        (tmp_path / name).write_bytes(b"DST:\t10.1.5.2\n")
    with Spool.open(str(tmp_path)) as spool:
        assert spool.flat
        assert sorted(name.file for name in scan(spool).names()) == ["E2f", "R195", "T1"]
        assert [name.file for name in spool.find("195")] == ["R195"]


def test_reading_leaves_no_trace(spool: Spool, put: Put) -> None:
    for _ in range(5):
        put()
    before = snapshot(spool.path)
    with Spool.open(spool.path) as again:
        entries = list(scan(again).entries())
        assert len(entries) == 5
        for entry in entries:
            assert entry.envelope is not None
            file = MessageFile(again, entry.name)
            assert file.digest_ok() is True
            file.close()
    assert snapshot(spool.path) == before


def test_a_file_that_is_none_is_an_entry_with_a_defect(spool: Spool) -> None:
    os.mkfifo(f"{spool.path}/D_resend/R00000001")
    os.symlink("/etc/passwd", f"{spool.path}/D_resend/R00000002")
    os.mkdir(f"{spool.path}/D_resend/R00000003")
    FilePath(spool.path, SENDER, "E00000004").write_bytes(b"")
    found = {e.name.base: [d.code for d in e.defects] for e in scan(spool).entries()}
    assert found == {
        "R00000001": ["not-regular"],
        "R00000002": ["not-regular"],
        "R00000003": ["not-regular"],
        "E00000004": ["name-illegal", "empty"],
    }


def test_opening_a_missing_message_is_gone(spool: Spool) -> None:
    with pytest.raises(Gone):
        MessageFile(spool, SpoolName(RESEND, "R", "1"))


def test_a_look_that_lasts_follows_directories_that_were_replaced(
    tmp_path: FilePath,
) -> None:
    place = tmp_path / "spool"
    for name in ("D_state", "D_sender", "D_resend"):
        (place / name).mkdir(parents=True)
    (place / "D_resend/R00000001").write_bytes(b"")
    with Spool.open(str(place)) as spool:
        assert spool.find("00000001")
        os.rename(place / "D_resend", place / "D_resend.old")
        assert spool.find("00000001"), "a descriptor stays with what was moved away"
        spool.refresh()
        assert spool.find("00000001") == []
        (place / "D_resend").mkdir()
        (place / "D_resend/R00000002").write_bytes(b"")
        spool.refresh()
        assert [name.file for name in spool.find("00000002")] == ["D_resend/R00000002"]


def test_a_look_that_lasts_follows_the_spool_to_another_or_stays(tmp_path: FilePath) -> None:
    place = tmp_path / "spool"
    (place / "D_sender").mkdir(parents=True)
    (place / "D_sender/R00000001").write_bytes(b"")
    with Spool.open(str(place)) as spool:
        os.rename(place, tmp_path / "old")
        for wrong in (lambda: None, place.mkdir):
            wrong()
            with pytest.raises(NoSpool):
                spool.refresh()
            assert spool.find("00000001")
        (place / "R2").write_bytes(b"")
        spool.refresh()
        assert spool.flat
        assert [name.file for name in spool.find("2")] == ["R2"]
        assert spool.find("00000001") == []


def test_a_parent_that_others_can_write_is_refused(tmp_path: FilePath) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    (open_to_all / "spool").mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(Refused, match="can be written by others"):
        check_parents(str(open_to_all / "spool"), os.geteuid())
    open_to_all.chmod(0o1777)
    check_parents(str(open_to_all / "spool"), os.geteuid())


@root_only
def test_a_group_that_can_write_above_the_spool_is_others(tmp_path: FilePath) -> None:
    above = tmp_path / "above"
    (above / "spool").mkdir(parents=True)
    above.chmod(0o770)
    os.chown(above, 0, 77)
    with pytest.raises(Refused, match="above can be written by others") as refused:
        check_parents(str(above / "spool"), 0)
    assert refused.value.hint == f"chmod go-w {above}"
    os.chown(above / "spool", NOBODY, 77)  # the spool's own group can write to it anyway
    check_parents(str(above / "spool"), NOBODY)
    os.chown(above / "spool", NOBODY, NOBODY)
    with pytest.raises(Refused):
        check_parents(str(above / "spool"), NOBODY)
    os.chown(above, 0, 0)
    check_parents(str(above / "spool"), NOBODY)


@root_only
def test_a_parent_that_is_another_persons_is_refused(tmp_path: FilePath) -> None:
    above = tmp_path / "above"
    (above / "spool").mkdir(parents=True)
    os.chown(above, 77, 77)
    with pytest.raises(Refused) as refused:
        check_parents(str(above / "spool"), 0)
    assert refused.value.hint == f"chown root {above}"


@root_only
def test_the_way_over_a_link_is_looked_at_as_named_and_as_it_leads(tmp_path: FilePath) -> None:
    spool, way = tmp_path / "safe/spool", tmp_path / "way"
    spool.mkdir(parents=True)
    way.mkdir()
    (way / "spool").symlink_to(spool)
    check_parents(str(way / "spool"), 0)
    way.chmod(0o777)
    with pytest.raises(Refused, match="way can be written"):
        check_parents(str(way / "spool"), 0)
    way.chmod(0o755)
    os.chown(way / "spool", 77, 77, follow_symlinks=False)
    with pytest.raises(Refused, match="way/spool can be written"):
        check_parents(str(way / "spool"), 0)
    os.chown(way / "spool", 0, 0, follow_symlinks=False)
    (tmp_path / "safe").chmod(0o777)
    with pytest.raises(Refused, match="safe can be written"):
        check_parents(str(way / "spool"), 0)


DROP = "import os, sys\nos.setgroups([]); os.setgid(65534); os.setuid(65534)\n"


def _child(code: str, *arguments: str) -> str:
    """Run code in a process of its own, which imports first and drops its rights then."""
    imports = "import pwd\nimport spooltool.store.root, spooltool.errors\n"
    run = subprocess.run(
        [sys.executable, "-c", imports + code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    return run.stdout.strip() + run.stderr.strip()[-400:]


BECOME = (
    "import os, sys\n"
    "from spooltool.store.root import become_owner\n"
    "from spooltool.errors import NotPermitted\n"
    "try:\n"
    "    become_owner(sys.argv[1])\n"
    "except NotPermitted as error:\n"
    "    print('refused:', error.hint)\n"
    "else:\n"
    "    print(*os.getresuid(), *os.getresgid(), *os.getgroups())\n"
)


@root_only
def test_root_becomes_the_owner_for_good(tmp_path: FilePath) -> None:
    path = tmp_path / "spool"
    path.mkdir()
    os.chown(path, NOBODY, NOBODY)
    groups = os.getgrouplist(pwd.getpwuid(NOBODY).pw_name, NOBODY)
    assert _child(BECOME, str(path)) == " ".join(map(str, [*[NOBODY] * 6, *groups]))


@root_only
def test_without_an_account_the_spools_group_is_the_only_one(tmp_path: FilePath) -> None:
    path = tmp_path / "spool"
    path.mkdir()
    os.chown(path, 54321, 54322)
    assert _child(BECOME, str(path)) == " ".join(map(str, [*[54321] * 3, *[54322] * 4]))


@root_only
def test_anybody_else_stops_before_the_first_change() -> None:
    # A folder whose parents the other user may enter.
    with tempfile.TemporaryDirectory(prefix="spool-") as folder:
        os.chmod(folder, 0o755)
        assert _child(DROP + BECOME, folder).startswith("refused: sudo -u root")


@root_only
def test_an_unreadable_spool_is_not_permitted() -> None:
    code = (
        "import sys\n"
        "from spooltool.store.root import Spool\n"
        "from spooltool.errors import NotPermitted\n"
        "try:\n"
        "    Spool.open(sys.argv[1])\n"
        "except NotPermitted:\n"
        "    print('77')\n"
    )
    with tempfile.TemporaryDirectory(prefix="spool-") as folder:
        assert _child(DROP + code, folder) == "77"
