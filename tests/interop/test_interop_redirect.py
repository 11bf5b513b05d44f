"""A client, a gateway and a server in network namespaces of their own, with nftables between.

Rules, routes and relay.toml are those of docs/redirect.md, word for word.
"""

from __future__ import annotations

import os
import pwd
import re
import smtplib
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.gateway import read_results, spool_files
from tests.harness.namespaces import Namespace, join, need_namespaces
from tests.harness.postfix import open_to_others
from tests.harness.process import PYTHON, ROOT, Child, wait_until
from tests.harness.programs import need
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.interop.test_interop_ownership import ACCOUNT, interpreter_for

DOC = ROOT / "docs" / "redirect.md"
NEEDS = {
    "redirect": ("nft redirect (NFT_REDIR, NF_NAT)", "nft fib (NFT_FIB_INET)"),
    "tproxy": ("nft tproxy (NFT_TPROXY)", "nft socket (NFT_SOCKET)", "nft fib (NFT_FIB_INET)"),
}
CLIENT = {"ipv4": "198.51.100.2", "ipv6": "2001:db8:1::2"}
GATE = {"ipv4": "198.51.100.1", "ipv6": "2001:db8:1::1"}
SERVER = {"ipv4": "192.0.2.25", "ipv6": "2001:db8:2::25"}
STRANGER = {"ipv4": "203.0.113.9", "ipv6": "2001:db8:9::9"}
MARK = 25


def block(kind: str, name: str) -> str:
    """One block of the document: its fence says kind and name."""
    found = re.findall(rf"^```{kind} {name}\n(.*?)^```", DOC.read_text(), re.DOTALL | re.MULTILINE)
    assert len(found) == 1, (kind, name)
    return str(found[0])


@dataclass(frozen=True, slots=True)
class Lab:
    """client - gate - server; the client reaches everything through the gate."""

    client: Namespace
    gate: Namespace
    server: Namespace

    def connect(self, place: Namespace, host: str) -> smtplib.SMTP:
        """A client in `place` that speaks to port 25 of a host."""
        with place.entered():
            return smtplib.SMTP(host, 25, "pc.example", timeout=30)

    def greeting(self, place: Namespace, host: str, *, mark: int = 0) -> str:
        """What answers there."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with place.entered():
            sock = socket.socket(family)
        with sock:
            sock.settimeout(30)
            if mark:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
            sock.connect((host, 25))
            return sock.recv(1000).decode()


@pytest.fixture
def lab() -> Iterator[Lab]:
    need_namespaces()
    with ExitStack() as stack:
        client, gate, server = (stack.enter_context(Namespace()) for _ in range(3))
        join(
            client, ["198.51.100.2/24", "2001:db8:1::2/64"],
            gate, ["198.51.100.1/24", "2001:db8:1::1/64"],
            "left",
        )  # fmt: skip
        join(
            gate, ["192.0.2.1/24", "2001:db8:2::1/64"],
            server, ["192.0.2.25/24", "2001:db8:2::25/64"],
            "right",
        )  # fmt: skip
        client.ip("route add default via 198.51.100.1")
        client.ip("-6 route add default via 2001:db8:1::1")
        server.ip("route add default via 192.0.2.1")
        server.ip("-6 route add default via 2001:db8:2::1")
        yield Lab(client, gate, server)


def set_up(place: Namespace, way: str) -> None:
    """Load what the document says for this way."""
    place.nft(block("nft", way))
    if way == "tproxy":
        for line in block("sh", way).splitlines():
            place.ip(line.removeprefix("ip "))


class Relay(Child):
    """A `relay run` in a namespace, with a relay.toml of the document and lines of a test.

    `toml` are the lines above the first table, `tables` those below.
    """

    def __init__(
        self,
        place: Namespace,
        folder: Path,
        toml: str,
        *,
        tables: str = "",
        user: str = "",
        python: str = PYTHON,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.spool = folder / "spool"
        file = folder / "relay.toml"
        quick = 'scan_period = 1\nresend_period = 600\nmin_free = "1%"\n'
        file.write_text(toml + quick + (f'user = "{user}"\n' if user else "") + tables)
        argv = [python, "-m", "relay", "run", "--config", str(file), "--spool", str(self.spool)]
        with place.entered():
            super().__init__(argv, env=env)
        missing = {"listening on", "dequeuer ready"}
        while missing:
            line = self.line(seconds=60)
            missing -= {sign for sign in missing if sign in line}

    def log(self, name: str) -> str:
        """A log of the relay, as far as it is written."""
        path = self.spool / ".spooltool" / "log" / name
        return path.read_text() if path.exists() else ""

    def waiting(self) -> Path:
        """The one message in the spool, once it has been tried."""

        def tried() -> bool:
            files = spool_files(self.spool, "D_resend")
            return len(files) == 1 and read_results(files[0])[0].attempts > 0

        wait_until(tried, what="a message that was tried in vain")
        (file,) = spool_files(self.spool)
        return file

    def pids(self, command: str) -> list[int]:
        """Its children that run this command."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [
            int(pid)
            for pid in children
            if f"\0{command}\0" in Path(f"/proc/{pid}/cmdline").read_text()
        ]


def send(client: smtplib.SMTP, x_id: str) -> None:
    sample = make_sample(x_id)
    client.sendmail(sample.sender, list(sample.recipients), sample.content, ["BODY=8BITMIME"])
    client.quit()


def kick(relay: Relay, python: str, env: Mapping[str, str]) -> None:
    """Has the mail tried now."""
    done = Child([python, "-m", "spooltool", "kick", "--all", "--spool", str(relay.spool)], env=env)
    assert done.wait(seconds=60) == 0
    done.stop()


def capabilities(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.split(":") for line in lines if line.startswith("Cap"))
    return {name: int(value, 16) for name, value in pairs if name != "CapBnd"}


@pytest.mark.parameter("mark")
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("way", ["redirect", "tproxy"])
def test_the_server_that_the_client_meant_gets_the_mail(
    tmp_path: Path, lab: Lab, way: str, family: str
) -> None:
    need_namespaces(*NEEDS[way])
    account = pwd.getpwnam(ACCOUNT)
    python, env = interpreter_for(account, tmp_path)
    open_to_others(tmp_path)
    client, server = CLIENT[family], SERVER[family]
    set_up(lab.gate, way)
    with Relay(
        lab.gate, tmp_path, block("toml", way), user=ACCOUNT, python=python, env=env
    ) as relay:
        send(lab.connect(lab.client, server), "meant")
        file = relay.waiting()
        text = file.read_text()
        shown = f"[{server}]" if ":" in server else server
        for line in (f"SRC:\t{client}", f"DST:\t{shown}", "DPORT:\t25", f"ERR_SERVER:\t{shown}"):
            assert f"{line}\n" in text
        assert os.stat(file).st_uid == account.pw_uid
        assert "Connection refused" in read_results(file)[0].text
        with lab.server.entered():
            sink = SinkProcess(
                host=server, port=25, log=tmp_path / "sink.log", keep=tmp_path / "kept"
            )
        with sink:
            kick(relay, python, env)
            wait_until(lambda: not spool_files(relay.spool), what="an empty spool")
            (content,) = sink.contents()
            assert content.count(b"Received: ") == 1
            # Whatever else this machine sends is turned: the mark alone is spared.
            assert lab.greeting(lab.gate, server).startswith("421 4.4.6 this machine's own ")
            assert lab.greeting(lab.gate, server, mark=MARK).startswith("220 sink.example ")
            assert lab.greeting(lab.server, server).startswith("220 sink.example ")
        assert len(re.findall(" stored ", relay.log("asmtpd.elg"))) == 1
        assert lab.greeting(lab.client, GATE[family]) == (
            "554 5.7.1 no mail is accepted for this machine itself\r\n"
        )
        assert lab.greeting(lab.client, STRANGER[family]) == (
            f"554 5.7.1 no mail is accepted for {STRANGER[family]}\r\n"
        )
        (mdq,), (asmtpd,) = relay.pids("mdq"), relay.pids("asmtpd")
        assert set(capabilities(mdq).values()) == {1 << 12}
        assert set(capabilities(asmtpd).values()) == {0}


@pytest.mark.parametrize(
    ("accepted", "code", "words"),
    [("", 421, "this machine's own connection"), ('"192.0.2.1", ', 451, "our own delivery")],
    ids=["at-connect", "at-data"],
)
@pytest.mark.parametrize("way", ["redirect", "tproxy"])
def test_without_the_mark_own_deliveries_come_back_and_are_kept(
    tmp_path: Path, lab: Lab, way: str, accepted: str, code: int, words: str
) -> None:
    need_namespaces(*NEEDS[way])
    set_up(lab.gate, way)
    toml = block("toml", way).replace(f"mark = {MARK}\n", "")
    toml = toml.replace("accept_from = [", f"accept_from = [{accepted}")
    with lab.server.entered():
        sink = SinkProcess(host=SERVER["ipv4"], port=25, log=tmp_path / "sink.log")
    with sink, Relay(lab.gate, tmp_path, toml) as relay:
        send(lab.connect(lab.client, SERVER["ipv4"]), "round")
        result = read_results(relay.waiting())[0]
        assert (result.code, result.enhanced) == (code, "4.4.6")
        assert words in result.text
        assert len(re.findall(" stored ", relay.log("asmtpd.elg"))) == 1
        assert sink.entries() == []


def test_a_mark_without_the_right_to_it_is_refused_at_the_start(tmp_path: Path) -> None:
    account = pwd.getpwnam(ACCOUNT)
    python, env = interpreter_for(account, tmp_path)
    open_to_others(tmp_path)
    (tmp_path / "relay.toml").write_text(
        f'mark = 25\nrundir = "{tmp_path}/spool"\nlisten = ["127.0.0.1:0"]\ndst = "192.0.2.1"\n'
    )
    account_words = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    done = subprocess.run(
        [
            *(need("setpriv"), *account_words, "--bounding-set=-net_admin,-net_raw"),
            *(python, "-m", "relay", "run", "--config", str(tmp_path / "relay.toml")),
        ],
        env={**os.environ, **env},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 77
    assert done.stderr.splitlines() == [
        "relay: mark = 25 wants CAP_NET_ADMIN, which this process does not have",
        "  start the relay as root, or with AmbientCapabilities=CAP_NET_ADMIN",
    ]


HAPROXY = """
global
    maxconn 100
defaults
    timeout connect 10s
    timeout client 60s
    timeout server 60s
"""


@pytest.mark.parametrize(("word", "family"), [("send-proxy", "ipv4"), ("send-proxy-v2", "ipv6")])
def test_haproxy_tells_client_and_server(tmp_path: Path, lab: Lab, word: str, family: str) -> None:
    need_namespaces(*NEEDS["tproxy"])
    haproxy = need("haproxy")
    text = HAPROXY + block("haproxy", "proxy")
    assert " send-proxy-v2 " in text
    (tmp_path / "haproxy.cfg").write_text(text.replace("send-proxy-v2", word))
    with ExitStack() as stack:
        inner, far = stack.enter_context(Namespace()), stack.enter_context(Namespace())
        join(lab.gate, ["203.0.113.1/24"], inner, ["203.0.113.2/24"], "inner")
        join(
            inner, ["192.0.2.2/24", "2001:db8:2::2/64"],
            far, ["192.0.2.25/24", "2001:db8:2::25/64"],
            "back",
        )  # fmt: skip
        server = SERVER[family]
        set_up(lab.gate, "tproxy")
        # The proxy's own connections lead to the relay; nothing else of this machine does.
        lab.gate.nft("flush chain inet relay output")
        relay = stack.enter_context(Relay(inner, tmp_path, block("toml", "proxy")))
        with lab.gate.entered():
            proxy = stack.enter_context(
                Child([haproxy, "-db", "-f", str(tmp_path / "haproxy.cfg")])
            )
        with far.entered():
            sink = stack.enter_context(
                SinkProcess(host=server, port=25, log=tmp_path / "sink.log", keep=tmp_path / "kept")
            )

        def up() -> bool:
            assert proxy.popen.poll() is None
            try:
                return lab.greeting(lab.client, server).startswith("220 gate.example")
            except OSError:
                return False

        wait_until(up, what="a proxy that works")
        send(lab.connect(lab.client, server), "proxied")
        wait_until(lambda: len(sink.entries()) == 1, what="the mail at its server")
        assert (
            f"([{'IPv6:' if ':' in server else ''}{CLIENT[family]}])".encode()
            in (sink.contents()[0])
        )
        stored = re.search(r" stored src=(\S+) .* proxy=(\S+)", relay.log("asmtpd.elg"))
        assert stored is not None
        assert stored[1].strip('"') == CLIENT[family]
        assert stored[2].startswith("203.0.113.1:")
        assert lab.greeting(lab.client, STRANGER[family]).startswith("554 5.7.1 ")
        # Not through the proxy: no header is waited for, and this one is nobody's client.
        assert lab.greeting(far, "192.0.2.2").startswith(
            "554 5.7.1 no mail is accepted from 192.0.2.25"
        )


def test_a_dst_that_is_our_own_listener_is_refused_at_connect(tmp_path: Path, lab: Lab) -> None:
    # An address of an interface: only the running relay can know that it is its own.
    toml = 'listen = ["0.0.0.0:25"]\naccept_from = ["198.51.100.0/24"]\ndst = "192.0.2.1"\n'
    with Relay(lab.gate, tmp_path, toml):
        assert lab.greeting(lab.client, GATE["ipv4"]) == (
            "421 4.4.6 192.0.2.1:25 is this relay: mail would go in circles\r\n"
        )
        lab.gate.ip("address del 192.0.2.1/24 dev right")
        assert lab.greeting(lab.client, GATE["ipv4"]).startswith("220 ")
