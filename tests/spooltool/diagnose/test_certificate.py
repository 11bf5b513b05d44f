"""Certificates as DER, beside what the library cryptography reads of the same bytes."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from spooltool.diagnose.certificate import Certificate, read_certificate


def made(subject: x509.Name, begins: datetime, ends: datetime, *names: str) -> bytes:
    """A self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if names:
        found = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(found, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def test_one_of_an_authority() -> None:
    cert = trustme.CA(organization_name="Example CA").issue_cert(
        "mx.example.org", "*.example.org", "192.0.2.7", "2001:db8::1", organization_name="Mail & Co"
    )
    der = ssl.PEM_cert_to_DER_cert(cert.cert_chain_pems[0].bytes().decode())
    theirs = x509.load_der_x509_certificate(der)
    read = read_certificate(der)
    assert read is not None
    assert set(read.names) == {"mx.example.org", "*.example.org", "192.0.2.7", "2001:db8::1"}
    assert "O=Mail & Co" in read.subject and "O=Example CA" in read.issuer
    assert read.begins == theirs.not_valid_before_utc.timestamp()
    assert read.ends == theirs.not_valid_after_utc.timestamp()


def test_old_and_far_dates_names_in_other_letters_and_no_names_at_all() -> None:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Müller\x1b[31m"),
            x509.NameAttribute(x509.ObjectIdentifier("1.2.3.4567"), "x"),
            x509.NameAttribute(NameOID.COMMON_NAME, "mx.example.de"),
        ]
    )
    begins, ends = datetime(1971, 2, 3, tzinfo=UTC), datetime(2061, 4, 5, 6, 7, 8, tzinfo=UTC)
    assert read_certificate(made(subject, begins, ends)) == Certificate(
        subject="CN=mx.example.de, 1.2.3.4567=x, O=Müller\x1b[31m, C=DE",
        issuer="CN=mx.example.de, 1.2.3.4567=x, O=Müller\x1b[31m, C=DE",
        names=(),
        begins=begins.timestamp(),
        ends=ends.timestamp(),
    )


WHOLE = made(
    x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx")]),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=90),
    "mx",
)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_not_but_never_raises(at: int, byte: int) -> None:
    read_certificate(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])
    assert read_certificate(WHOLE[:at]) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    read_certificate(data)


@pytest.mark.parametrize("data", [b"", b"0", b"0\x80", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_certificate(data: bytes) -> None:
    assert read_certificate(data) is None
