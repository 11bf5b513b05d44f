"""`relay scan`: options, words, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.antivirus import Protocol, Scanner
from relay.antivirus.command import code_of, run, scanner_at, words
from relay.policy.scan_outcome import (
    Clean,
    Cured,
    Infected,
    Mode,
    NotScanned,
    Outcome,
    Silent,
    Unreachable,
    Unscanned,
)
from spooltool.errors import ExitCode, UsageError
from spooltool.spool.hosts import HostPort
from tests.harness.process import free_port
from tests.relay.service.test_service_cli import relay


@pytest.mark.parametrize(
    ("outcome", "text", "code"),
    [
        (Clean(), "clean", ExitCode.OK),
        (Infected(("A", "B")), "infected: A, B", ExitCode.SOME),
        (Cured(("A",), 7), "infected: A; the scanner gave back 7 octets", ExitCode.SOME),
        (NotScanned(Unscanned.LIMIT, "why"), "not scanned (limit): why", ExitCode.INCOMPLETE),
        (Unreachable("why"), "not scanned (no answer): why", ExitCode.INCOMPLETE),
        (Silent("why"), "not scanned (no answer): why", ExitCode.INCOMPLETE),
    ],
)
def test_each_outcome_has_words_and_a_code(outcome: Outcome, text: str, code: ExitCode) -> None:
    assert words(outcome).startswith(text)
    assert code_of(outcome) == code


def test_options_name_a_scanner() -> None:
    at = HostPort("127.0.0.1", 3310)
    assert scanner_at("clamd", "127.0.0.1:3310", "", "", 5) == Scanner(
        "", Protocol.CLAMD, at, max_size=5
    )
    assert scanner_at("icap", "127.0.0.1:3310", "", "av", 0).icap.uri == "icap://127.0.0.1:3310/av"
    assert scanner_at("clamd", "", "/run/clamd.sock", "", 0).place == "/run/clamd.sock"


@pytest.mark.parametrize(
    ("protocol", "address", "unix_socket"),
    [
        ("cvp", "127.0.0.1:18181", ""),
        ("clamd", "", ""),
        ("clamd", "127.0.0.1", ""),
        ("clamd", "a b:1", ""),
        ("icap", "127.0.0.1:1344", "/run/icap.sock"),
    ],
)
def test_options_that_name_none(protocol: str, address: str, unix_socket: str) -> None:
    with pytest.raises(UsageError):
        scanner_at(protocol, address, unix_socket, "", 0)
    given = [f"--address={address}"] if address else []
    given += [f"--socket={unix_socket}"] if unix_socket else []
    code, out, err = relay("scan", f"--protocol={protocol}", *given)
    assert (code, out) == (ExitCode.USAGE, "") and err


def test_no_answer_is_4(tmp_path: Path) -> None:
    file = tmp_path / "a\nb"
    file.write_bytes(b"x")
    place = f"127.0.0.1:{free_port()}"
    problem = f"clamd at {place}: Connection refused"
    code, out, _ = relay("scan", "--address", place, str(file))
    assert code == ExitCode.INCOMPLETE
    assert out == f"{tmp_path}/a\\x0ab: not scanned (no answer): {problem}\n"
    assert relay("scan", "--address", place)[:2] == (ExitCode.INCOMPLETE, f"{problem}\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    scanner = scanner_at("clamd", "127.0.0.1:9", "", "", 0)
    with pytest.raises(FileNotFoundError):
        run(scanner, [str(tmp_path / "none")], 5, mode=Mode.CHECK, headers=False, say=print)


def test_a_scanner_of_relay_toml_by_its_name(tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    place = f"127.0.0.1:{free_port()}"
    config.write_text(f'[scanner.av]\nprotocol = "clamd"\naddress = "{place}"\n')
    file = tmp_path / "file"
    file.write_bytes(b"x")
    code, out, _ = relay("scan", "--scanner", "av", "--config", str(config), str(file))
    assert code == ExitCode.INCOMPLETE
    assert f"av (clamd at {place}): Connection refused" in out
    code, _, err = relay("scan", "--scanner", "other", "--config", str(config), str(file))
    assert code == ExitCode.USAGE
    assert "no such scanner; it has av" in err
    code, _, err = relay("scan", "--scanner", "av", "--address", place, "--config", str(config))
    assert code == ExitCode.USAGE
