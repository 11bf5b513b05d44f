"""The spool's root: found, checked, opened once; all paths below go through it.

Files are opened relative to directory descriptors with O_NOFOLLOW, so that a link put
in the way leads nowhere.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

from spooltool.errors import CannotCreate, Gone, NoSpool, NotPermitted, NotRegular, Refused
from spooltool.spool.names import (
    CHAPTER_DIRS,
    FLAT,
    MAIL_DIRS,
    OWN_DIR,
    SpoolName,
    parse_name,
)
from spooltool.store.filesystem import file_system
from spooltool.store.regular import open_regular

_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OWN_DIRS = (OWN_DIR, OWN_DIR + "/trash")


class Spool:
    """An open spool.  `path` is absolute, `fd` its directory, `flat` the 4.1 layout.

    Opening never writes.  `prepare` makes the directories that writing needs.
    """

    def __init__(self, path: str, fd: int, *, flat: bool) -> None:
        self.path = path
        self._stand_on(fd, flat=flat)

    def _stand_on(self, fd: int, *, flat: bool) -> None:
        self.fd = fd
        self.flat = flat
        self._dirs: dict[str, int] = {FLAT: fd}
        root = os.fstat(fd)
        self.uid, self.gid = root.st_uid, root.st_gid

    @classmethod
    def open(cls, path: str) -> Spool:
        """Open a spool for reading.  Raises NoSpool (with why) or NotPermitted."""
        absolute = os.path.abspath(path)
        fd, kind = _opened(absolute)
        return cls(absolute, fd, flat=kind == "flat")

    @classmethod
    def create(cls, path: str) -> Spool:
        """Open a spool for a relay, making what is missing (mode 0700)."""
        absolute = os.path.abspath(path)
        try:
            os.makedirs(absolute, mode=0o700, exist_ok=True)
            for name in (*MAIL_DIRS, *OWN_DIRS):
                os.makedirs(os.path.join(absolute, name), mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotCreate(f"{error.filename}: {error.strerror}") from error
        spool = cls.open(absolute)
        for made in (spool.own_dir(), spool.fd):
            os.fsync(made)
        _sync_above(absolute)
        return spool

    def refresh(self) -> None:
        """Let go of directories that others stand in the place of, the spool's own among them.

        For who looks for long: a descriptor stays with a directory that was moved away.
        Raises NoSpool, NotPermitted, OSError; the directories are then as they were.
        """
        if self._replaced(self.path, self.fd):
            fd, kind = _opened(self.path)
            self.close()
            self._stand_on(fd, flat=kind == "flat")
            return
        below = [name for name in self._dirs if name != FLAT]
        for name in below:
            if self._replaced(name, self._dirs[name], below=self.fd):
                os.close(self._dirs.pop(name))

    def _replaced(self, path: str, fd: int, below: int | None = None) -> bool:
        try:
            now = os.stat(path, dir_fd=below, follow_symlinks=below is None)
        except OSError:
            return True
        return not os.path.samestat(now, os.fstat(fd))

    @property
    def directories(self) -> tuple[str, ...]:
        """The mail directories that a scan reads, in order; only those that exist."""
        present = tuple(name for name in MAIL_DIRS if self._exists(name))
        return (FLAT, *present) if self.flat else present

    def dir_fd(self, directory: str) -> int:
        """Descriptor of a directory below the root, opened once.

        Raises FileNotFoundError or PermissionError as the system says it.
        """
        fd = self._dirs.get(directory)
        if fd is None:
            parent = self.fd
            *above, last = directory.split("/")
            if above:
                parent = self.dir_fd("/".join(above))
            fd = self._dirs[directory] = os.open(last, _DIR_FLAGS, dir_fd=parent)
        return fd

    @contextmanager
    def listing(self, directory: str) -> Iterator[int]:
        """A descriptor to read a directory's names by, of nobody else's; raises as `dir_fd`.

        Where a reading stands belongs to what was opened, duplicates of a descriptor
        included: of two threads that read by `dir_fd` each would miss what the other saw.
        """
        fd = os.open(".", _DIR_FLAGS, dir_fd=self.dir_fd(directory))
        try:
            yield fd
        finally:
            os.close(fd)

    def own_dir(self, name: str = OWN_DIR) -> int:
        """Descriptor of `.spooltool` or a directory in it, made when missing (writers only)."""
        try:
            return self.dir_fd(name)
        except FileNotFoundError:
            parent, _, last = name.rpartition("/")
            above = self.own_dir(parent) if parent else self.fd
            try:
                os.mkdir(last, 0o700, dir_fd=above)
                os.fsync(above)
            except OSError as error:
                raise CannotCreate(f"{self.path}/{name}: {error.strerror}") from error
            return self.dir_fd(name)

    def open_own(self, name: str, flags: int) -> int:
        """Open a file of `.spooltool` itself (journal, counter, locks), as `open_regular` does.

        With O_CREAT the directory is made, too.  Raises NotRegular, OSError.
        """
        own = self.own_dir() if flags & os.O_CREAT else self.dir_fd(OWN_DIR)
        return open_regular(name, flags, own)

    def mail_dir(self, directory: str) -> int:
        """Descriptor of a mail directory, made when missing (writers only: D_hold)."""
        try:
            return self.dir_fd(directory)
        except FileNotFoundError:
            try:
                os.mkdir(directory, 0o700, dir_fd=self.fd)
                os.fsync(self.fd)
            except OSError as error:
                raise CannotCreate(f"{self.path}/{directory}: {error.strerror}") from error
            return self.dir_fd(directory)

    def open_file(self, name: SpoolName, *, write: bool = False) -> int:
        """Open a message's file.  Raises Gone, NotPermitted, NotRegular.

        The file must be regular with one link (`open_regular`).
        """
        flags = os.O_RDWR if write else os.O_RDONLY
        try:
            return open_regular(name.base, flags, self.dir_fd(name.dir))
        except FileNotFoundError as error:
            raise Gone(f"{name.file}: not there any more") from error
        except PermissionError as error:
            raise NotPermitted(f"{name.file}: permission denied") from error
        except NotRegular as error:
            raise NotRegular(f"{name.file}: not a regular file with one link") from error

    def find(self, number: str, directories: Iterable[str] | None = None) -> list[SpoolName]:
        """Every file that carries this number now, over the mail directories or those given."""
        found = []
        for directory in self.directories if directories is None else directories:
            try:
                fd = self.dir_fd(directory)
            except OSError:
                continue
            for letter in "TRE":
                name = SpoolName(directory, letter, number)
                try:
                    os.stat(name.base, dir_fd=fd, follow_symlinks=False)
                except OSError:
                    continue
                found.append(name)
        return found

    def closed(self) -> str:
        """A mail directory that may not be looked into, "" for none: who knows what is in it."""
        for directory in self.directories:
            try:
                os.stat("T", dir_fd=self.dir_fd(directory), follow_symlinks=False)
            except PermissionError:
                return directory
            except OSError:
                continue
        return ""

    def _exists(self, directory: str) -> bool:
        if directory in self._dirs:
            return True
        try:
            os.stat(directory, dir_fd=self.fd, follow_symlinks=False)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close every descriptor."""
        for fd in set(self._dirs.values()):
            os.close(fd)
        self._dirs.clear()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _opened(path: str) -> tuple[int, str]:
    """Descriptor and kind of a spool at an absolute path.  Raises NoSpool, NotPermitted."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NoSpool(f"{path}: no such directory") from error
    except NotADirectoryError as error:
        raise NoSpool(f"{path}: not a directory") from error
    except PermissionError as error:
        raise NotPermitted(f"{path}: permission denied") from error
    try:
        kind = spool_kind(fd)
        if kind == "":
            raise NoSpool(
                f"{path} is not a spool: no D_state, D_sender, D_resend and no T/R/E files",
                hint=_hint(path),
            )
    except BaseException:
        os.close(fd)
        raise
    return fd, kind


def _sync_above(path: str) -> None:
    """Make a new spool's own name durable; who may not open the directory above made none."""
    try:
        above = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        return
    try:
        os.fsync(above)
    finally:
        os.close(above)


def spool_kind(fd: int) -> str:
    """`dirs`, `flat` or "" (no spool) for an open directory."""
    try:
        names = os.listdir(fd)
    except PermissionError as error:
        raise NotPermitted("the spool directory cannot be read") from error
    if any(name in CHAPTER_DIRS for name in names):
        return "dirs"
    # README and TODO have the form of a name, too: in a flat spool some number has a digit.
    numbered = (name for name in names if any(ch.isdigit() for ch in name))
    return "flat" if any(parse_name(name, FLAT) for name in numbered) else ""


def _hint(path: str) -> str:
    """What the folder may be instead: a spool below it, or another mail system's queue."""
    try:
        names = set(os.listdir(path))
    except OSError:
        return ""
    if {"maildrop", "deferred"} & names and {"active", "incoming"} & names:
        return "this is a Postfix queue: see postqueue -p"
    if {"input", "msglog"} <= names:
        return "this is an Exim spool: see exim -bp"
    for name in sorted(names):
        below = os.path.join(path, name)
        try:
            if any(inner in CHAPTER_DIRS for inner in os.listdir(below)):
                return f"{below} is one"
        except OSError:
            continue
    return ""


def become_owner(path: str) -> None:
    """Before a write: be the owner of the spool, or stop.

    Root takes uid, gid and groups of the spool's owner for good, before anything below
    the spool is opened, so that no file of another owner is left behind.  Anybody else
    who is not the owner stops here.  Raises NotPermitted, Refused or NoSpool.
    """
    try:
        facts = os.stat(path)
    except OSError as error:
        raise NoSpool(f"{path}: {error.strerror}") from error
    check_parents(path, facts.st_uid)
    if os.geteuid() == facts.st_uid:
        return
    owner = user_name(facts.st_uid)
    if os.geteuid() != 0:
        raise NotPermitted(
            f"{path} belongs to {owner}; this is {user_name(os.geteuid())}",
            hint=f"sudo -u {owner} spooltool …",
        )
    try:
        groups = os.getgrouplist(pwd.getpwuid(facts.st_uid).pw_name, facts.st_gid)
    except KeyError:
        groups = [facts.st_gid]
    os.setgroups(groups)
    os.setgid(facts.st_gid)
    os.setuid(facts.st_uid)


def check_parents(path: str, owner: int) -> None:
    """Refuse a spool that somebody else could swap: a parent that others can write.

    Root's group and the spool's own are not others; a sticky directory (/tmp) is allowed.
    The way is looked at as it was named and as it leads over links.  Raises Refused.
    """
    groups = (0, os.stat(path).st_gid)
    for at in _way(path):
        facts, named = os.stat(at), os.lstat(at)
        mine = facts.st_uid in (0, owner) and named.st_uid in (0, owner)
        others = stat.S_IWOTH if facts.st_gid in groups else stat.S_IWOTH | stat.S_IWGRP
        open_to_others = facts.st_mode & others and not facts.st_mode & stat.S_ISVTX
        if not mine or open_to_others:
            raise Refused(
                f"{at} can be written by others: the spool could be swapped under the tool",
                hint=f"chmod go-w {at}" if mine else f"chown {user_name(owner)} {at}",
            )


def _way(path: str) -> list[str]:
    """A directory and all above it, by its name and by where that leads."""
    ends = dict.fromkeys((os.path.realpath(path), os.path.abspath(path)))
    found: dict[str, None] = {}
    for end in ends:
        at = end
        while at not in found:
            found[at] = None
            at = os.path.dirname(at)
    return list(found)


def check_local(path: str, *, force: bool = False) -> None:
    """Refuse to write on NFS, CIFS or FUSE, where locks and renames cannot be trusted."""
    mount = file_system(path)
    if mount.remote and not force:
        raise Refused(
            f"{path} lies on {mount.kind}: locks there do not keep the relay and this tool apart",
            hint="work on the machine that has the disk, or use --force",
        )


def user_name(uid: int) -> str:
    """Login name of a uid, or the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
