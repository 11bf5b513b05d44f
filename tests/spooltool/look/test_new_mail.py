"""Where a configuration still sends new mail: read again when it has changed, and not before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.look import new_mail
from spooltool.look.new_mail import NewMail
from spooltool.look.sight import Sight
from tests.spooltool.cli.changed import put

CONFIG = """\
rundir = "spool"
dst = "{10.1.5.2,mx.example.net:26}"  # 10.1.5.4
# dst = "10.1.5.3"
[resource.in]
mail_delivery_server = '10.1.5.2'
"""

See = Callable[..., Sight]


@pytest.fixture
def seen(tmp_path: Path, sight: See) -> Sight:
    put(tmp_path / "spool", 1)
    (tmp_path / "relay.toml").write_text(CONFIG)
    return sight(spool_option=str(tmp_path / "spool"), config_option=str(tmp_path / "relay.toml"))


def test_each_line_that_names_the_host(seen: Sight) -> None:
    found = NewMail()
    assert found.places(seen, "10.1.5.2") == [
        "dst, relay.toml:2",
        "mail_delivery_server, relay.toml:5",
    ]
    assert found.places(seen, "mx.example.net") == ["dst, relay.toml:2"]
    assert found.places(seen, "10.1.5.3") == found.places(seen, "10.1.5.4") == []
    assert found.places(seen, "[@click=app.quit]x[/]") == []


def test_a_changed_file_counts_at_once(seen: Sight, tmp_path: Path) -> None:
    found, config = NewMail(), tmp_path / "relay.toml"
    assert found.places(seen, "10.1.5.2")
    config.write_text(CONFIG.replace("10.1.5.2", "10.1.5.99"))
    assert found.places(seen, "10.1.5.2") == []
    assert found.places(seen, "10.1.5.99")
    config.unlink()
    assert found.places(seen, "10.1.5.99") == []


def test_an_unchanged_file_is_not_read_again(seen: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    found = NewMail()
    assert found.places(seen, "10.1.5.2")
    monkeypatch.setattr(new_mail, "configuration", None)
    assert found.places(seen, "10.1.5.2")
    assert found.places(seen, "10.1.5.3") == []


def test_the_configuration_of_another_spool_tells_nothing(tmp_path: Path, sight: See) -> None:
    put(tmp_path / "spool", 1)
    (tmp_path / "relay.toml").write_text(CONFIG.replace("spool", "elsewhere"))
    config = str(tmp_path / "relay.toml")
    seen = sight(spool_option=str(tmp_path / "spool"), config_option=config)
    assert NewMail().places(seen, "10.1.5.2") == []


def test_one_that_cannot_be_read_tells_nothing(seen: Sight, tmp_path: Path) -> None:
    assert seen.settings.rundir
    os.replace(tmp_path / "relay.toml", tmp_path / "gone")
    (tmp_path / "relay.toml").mkdir()
    assert NewMail().places(seen, "10.1.5.2") == []
