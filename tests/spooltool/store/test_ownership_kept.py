"""A file's new version belongs to whom the old one belonged to, and shows itself as the old."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.errors import CannotWrite
from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import Replacement, rewrite
from spooltool.store.lock import lock
from spooltool.store.root import Spool

Put = Callable[..., SpoolName]
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
GUEST, CLERK = 65534, 77


def acl(user: int, rights: int) -> bytes:
    """An ACL by which one more user has rights (acl(5), as the kernel takes it)."""
    entries = [
        (0x01, 6, 0xFFFFFFFF),  # the owner
        (0x02, rights, user),
        (0x04, 0, 0xFFFFFFFF),  # the group
        (0x10, rights, 0xFFFFFFFF),  # the mask
        (0x20, 0, 0xFFFFFFFF),  # others
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)


def give(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"no {name} on this file system: {error.strerror}")


def facts_of(path: Path) -> tuple[int, int, int, dict[str, bytes]]:
    facts = path.stat()
    attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return facts.st_uid, facts.st_gid, facts.st_mode, attributes


def retargeted(spool: Spool, name: SpoolName) -> None:
    locked = lock(spool, name)
    rewrite(locked, splices(locked.envelope(), {"DST": "10.1.5.9"})).close()
    assert b"DST:\t10.1.5.9\n" in Path(spool.path, name.file).read_bytes()


def test_owner_mode_acl_and_attributes_are_those_of_the_old_file(spool: Spool, put: Put) -> None:
    name = put()
    path = Path(spool.path, name.file)
    give(path, ACCESS, acl(GUEST, 4))
    give(path, "user.ticket", b"INC-7")
    if os.geteuid() == 0:
        os.chown(path, CLERK, CLERK)
        give(path, ACCESS, acl(GUEST, 4))
    os.utime(path, (1_000_000_000, 1_000_000_001))
    before = facts_of(path)
    assert ACCESS in before[3]
    retargeted(spool, name)
    assert facts_of(path) == before
    assert path.stat().st_mtime == 1_000_000_001


def test_what_a_directory_gives_to_new_files_is_not_added(spool: Spool, put: Put) -> None:
    """A default ACL that was set after the message came."""
    name = put()
    path = Path(spool.path, name.file)
    before = facts_of(path)
    assert ACCESS not in before[3]
    give(path.parent, DEFAULT, acl(GUEST, 6))
    retargeted(spool, name)
    assert facts_of(path) == before


@pytest.mark.parametrize("what", ["mode", "attribute", "acl", "owner"])
def test_the_second_look_finds_what_differs(spool: Spool, put: Put, what: str) -> None:
    name = put()
    path = Path(spool.path, name.file)
    give(path, "user.ticket", b"INC-7")
    give(path, ACCESS, acl(GUEST, 4))
    locked = lock(spool, name)
    new = Replacement(locked, splices(locked.envelope(), {"DST": "10.1.5.9"}))
    new.verify()
    if what == "mode":
        os.fchmod(new.fd, 0o666)
    elif what == "attribute":
        os.removexattr(new.fd, "user.ticket")
    elif what == "acl":
        os.setxattr(new.fd, ACCESS, acl(CLERK, 4))
    elif os.geteuid() == 0:
        os.fchown(new.fd, CLERK, CLERK)
    else:
        pytest.skip("only root gives files away")
    with pytest.raises(CannotWrite, match="owner, mode or attributes differ"):
        new.verify()
    new.discard()
    locked.close()
