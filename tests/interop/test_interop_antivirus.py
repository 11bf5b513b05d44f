"""Debian's clamd, over TCP and a Unix socket, and c-icap before it: each outcome from each."""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import subprocess
import zipfile
from base64 import encodebytes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from relay.antivirus import Protocol, Scanner, ScannerClient, ScanTask, scan_now
from relay.policy.antivirus import Deliver, FindPart, Quarantine, ReplacePart, Wait, decide
from relay.policy.scan_outcome import (
    Clean,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Silent,
    Unreachable,
    Unscanned,
)
from spooltool.spool.hosts import HostPort
from tests.harness.c_icap import SERVICE, CIcap
from tests.harness.clamd import (
    EICAR,
    EICAR_NAME,
    HASHED,
    HASHED_NAME,
    MARKED,
    MARKED_NAME,
    Clamd,
)
from tests.harness.process import PYTHON, Child, family

PIECE = 50_000
LONG = 60.0
KINDS = ("clamd-tcp", "clamd-unix", "icap")


@dataclass(frozen=True, slots=True)
class Site:
    """A clamd, a c-icap before it, and the scanners that they are for us."""

    clamd: Clamd
    c_icap: CIcap

    def scanner(self, kind: str) -> Scanner:
        if kind == "icap":
            place = HostPort("127.0.0.1", self.c_icap.port)
            return Scanner("av", Protocol.ICAP, place, service=SERVICE)
        path = str(self.clamd.socket) if kind == "clamd-unix" else ""
        return Scanner("av", Protocol.CLAMD, HostPort("127.0.0.1", self.clamd.port), path)

    def child(self, kind: str) -> Child:
        """Whom such a scanner talks to."""
        return self.c_icap.child if kind == "icap" else self.clamd.child

    def restart(self, kind: str) -> None:
        (self.c_icap if kind == "icap" else self.clamd).restart()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("av")
    for name in ("c", "i"):
        (folder / name).mkdir()
    with (
        Clamd(folder / "c") as clamd,
        CIcap(folder / "i", clamd.socket) as c_icap,
    ):
        yield Site(clamd, c_icap)


def pieces(content: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (content[at : at + PIECE] for at in range(0, len(content), PIECE))


def scan(
    scanner: Scanner, content: bytes, mode: Mode = Mode.CHECK, *, headers: bool = False
) -> Outcome:
    """One scan with a sink, so that a scanner that cures could."""
    task = ScanTask(mode, headers, length=len(content))
    return scan_now(scanner, task, pieces(content), timeout=LONG, sink=io.BytesIO())


def zipped(content: bytes, *, encrypted: bool = False) -> bytes:
    """A zip archive of one file; `encrypted` as far as its headers say."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.com", content)
    data = bytearray(buffer.getvalue())
    if encrypted:
        for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            data[data.index(signature) + flags] |= 1
    return bytes(data)


def mail(attachment: bytes) -> bytes:
    """A mail with one attachment, line ends as in the spool."""
    return (
        b"From: a@example.com\nTo: b@example.org\nSubject: report\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="b1"\n\n--b1\nContent-Type: text/plain\n\n'
        b"See the report.\n--b1\nContent-Type: application/octet-stream\n"
        b'Content-Disposition: attachment; filename="report.com"\n'
        b"Content-Transfer-Encoding: base64\n\n" + encodebytes(attachment) + b"--b1--\n"
    )


def forwarded(inner: bytes) -> bytes:
    """The mail as a message/rfc822 part of another."""
    return (
        b"From: c@example.com\nTo: b@example.org\nSubject: Fwd\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="o1"\n\n'
        b"--o1\nContent-Type: message/rfc822\n\n" + inner + b"\n--o1--\n"
    )


NOISE = random.Random(7).randbytes(3_000_000)

CLEAN = {
    "part": b"just a text\n",
    "empty": b"",
    "mail": mail(b"nothing to see"),
    "large": NOISE,
    "1024": b"x" * 1024,
    "1025": b"x" * 1025,
    "zip": zipped(b"nothing to see"),
}
INFECTED = {
    "part": (EICAR, EICAR_NAME),
    "pattern": (MARKED, MARKED_NAME),
    "hash": (HASHED, HASHED_NAME),
    "at-the-end": (NOISE + MARKED, MARKED_NAME),
    "attachment": (mail(EICAR), EICAR_NAME),
    "in-zip": (mail(zipped(EICAR)), EICAR_NAME),
    "zip-in-zip": (zipped(zipped(MARKED)), MARKED_NAME),
    "in-rfc822": (forwarded(mail(MARKED)), MARKED_NAME),
}

LOCKED = [zipped(b"x", encrypted=True), mail(zipped(b"x", encrypted=True))]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", list(CLEAN))
def test_clean(site: Site, kind: str, name: str, mode: Mode) -> None:
    outcome = scan(site.scanner(kind), CLEAN[name], mode, headers=name == "mail")
    assert outcome == Clean()
    assert decide(outcome, mode, a_part=False) == Deliver()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", list(INFECTED))
def test_infected(site: Site, kind: str, name: str, mode: Mode) -> None:
    content, finding = INFECTED[name]
    outcome = scan(site.scanner(kind), content, mode, headers=content.startswith(b"From: "))
    assert outcome == Infected((finding,))
    if mode is Mode.CHECK:
        assert isinstance(decide(outcome, mode, a_part=True), Quarantine)
    else:
        assert decide(outcome, mode, a_part=True) == ReplacePart((finding,))
        assert decide(outcome, mode, a_part=False) == FindPart((finding,))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", LOCKED)
def test_encrypted_is_not_clean(site: Site, kind: str, content: bytes, mode: Mode) -> None:
    outcome = scan(site.scanner(kind), content, mode)
    assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.ENCRYPTED
    assert isinstance(decide(outcome, mode, a_part=True), Quarantine)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content",
    [
        random.Random(1).randbytes(
            7_000_000
        ),  # beyond MaxFileSize of clamd, MaxObjectSize of c-icap
        random.Random(2).randbytes(12_000_000),  # beyond StreamMaxLength of clamd
    ],
    ids=["7-MB", "12-MB"],
)
def test_oversized_is_not_clean(site: Site, kind: str, content: bytes, mode: Mode) -> None:
    outcome = scan(site.scanner(kind), content, mode)
    assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.LIMIT
    assert isinstance(decide(outcome, mode, a_part=True), Quarantine)


@pytest.mark.parametrize("kind", KINDS)
def test_beyond_our_own_limit_it_is_not_asked(site: Site, kind: str) -> None:
    outcome = scan(replace(site.scanner(kind), max_size=1), EICAR + bytes(1024))
    assert isinstance(outcome, NotScanned) and "max_size" in outcome.text


def many(count: int) -> bytes:
    """An archive of so many files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.txt", b"x")
    return buffer.getvalue()


def nested(content: bytes, depth: int) -> bytes:
    """Archives in archives."""
    for _ in range(depth):
        content = zipped(content)
    return content


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content",
    [zipped(bytes(20_000_000)), zipped(bytes(20_000_000) + MARKED), many(100), nested(EICAR, 12)],
    ids=["unpacks-large", "infected-beyond", "many-files", "deep"],
)
def test_what_unpacks_to_more_than_is_looked_at_is_not_clean(
    site: Site, kind: str, content: bytes
) -> None:
    outcome = scan(site.scanner(kind), content)
    assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.LIMIT


def test_a_type_that_c_icap_does_not_scan_is_not_clean(site: Site) -> None:
    outcome = scan(site.scanner("icap"), b"\x89PNG\r\n\x1a\n" + NOISE[:5000])
    assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.LIMIT


@pytest.mark.parametrize("mode", list(Mode))
def test_cut_short_by_c_icap_is_a_finding(site: Site, tmp_path: Path, mode: Mode) -> None:
    """It has sent a part back when it finds something, and ends the rest without a word."""
    early = {"virus_scan.StartSendPercentDataAfter": "64K", "virus_scan.SendPercentData": "50"}
    with CIcap(tmp_path, site.clamd.socket, settings=early) as trickling:
        place = HostPort("127.0.0.1", trickling.port)
        scanner = Scanner("av", Protocol.ICAP, place, service=SERVICE)
        assert isinstance(scan(scanner, NOISE + MARKED, mode), Infected)
        assert scan(scanner, NOISE, mode) == Clean()


@pytest.mark.parametrize("mode", list(Mode))
def test_a_service_that_is_no_scanner_is_not_believed(site: Site, mode: Mode) -> None:
    """c-icap's echo gives everything back, or says that there is nothing to change."""
    scanner = replace(site.scanner("icap"), service="echo")
    for content in (b"clean", NOISE, EICAR):
        outcome = scan(scanner, content, mode)
        assert isinstance(outcome, NotScanned) and outcome.reason is Unscanned.ERROR


@pytest.mark.parametrize("mode", list(Mode))
def test_c_icap_without_an_engine_is_not_believed(tmp_path: Path, mode: Mode) -> None:
    """Started while clamd was down it says 204 to everything, for as long as it lives."""
    c_icap = CIcap(tmp_path, tmp_path / "no-clamd.sock")
    try:
        c_icap.start_once()
        assert not c_icap.finds_eicar()
        place = HostPort("127.0.0.1", c_icap.port)
        scanner = Scanner("av", Protocol.ICAP, place, service=SERVICE)
        for content in (b"clean", EICAR, NOISE):
            outcome = scan(scanner, content, mode)
            assert isinstance(decide(outcome, mode, a_part=False), Wait), outcome
    finally:
        c_icap.stop()


def test_connections_are_kept_over_many_scans(site: Site) -> None:
    async def main() -> None:
        async with ScannerClient(site.scanner("icap"), LONG) as client:
            for content, outcome in [(b"clean", Clean()), (EICAR, Infected((EICAR_NAME,)))] * 5:
                assert await client.scan(ScanTask(), pieces(content)) == outcome
            many = [client.scan(ScanTask(), pieces(MARKED)) for _ in range(20)]
            assert set(await asyncio.gather(*many)) == {Infected((MARKED_NAME,))}

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_restarted_between_two_scans(site: Site, kind: str) -> None:
    async def main() -> None:
        async with ScannerClient(site.scanner(kind), LONG) as client:
            for _ in range(2):
                assert await client.scan(ScanTask(), pieces(b"clean")) == Clean()
                assert await client.scan(ScanTask(), pieces(EICAR)) == Infected((EICAR_NAME,))
                await asyncio.to_thread(site.restart, kind)

    asyncio.run(main())


# the scanner is not there, goes away, hangs


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS)
def test_down(site: Site, kind: str, mode: Mode) -> None:
    try:
        (site.c_icap if kind == "icap" else site.clamd).stop()
        for content in (b"clean", EICAR):
            outcome = scan(site.scanner(kind), content, mode)
            assert isinstance(outcome, Unreachable)
            assert isinstance(decide(outcome, mode, a_part=False), Wait)
    finally:
        site.restart(kind)


@pytest.mark.parametrize("mode", list(Mode))
def test_clamd_down_behind_c_icap(site: Site, mode: Mode) -> None:
    try:
        site.clamd.stop()
        for content in (b"clean", EICAR):
            outcome = scan(site.scanner("icap"), content, mode)
            assert decide(outcome, mode, a_part=False) != Deliver()
            assert isinstance(outcome, NotScanned), outcome
    finally:
        site.restart("clamd")


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS)
def test_killed_in_mid_stream(site: Site, kind: str, mode: Mode) -> None:
    def killing() -> Iterator[bytes]:
        yield bytes(100_000)
        site.child(kind).kill_all()
        for _ in range(40):
            yield bytes(100_000)

    try:
        task = ScanTask(mode, length=4_100_000)
        outcome = scan_now(site.scanner(kind), task, killing, timeout=LONG, sink=io.BytesIO())
        assert isinstance(outcome, Unreachable | NotScanned)
        assert isinstance(decide(outcome, mode, a_part=False), Wait), outcome
    finally:
        site.restart(kind)


@contextmanager
def stopped(child: Child) -> Iterator[None]:
    """A process and its children stand still."""
    pids = family(child.pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", [*KINDS, "clamd-behind-icap"])
def test_one_that_hangs_is_silent(site: Site, kind: str, mode: Mode) -> None:
    behind = kind == "clamd-behind-icap"
    scanner = site.scanner("icap" if behind else kind)
    with stopped(site.clamd.child if behind else site.child(kind)):
        outcome = scan_now(scanner, ScanTask(mode), pieces(b"clean"), timeout=1)
        assert isinstance(outcome, Silent)
        assert isinstance(decide(outcome, mode, a_part=False), Wait)
    assert scan(scanner, b"clean", mode) == Clean()


# the command


def test_the_command(site: Site, tmp_path: Path) -> None:
    for name, content in (
        ("clean.txt", b"clean\n"),
        ("e.com", EICAR),
        ("z.zip", INFECTED["in-zip"][0]),
    ):
        (tmp_path / name).write_bytes(content)
    locked = tmp_path / "locked.zip"
    locked.write_bytes(zipped(b"x", encrypted=True))
    at = ["--address", f"127.0.0.1:{site.clamd.port}"]
    by_icap = ["--protocol", "icap", "--service", SERVICE]
    by_icap += ["--address", f"127.0.0.1:{site.c_icap.port}"]
    for options, itself in ((at, "ClamAV 1."), (by_icap, "C-ICAP/")):
        assert told(tmp_path, *options)[0] == 0 and itself in told(tmp_path, *options)[1]
        assert told(tmp_path, *options, "clean.txt") == (0, "clean.txt: clean\n")
        code, said = told(tmp_path, *options, "clean.txt", "e.com", "z.zip", "locked.zip")
        assert code == 1 and said.count(f"infected: {EICAR_NAME}\n") == 2
        code, said = told(tmp_path, *options, "locked.zip")
        assert code == 4 and said.startswith("locked.zip: not scanned (encrypted): ")


def told(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [PYTHON, "-m", "relay", "scan", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout
