"""Network namespaces of a test, joined by veth pairs; they end with it.

A namespace has no name and no mount: it is held by one process that waits for the end of
its input, so that nothing is left even when the tests are killed.  Only with `entered`
does anything of this process work inside of one.
"""

from __future__ import annotations

import ctypes
import functools
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import pytest

from tests.harness.process import wait_until
from tests.harness.programs import need, need_root

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)

_NFT = {
    "nft redirect (NFT_REDIR, NF_NAT)": "type nat hook prerouting priority -100;"
    " tcp dport 1 redirect to :2",
    "nft fib (NFT_FIB_INET)": "type nat hook prerouting priority -100; fib daddr type local accept",
    "nft tproxy (NFT_TPROXY)": "type filter hook prerouting priority -150;"
    " tcp dport 1 tproxy to :2",
    "nft socket (NFT_SOCKET)": "type filter hook prerouting priority -150;"
    " meta l4proto tcp socket transparent 1 accept",
}
_ABSENT = ("No such file or directory", "not supported", "Protocol not available", "not permitted")


class Namespace:
    """One network namespace with its loopback up."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        mine = os.readlink("/proc/self/ns/net")
        wait_until(lambda: self._place() != mine, what="a network namespace")
        self._fd = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link set lo up")

    @property
    def pid(self) -> int:
        """The process that holds it."""
        return self._keeper.pid

    def _place(self) -> str:
        assert self._keeper.poll() is None, "unshare has failed"
        return os.readlink(f"/proc/{self.pid}/ns/net")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets made and programs started by this thread belong to the namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(self._fd)
            try:
                yield
            finally:
                _enter(home)
        finally:
            os.close(home)

    def run(self, *argv: str, given: str = "") -> None:
        """Run a program to its end in here; it must succeed."""
        done = self.tried(*argv, given=given)
        assert done.returncode == 0, f"{argv}: {done.stderr}"

    def tried(self, *argv: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end in here, with this on its standard input."""
        with self.entered():
            return subprocess.run(
                argv, input=given, capture_output=True, text=True, check=False, timeout=60
            )

    def ip(self, words: str) -> None:
        """One `ip` command."""
        self.run(need("ip"), *words.split())

    def nft(self, rules: str) -> None:
        """Load rules."""
        self.run(need("nft"), "-f", "-", given=rules)

    def close(self) -> None:
        """Let it go: with its last process all in it is gone."""
        os.close(self._fd)
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def join(
    one: Namespace, ones: Sequence[str], other: Namespace, others: Sequence[str], name: str
) -> None:
    """A veth pair called `name` at both ends, up, with these addresses."""
    one.ip(f"link add {name} type veth peer name {name} netns {other.pid}")
    for place, addresses in ((one, ones), (other, others)):
        for address in addresses:
            place.ip(f"address add {address} dev {name}" + (" nodad" if ":" in address else ""))
        place.ip(f"link set {name} up")


def _enter(fd: int) -> None:
    if _LIBC.setns(fd, _CLONE_NEWNET) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def need_namespaces(*features: str) -> None:
    """Skips a test, with the reason, where the kernel lacks what it wants.

    A missing program, or a test run without root, fails in CI.  What the kernel itself has
    not, or a container forbids, no installation can mend: that skips there, too.
    """
    need_root()
    need("ip")
    need("nft")
    found = kernel_lacks()
    if lacks := [one for one in found if one in features or not one.startswith("nft ")]:
        pytest.skip("the kernel or the container lacks " + ", ".join(lacks))


@functools.cache
def kernel_lacks() -> tuple[str, ...]:
    """Names of what is missing, each tried by itself in a namespace that is thrown away.

    An error that does not speak of a missing feature is a defect of the test, and raised.
    """
    tried = subprocess.run(
        ["unshare", "--net", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return (f"network namespaces ({tried.stderr.strip()})",)
    lacks = []
    with Namespace() as place:
        veth = place.tried(need("ip"), "link", "add", "p0", "type", "veth", "peer", "name", "p1")
        if veth.returncode:
            lacks.append("veth (VETH)")
        for name, rule in _NFT.items():
            text = f"table inet probe {{\nchain c {{\n{rule}\n}}\n}}\ndelete table inet probe\n"
            done = place.tried(need("nft"), "-f", "-", given=text)
            if done.returncode:
                assert any(sign in done.stderr for sign in _ABSENT), done.stderr
                lacks.append(name)
    return tuple(lacks)
