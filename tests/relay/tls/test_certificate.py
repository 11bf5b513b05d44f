"""Certificates: what can be used, what is said of what cannot, how they change hands."""

from __future__ import annotations

import os
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from relay.tls.certificate import (
    BadCertificate,
    CertificateFiles,
    Pem,
    Renewal,
    note_on,
    server_context,
)
from relay.tls.handover import Handover
from relay.tls.inspection import inspect
from relay.tls.trust import NoAuthorities, Trust
from tests.harness.certificates import Authority, Pair


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def read(pair: Pair) -> Pem:
    pem = CertificateFiles().read(str(pair.certificate), str(pair.key))
    assert pem is not None
    return pem


def test_a_pair_in_two_files_and_in_one(authority: Authority, tmp_path: Path) -> None:
    pair = authority.issue("gw.example.org")
    both = tmp_path / "both.pem"
    both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    for pem in (read(pair), CertificateFiles().read(str(both), "")):
        assert pem is not None
        context = server_context(pem, "1.3")
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert note_on(pem, context, time.time()) == ""
    assert repr(read(pair)) == "Pem(...)", "no key in a traceback"
    assert CertificateFiles().read("", "") is None


def test_what_cannot_be_used_is_said(authority: Authority, tmp_path: Path) -> None:
    one, other = authority.issue("a.example.org"), authority.issue("b.example.org")
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "ec", "-aes128", "-passout", "pass:x", "-in", one.key, "-out", locked],
        check=True,
        capture_output=True,
    )
    empty, big, nowhere = tmp_path / "empty", tmp_path / "big", str(tmp_path / "nowhere")
    empty.touch()
    big.write_bytes(b"x" * (1 << 20) + b"x")
    chain, key = str(one.certificate), str(one.key)
    for certificate, named, parameter, text in (
        (nowhere, "", "tls_certificate", f"{nowhere}: No such file or directory"),
        (chain, nowhere, "tls_key", f"{nowhere}: No such file or directory"),
        (str(tmp_path), "", "tls_certificate", f"{tmp_path}: Is a directory"),
        (str(big), "", "tls_certificate", f"{big}: more than 1048576 octets are no certificate"),
        (str(empty), key, "tls_certificate", "holds no certificate in PEM form"),
        (key, "", "tls_certificate", "holds no certificate in PEM form"),
        (chain, "", "tls_certificate", "holds no private key in PEM form; tls_key names its file"),
        (chain, str(empty), "tls_key", "holds no private key in PEM form"),
        (chain, str(other.key), "tls_key", "is not the key of the certificate"),
        (
            chain,
            str(locked),
            "tls_key",
            "the key is locked by a passphrase, and nobody could type it",
        ),
    ):
        with pytest.raises(BadCertificate) as caught:
            CertificateFiles().read(certificate, named)
        assert (caught.value.parameter, caught.value.text) == (parameter, text)


def test_a_certificate_that_openssl_refuses(authority: Authority) -> None:
    pem = read(authority.issue("gw.example.org"))
    torn = pem.certificate.replace(b"M", b"A", 3)
    with pytest.raises(BadCertificate, match="tls_certificate: cannot be used"):
        server_context(Pem(torn, pem.key), "1.2")


@pytest.mark.parametrize(
    ("days", "note"),
    [
        (60, ""),
        (3, "the certificate expires in 3 days"),
        (-1, "the certificate has expired"),
    ],
)
def test_notes(authority: Authority, days: int, note: str) -> None:
    pem = read(authority.issue("gw.example.org", days=days))
    assert note_on(pem, server_context(pem, "1.2"), time.time()) == note


def test_what_did_not_change_is_not_read_again(authority: Authority, tmp_path: Path) -> None:
    """So goes a reload by an account that may see the key's file, and not read it."""
    pair, other = authority.issue("a.example.org"), authority.issue("b.example.org")
    files = CertificateFiles()
    names = (str(pair.certificate), str(pair.key))
    before = files.read(*names)
    assert files.read(*names) is before
    pair.certificate.write_bytes(other.certificate.read_bytes())
    renewal = files.renew(*names)
    assert renewal == Renewal(before, "tls_key: is not the key of the certificate")
    assert renewal.pem is before
    pair.key.write_bytes(other.key.read_bytes())
    after = files.renew(*names)
    assert after.problem == ""
    assert after.pem not in (None, before)
    assert files.renew("", "") == Renewal(None)
    os.unlink(pair.key)
    assert files.renew(*names).pem is None


def test_a_certificate_changes_hands(authority: Authority) -> None:
    handover = Handover.create()
    worker = Handover(os.dup(handover.fd))
    try:
        assert worker.read() == Renewal(None)
        pem = read(authority.issue("gw.example.org"))
        handover.write(Renewal(pem))
        assert worker.read() == Renewal(pem)
        handover.write(Renewal(pem, "tls_key: é"))
        assert worker.read() == Renewal(pem, "tls_key: é")
        handover.write(Renewal(None, "x"))
        assert worker.read() == Renewal(None, "x")
        assert os.fstat(handover.fd).st_mode & 0o777 == 0o600
    finally:
        os.close(handover.fd)
        os.close(worker.fd)


def test_what_is_half_written_is_not_believed(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.tls.handover.PATIENCE", 0.0)
    handover = Handover.create()
    try:
        handover.write(Renewal(read(authority.issue("gw.example.org"))))
        os.ftruncate(handover.fd, os.fstat(handover.fd).st_size - 1)
        with pytest.raises(ValueError, match="no certificate was handed over"):
            handover.read()
    finally:
        os.close(handover.fd)


def test_trust(authority: Authority, tmp_path: Path) -> None:
    trust = Trust()
    assert trust.anyone().verify_mode is ssl.CERT_NONE
    verified = trust.verified(str(authority.ca))
    assert verified is trust.verified(str(authority.ca))
    assert (verified.verify_mode, verified.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trust.verified("").get_ca_certs() is not None
    empty = tmp_path / "empty"
    empty.touch()
    for path, why in ((str(empty), "no certificates in PEM form"), ("/nowhere", "No such file")):
        with pytest.raises(NoAuthorities, match=why):
            trust.verified(path)


def test_inspection(authority: Authority) -> None:
    pair = authority.issue("gw.example.org", days=-2)
    names = (str(pair.certificate), str(pair.key))
    mistakes, notes = inspect(*names, "1.2", {"": str(authority.ca), "mx": "/nowhere"}, time.time())
    assert mistakes == [("mx", "tls_ca", "/nowhere: No such file or directory")]
    assert notes == [("", "tls_certificate", "the certificate has expired")]
    assert inspect(names[0], "", "1.2", {}, 0.0)[0][0][:2] == ("", "tls_certificate")
    assert inspect("", "", "1.2", {}, 0.0) == ([], [])
