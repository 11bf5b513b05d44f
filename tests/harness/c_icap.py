"""A c-icap of its own in front of a clamd: Debian's virus_scan service over loopback."""

from __future__ import annotations

import getpass
import grp
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.clamd import EICAR
from tests.harness.process import Child, accepts_connections, family, free_port, wait_until
from tests.harness.programs import absent, need

SERVICE = "virus_scan"

SETTINGS = {
    "virus_scan.ScanFileTypes": "TEXT DATA EXECUTABLE ARCHIVE DOCUMENT GIF JPEG MSOFFICE",
    "virus_scan.StartSendPercentDataAfter": "64M",
    "virus_scan.MaxObjectSize": "6M",
    "virus_scan.PassOnError": "off",
    "virus_scan.DefaultEngine": "clamd",
}


class CIcap:
    """`with CIcap(folder, clamd_socket) as c_icap:` listens on 127.0.0.1:`port`.

    `settings` are lines of virus_scan.conf of the test's own.
    """

    def __init__(
        self, folder: Path, clamd_socket: Path, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"
        self.settings = {**SETTINGS, **(settings or {})}
        self._clamd_socket = clamd_socket
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def child(self) -> Child:
        """The parent of its processes."""
        assert self._child is not None
        return self._child

    def start(self) -> None:
        """Start it anew until it has its engine: asking clamd for it may fail under load."""
        for _ in range(5):
            self.start_once()
            if self.finds_eicar():
                return
            self.stop()
        raise RuntimeError("c-icap does not come up with clamd as its engine")

    def start_once(self) -> None:
        """Write the configuration, start it, return once it takes connections."""
        program = need("c-icap")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "c-icap.conf"
        config.write_text("".join(f"{line}\n" for line in self._lines()))
        self._child = Child([program, "-N", "-f", str(config)], cwd=self.folder)
        wait_until(self._is_up, seconds=60, what="a c-icap that takes connections")

    def stop(self) -> None:
        """End it; on return none of its processes is left, nor anybody at its port."""
        if self._child is None:
            return
        pids = family(self._child.pid)
        self._child.kill_all()
        self._child = None
        wait_until(lambda: not any(map(_alive, pids)), what="the end of c-icap's processes")

    def finds_eicar(self) -> bool:
        """Whether it scans at all: without an engine it passes everything."""
        http = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
        head = (
            f"RESPMOD icap://127.0.0.1:{self.port}/{SERVICE} ICAP/1.0\r\nHost: 127.0.0.1\r\n"
            f"Connection: close\r\nEncapsulated: res-hdr=0, res-body={len(http)}\r\n\r\n"
        )
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(EICAR), EICAR)
        answer = b""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
                sock.sendall(head.encode() + http + body)
                while data := sock.recv(65536):
                    answer += data
        except ConnectionError:  # it takes connections before it can serve them
            return False
        return b"\r\nX-Infection-Found: " in answer

    def restart(self) -> None:
        """End it and start it anew, at the same place."""
        self.stop()
        self.start()

    def _is_up(self) -> bool:
        if self.child.popen.poll() is not None:
            said = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
            raise RuntimeError(f"c-icap ended with {self.child.popen.returncode}: {said[-2000:]}")
        return accepts_connections(self.port)

    def _lines(self) -> list[str]:
        modules = _modules()
        account, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        return [
            f"PidFile {self.folder}/c-icap.pid",
            f"CommandsSocket {self.folder}/c-icap.ctl",
            f"Port 127.0.0.1:{self.port}",
            f"User {account}",
            f"Group {group}",
            "ServerName c-icap.example",
            "ServerAdmin postmaster@example.org",
            "Timeout 120",
            "KeepAliveTimeout 120",
            "MaxKeepAliveRequests 100",
            "StartServers 1",
            "MaxServers 2",
            "MinSpareThreads 2",
            "MaxSpareThreads 8",
            "ThreadsPerChild 8",
            f"TmpDir {self.folder}",
            "MaxMemObject 131072",
            "DebugLevel 1",
            "Pipelining on",
            f"ModulesDir {modules}",
            f"ServicesDir {modules}",
            "TemplateDir /usr/share/c_icap/templates/",
            "TemplateDefaultLanguage en",
            "LoadMagicFile /etc/c-icap/c-icap.magic",
            f"ServerLog {self.log}",
            f"AccessLog {self.folder}/access.log",
            "Service echo srv_echo.so",
            "Service antivirus_module virus_scan.so",
            "Module common clamd_mod.so",
            f"clamd_mod.ClamdSocket {self._clamd_socket}",
            *(f"{key} {value}" for key, value in self.settings.items()),
        ]


def _alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _modules() -> Path:
    """Where Debian keeps the modules: below the triplet of the machine."""
    for place in Path("/usr/lib").glob("*/c_icap"):
        if (place / "virus_scan.so").exists() and (place / "clamd_mod.so").exists():
            return place
    absent("c-icap's virus_scan is not installed (packaging/install-interop installs it)")
    raise AssertionError("not reached")
