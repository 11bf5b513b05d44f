"""Which spool is meant: the first that is set wins, and one that is wrong is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.errors import ConfigError, NoSpool
from spooltool.look import locate as module
from spooltool.look.locate import Located, locate
from spooltool.look.settings import Settings, read_settings


@pytest.fixture
def usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The usual places, somewhere else."""
    monkeypatch.setattr(module, "DEFAULT_SPOOL", str(tmp_path / "usual"))
    monkeypatch.setattr(module, "DEFAULT_CONFIG", str(tmp_path / "relay.toml"))
    return tmp_path


def test_the_first_that_is_set_wins(
    usual: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoSpool):
        locate(None, None)
    (usual / "usual").mkdir()
    assert locate(None, None) == Located(str(usual / "usual"), "the usual place")
    (usual / "relay.toml").write_text('rundir = "run"\n')
    assert locate(None, None) == Located(f"{usual}/run", f"rundir of {usual}/relay.toml")
    monkeypatch.chdir(empty)
    assert locate(None, None) == Located(str(empty), "the current directory", lasting=False)
    (empty / "D_resend" / "R00000001").write_bytes(b"SRC:\t192.0.2.1\n")
    monkeypatch.chdir(empty / "D_resend")
    assert locate(None, None).path == str(empty), "a mail directory is no spool of its own"
    monkeypatch.setenv("SPOOLTOOL_SPOOL", "/set/but/wrong")
    assert locate(None, None) == Located("/set/but/wrong", "$SPOOLTOOL_SPOOL", lasting=False)
    assert locate("/given", None) == Located("/given", "--spool", explicit=True, lasting=False)


def test_a_folder_with_a_readme_is_no_spool(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = usual / "project"
    project.mkdir()
    (project / "README").write_text("read me\n")
    (project / "TODO").write_text("nothing\n")
    monkeypatch.chdir(project)
    with pytest.raises(NoSpool):
        locate(None, None)


def test_a_flat_spool_is_found_where_one_stands(
    usual: Path, monkeypatch: pytest.MonkeyPatch, spool_fixtures: Path
) -> None:
    monkeypatch.chdir(spool_fixtures / "flat41")
    assert locate(None, None).found_by == "the current directory"


def test_a_configuration_that_is_named_must_be_there(usual: Path) -> None:
    with pytest.raises(ConfigError):
        locate(None, str(usual / "no.toml"))
    (usual / "bad.toml").write_text("rundir = [\n")
    with pytest.raises(ConfigError):
        locate(None, str(usual / "bad.toml"))


def test_settings_are_read_leniently(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    assert read_settings(str(path)) == Settings()
    path.write_text('rundir = "/spool"\nlogdir = "log"\ntimeout = 30\nscan_period = "x"\nnew = 1\n')
    found = read_settings(str(path))
    assert (found.rundir, found.logdir) == ("/spool", f"{tmp_path}/log")
    assert (found.timeout, found.scan_period) == (30, 2)
