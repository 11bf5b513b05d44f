"""A certificate passed from the supervisor to its intake workers, over an unnamed file.

The supervisor reads the key before it gives up root; the workers start later, over and
over, and may not.  They inherit a descriptor of a file that exists in memory only, which
the supervisor writes anew on a reload, before it tells them.
"""

from __future__ import annotations

import hashlib
import json
import os
import time

from relay.tls.certificate import Pem, Renewal

PATIENCE = 5.0
"""Seconds that a reader waits for a writer to come to its end."""

_MOST = 1 << 23


class Handover:
    """One end of it; `fd` is the descriptor to inherit."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def create(cls) -> Handover:
        """A new, empty one: nothing is offered."""
        made = cls(os.memfd_create("relay-tls", os.MFD_CLOEXEC))
        os.fchmod(made.fd, 0o600)
        made.write(Renewal(None))
        return made

    def write(self, renewal: Renewal) -> None:
        """Offer this from now on."""
        pem = renewal.pem
        facts = {
            "certificate": pem.certificate.decode("latin-1") if pem else "",
            "key": pem.key.decode("latin-1") if pem else "",
            "problem": renewal.problem,
        }
        body = json.dumps(facts).encode()
        # The digest lets a worker that starts at this moment see that it read half of it.
        os.pwrite(self.fd, hashlib.sha256(body).hexdigest().encode() + b"\n" + body, 0)
        os.ftruncate(self.fd, 65 + len(body))

    def read(self) -> Renewal:
        """What is offered now.  Raises OSError, or ValueError where it is none of ours."""
        until = time.monotonic() + PATIENCE
        while True:
            digest, _, body = os.pread(self.fd, _MOST, 0).partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() == digest:
                break
            if time.monotonic() > until:
                raise ValueError("no certificate was handed over")
            time.sleep(0.001)
        facts = json.loads(body)
        if not facts["certificate"]:
            return Renewal(None, facts["problem"])
        pem = Pem(facts["certificate"].encode("latin-1"), facts["key"].encode("latin-1"))
        return Renewal(pem, facts["problem"])
