"""What a service says about itself."""

from __future__ import annotations

import pytest

from relay.antivirus.wire.icap_options import LONGEST_PREVIEW, NO_TTL, Options
from relay.antivirus.wire.icap_question import IcapQuestion
from relay.antivirus.wire.icap_request import Method, options_request
from tests.relay.antivirus.wire.icap_sample import SERVICE


def asked(*fields: str, status: str = "200 OK") -> IcapQuestion:
    question = IcapQuestion()
    lines = [f"ICAP/1.0 {status}", *fields, "Encapsulated: null-body=0", "", ""]
    assert question.receive("\r\n".join(lines).encode())
    return question


def options(*fields: str) -> Options:
    found = asked("Methods: RESPMOD, REQMOD", *fields).options
    assert found is not None
    return found


def test_the_question() -> None:
    sent = options_request(SERVICE)
    first, host = b"OPTIONS icap://127.0.0.1:1344/virus_scan ICAP/1.0", b"Host: 127.0.0.1:1344"
    assert sent == first + b"\r\n" + host + b"\r\n\r\n"


def test_everything_said() -> None:
    fields = ('ISTag: "5BDE"', "Service: FOO 1.0", "Preview: 1024", "Options-TTL: 60")
    assert options(*fields, "Max-Connections: 4", "Transfer-Preview: *") == Options(
        (Method.RESPMOD, Method.REQMOD), 1024, 60, 4, "5BDE", "FOO 1.0"
    )


def test_nothing_said() -> None:
    assert options() == Options((Method.RESPMOD, Method.REQMOD), None, NO_TTL, 0, "", "")


def test_a_long_preview_is_not_used_to_its_end() -> None:
    assert options("Preview: 999999").preview == LONGEST_PREVIEW
    assert options("Preview: 0").preview == 0


def test_a_service_that_wants_all_without_preview() -> None:
    assert options("Preview: 9", "Transfer-Complete: *").preview is None
    assert options("Preview: 9", "Transfer-Complete: exe").preview == 9


def test_what_is_to_be_ignored_is_sent_all_the_same() -> None:
    """Transfer-Ignore would let a sender choose by a file name what nobody looks at."""
    assert options("Transfer-Ignore: exe, *", "Preview: 9").preview == 9


def test_reqmod_where_there_is_no_respmod() -> None:
    found = asked("Methods: reqmod").options
    assert found is not None and found.method is Method.REQMOD


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        (asked(status="404 Service not found"), "OPTIONS: 404 Service not found"),
        (asked("Methods: LOGMOD"), "the service offers neither RESPMOD nor REQMOD"),
        (asked(), "the service offers neither RESPMOD nor REQMOD"),
    ],
)
def test_no_service(question: IcapQuestion, problem: str) -> None:
    assert question.options is None and question.problem == problem


def test_what_is_no_answer() -> None:
    question = IcapQuestion()
    assert question.receive(b"220 mail.example.org ESMTP\r\n\r\n")
    assert question.options is None and not question.reusable
    assert "makes no sense" in question.problem


def test_cut_anywhere_it_is_not_whole() -> None:
    wire = b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nEncapsulated: null-body=0\r\n\r\n"
    for at in range(len(wire)):
        assert not IcapQuestion().receive(wire[:at])
