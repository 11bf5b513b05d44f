"""`spooltool probe` at a real Postfix with TLS."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.harness.postfix import Postfix
from tests.harness.process import PYTHON, ROOT
from tests.harness.programs import need_postfix

ACCESS = "inline:{ {gone@example.org = 550 5.1.1 no such user here} }"


@pytest.fixture(autouse=True)
def _postfix_is_there() -> None:
    need_postfix()


def probed(postfix: Postfix, *words: str, ca: Path | None = None) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a probe of this Postfix."""
    trusted = {"SSL_CERT_FILE": str(ca)} if ca else {}
    done = subprocess.run(
        [PYTHON, "-m", "spooltool", "probe", f"127.0.0.1:{postfix.port}", "--json", *words],
        cwd=ROOT,
        env={**os.environ, **trusted},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_every_step_and_no_mail(tmp_path: Path) -> None:
    authority = trustme.CA(organization_name="Example CA")
    pair = authority.issue_cert("127.0.0.1", "mx.example.org")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    pair.private_key_and_cert_chain_pem.write_to_path(tmp_path / "pair.pem")
    settings = {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": str(tmp_path / "pair.pem"),
        "smtpd_recipient_restrictions": f"check_recipient_access {ACCESS}, "
        "permit_mynetworks, reject",
    }
    with Postfix(tmp_path / "postfix", defer=True, settings=settings) as postfix:
        rcpt = ("--from", "a@example.com", "--rcpt", "carl@example.org")
        code, good = probed(postfix, *rcpt, "--tls", "verify", ca=tmp_path / "ca.pem")
        refused = probed(postfix, *rcpt, "--rcpt", "gone@example.org")
        distrusted = probed(postfix, "--tls", "verify")
        queued = postfix.queued()
        said = postfix.log.read_text()
    (found,) = good["addresses"]
    names = [step["step"] for step in found["steps"]]
    assert code == 0 and good["ok"] is True
    assert names == [
        *("connect", "greeting", "EHLO", "STARTTLS", "handshake", "EHLO"),
        *("MAIL", "RCPT", "QUIT"),
    ]
    assert "STARTTLS" not in found["extensions"] and "PIPELINING" in found["extensions"]
    certificate = found["certificate"]
    assert certificate["verified"] is True
    assert sorted(certificate["names"]) == ["127.0.0.1", "mx.example.org"]
    assert certificate["begins"] == "2000-01-01T00:00:00Z"
    last = refused[1]["addresses"][0]["steps"][-2]
    assert refused[0] == 1 and last["step"] == "RCPT gone@example.org"
    assert last["said"].startswith("550 5.1.1") and not last["ok"]
    assert distrusted[0] == 1
    assert distrusted[1]["addresses"][0]["certificate"]["verified"] is False
    assert queued == 0 and " data=" not in said
    assert " ehlo=2 starttls=1 mail=1 rcpt=1 quit=1 commands=6\n" in said


def test_a_postfix_without_tls(tmp_path: Path) -> None:
    with Postfix(tmp_path / "postfix") as postfix:
        assert probed(postfix)[0] == 0
        code, found = probed(postfix, "--tls", "require")
    assert code == 1
    failed = [step for step in found["addresses"][0]["steps"] if not step["ok"]]
    assert [(step["step"], step["said"]) for step in failed] == [("STARTTLS", "not offered")]
