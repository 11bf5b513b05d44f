"""A real name server, NLnet Labs' nsd, with zones of a test on a loopback port."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from spooltool.spool.hosts import HostPort
from tests.harness.process import Child, free_port, wait_until
from tests.harness.programs import need

_CONF = """\
server:
  ip-address: 127.0.0.1@{port}
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  username: "{user}"
  server-count: 1
  verbosity: 0
remote-control:
  control-enable: no
{zones}"""

_ZONE = 'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'

_HEAD = """\
$ORIGIN {name}.
$TTL {ttl}
@ IN SOA ns admin 1 3600 900 86400 {ttl}
@ IN NS ns
ns IN A 127.0.0.1
"""


class Nsd(Child):
    """nsd with these zones (name to lines of a zone file), below a folder of the test."""

    def __init__(self, folder: Path, zones: Mapping[str, str], *, ttl: int = 300) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.place = HostPort("127.0.0.1", free_port())
        for name, lines in zones.items():
            text = _HEAD.format(name=name, ttl=ttl) + lines
            (folder / f"{name}.zone").write_text(text, encoding="ascii")
        conf = folder / "nsd.conf"
        conf.write_text(
            _CONF.format(
                port=self.place.port,
                folder=folder,
                user="root" if os.geteuid() == 0 else "",
                zones="".join(_ZONE.format(name=name) for name in zones),
            ),
            encoding="ascii",
        )
        super().__init__([need("nsd"), "-d", "-c", str(conf)])
        self._first = next(iter(zones))
        try:
            wait_until(self._answers, what="a name server that answers")
        except BaseException:
            self.stop()
            raise

    def _answers(self) -> bool:
        if self.popen.poll() is not None:
            raise RuntimeError(f"nsd ended with {self.popen.returncode}")
        query = dns.message.make_query(f"{self._first}.", "SOA")
        try:
            found = dns.query.udp(query, self.place.host, timeout=0.2, port=self.place.port or 53)
        except (dns.exception.DNSException, OSError):
            return False
        return bool(found.answer)
