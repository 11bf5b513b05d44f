"""`relay config import` and `export` as processes: folders, exit codes, nothing overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from relay.config import Config, load
from relay.supervisor import child_environment
from spooltool.errors import ExitCode
from tests.harness.process import PYTHON

FIXTURES = Path(__file__).parents[3] / "fixtures/checkpoint"


def relay(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [PYTHON, "-m", "relay", *arguments],
        capture_output=True,
        text=True,
        env=child_environment(os.environ),
    )
    return done.returncode, done.stdout, done.stderr


def loaded(text: str) -> Config:
    config = load(text)
    assert isinstance(config, Config)
    return config


@pytest.mark.parametrize("folder", ["ng", "v41"])
def test_there_and_back_and_there(folder: str, tmp_path: Path) -> None:
    first, files, second = tmp_path / "a.toml", tmp_path / "files", tmp_path / "b.toml"
    code, out, err = relay("config", "import", str(FIXTURES / folder), "-o", str(first))
    assert (code, out) == (ExitCode.OK, "")
    assert err.startswith("  ")
    assert relay("config", "check", str(first))[0] == ExitCode.OK
    assert relay("config", "export", str(files), "--config", str(first))[0] == ExitCode.OK
    assert relay("config", "import", str(files), "-o", str(second))[0] == ExitCode.OK
    again, before = loaded(second.read_text()), loaded(first.read_text())
    assert again.resources == before.resources
    assert [(r.source, r.destination, r.action) for r in again.rules] == [
        (r.source, r.destination, r.action) for r in before.rules
    ]


def test_to_standard_output(tmp_path: Path) -> None:
    code, out, _ = relay("config", "import", str(FIXTURES / "v41"))
    assert code == ExitCode.OK
    assert loaded(out).default_server == "172.16.1.10"


def test_what_wants_a_hand_is_1_and_written_all_the_same(tmp_path: Path) -> None:
    folder, toml = tmp_path / "conf", tmp_path / "relay.toml"
    shutil.copytree(FIXTURES / "v41", folder)
    rules = folder / "Werk.W"
    rules.write_bytes(rules.read_bytes().replace(b": lan", b": branch"))
    code, _, err = relay("config", "import", str(folder), "-o", str(toml))
    assert code == ExitCode.SOME
    assert f"relay: {toml} wants a hand before it can be used:\n" in err
    assert "no network is called 'branch'" in err.splitlines()[-1]
    assert relay("config", "check", str(toml))[0] == ExitCode.CONFIG


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    toml = tmp_path / "relay.toml"
    toml.write_text("timeout = 5\n")
    code, _, err = relay("config", "import", str(FIXTURES / "v41"), "-o", str(toml))
    assert (code, toml.read_text()) == (ExitCode.CANNOT_CREATE, "timeout = 5\n")
    files = tmp_path / "files"
    files.mkdir()
    (files / "fwauthd.conf").write_text("mine\n")
    code, _, err = relay("config", "export", str(files), "--config", str(toml))
    assert code == ExitCode.CANNOT_CREATE
    assert "fwauthd.conf there already" in err
    assert [path.name for path in files.iterdir()] == ["fwauthd.conf"]


def test_a_folder_with_nothing_to_import(tmp_path: Path) -> None:
    code, _, err = relay("config", "import", str(tmp_path))
    assert code == ExitCode.CONFIG
    assert "looked for objects_5_0.C, objects.C, rulebases_5_0.fws, *.W" in err
    assert relay("config", "import", str(tmp_path / "none"))[0] == ExitCode.CONFIG


def test_a_file_with_a_hole_is_refused_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    shutil.copytree(FIXTURES / "v41", folder)
    rules = folder / "Werk.W"
    rules.write_bytes(rules.read_bytes().rstrip()[:-1])
    code, out, err = relay("config", "import", str(folder))
    assert (code, out) == (ExitCode.CONFIG, "")
    assert "Werk.W:1:1: '(' is never closed" in err
