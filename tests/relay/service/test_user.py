"""`user` of relay.toml: whose account the relay takes, and where it refuses to."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from spooltool.errors import ExitCode
from spooltool.store.root import Spool
from tests.relay.service.test_service_cli import relay

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user wants root")
USER = "nobody"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory on whose way nobody else can write: pytest's own are root's alone."""
    made = Path(os.path.realpath("/tmp"), f"user-{os.getpid()}")
    made.mkdir(mode=0o755)
    yield made
    shutil.rmtree(made)


def mdq(folder: Path, user: str = USER) -> tuple[int, str]:
    file = folder / "relay.toml"
    file.write_text(f'user = "{user}"\nrundir = "{folder}/spool"\ndst = "10.1.5.2"\n')
    code, _, err = relay("mdq", "--once", "--config", str(file))
    return code, err


def owned(folder: Path, uid: int) -> None:
    Spool.create(f"{folder}/spool").close()
    for path in (folder / "spool", *(folder / "spool").rglob("*")):
        os.chown(path, uid, -1)


def test_its_own_spool(folder: Path) -> None:
    uid = pwd.getpwnam(USER).pw_uid
    owned(folder, uid)
    assert mdq(folder) == (0, "")
    assert {path.stat().st_uid for path in (folder / "spool").rglob("*")} == {uid}


def test_another_persons_spool_is_left_alone(folder: Path) -> None:
    owned(folder, 65533)
    code, err = mdq(folder)
    assert code == ExitCode.NOT_PERMITTED
    assert f"does not belong to {USER}" in err
    assert not (folder / "spool/.spooltool/mdq.lock").exists()


def test_a_way_on_which_others_can_write_is_refused(folder: Path) -> None:
    owned(folder, pwd.getpwnam(USER).pw_uid)
    folder.chmod(0o777)
    code, err = mdq(folder)
    assert code == ExitCode.SOME
    assert f"{folder} can be written by others" in err
    assert not (folder / "spool/.spooltool/mdq.lock").exists()


def test_no_such_account(folder: Path) -> None:
    code, err = mdq(folder, "no-such-account")
    assert code == ExitCode.CONFIG
    assert "no account 'no-such-account'" in err
