"""An order and the command line that is its equal give the same plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from spooltool.change.actor import who
from spooltool.change.order import Order, Value, command_line, equal_arguments
from spooltool.change.ordered import prepare_order
from spooltool.change.permission import can_change
from spooltool.look.locate import Located
from spooltool.look.sight import Sight
from tests.spooltool.cli.calling import start
from tests.spooltool.cli.changed import put, values

See = Callable[..., Sight]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 2)
    put(tmp_path / "spool", 1, "10.1.5.3")
    return tmp_path / "spool"


@pytest.mark.parametrize(
    ("verb", "words", "options"),
    [
        ("retarget", ("dst:10.1.5.2",), {"to": "10.1.5.9:26", "err-server": "same", "kick": True}),
        ("retarget", ("dst:10.1.5.2",), {"to": "mx"}),
        ("set", ("dst:10.1.5.2", "ACCT=1", "LOG_OK=none"), {"from": "<>"}),
        (
            "set",
            ("rcpt:anna1@example.org",),
            {"rcpt": ("anna1@example.org=a@example.net",), "resource": "none"},
        ),
        ("hold", ("not", "(dst:10.1.5.3", "or", "held)"), {"reason": "a ticket's [b]"}),
        ("requeue", ("dst:10.1.5.2",), {}),
        ("bounce", ("dst:10.1.5.2",), {"reason": "no such user"}),
        ("delete", ("dst:10.1.5.2",), {"purge": True}),
        ("move", ("dst:10.1.5.2", "hold"), {}),
        ("accept", ("dst:10.1.5.2",), {}),
    ],
)
def test_the_equal_command_makes_the_equal_plan(
    spool: Path,
    sight: See,
    verb: str,
    words: tuple[str, ...],
    options: Mapping[str, Value],
) -> None:
    seen = sight(spool_option=str(spool))
    quiet: dict[str, Value] = {"no-probe": True} if "to" in options else {}
    order = Order(verb, words, options={**quiet, **options})
    arguments = equal_arguments(seen, order)
    work = prepare_order(seen, order, who(seen))
    done = start(*arguments, "--dry-run", "--json")
    *messages, _ = [json.loads(line) for line in done.out.splitlines()]
    planned = [one["file"] for one in messages if one["result"] == "planned"]
    assert planned == [change.file for change in work.plan.changes]
    assert arguments[-2:] == ["--spool", str(spool)]


def test_everything_is_said() -> None:
    order = Order("hold", everything=True, options={"reason": "", "kick": False})
    assert order.arguments == ["hold", "--all"]


def test_what_this_shell_alone_knows_is_named(
    spool: Path, sight: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPOOLTOOL_SPOOL", raising=False)
    order = Order("hold", ("from:<>",))
    monkeypatch.chdir(spool / "D_resend")
    assert equal_arguments(sight(), order) == ["hold", "from:<>", "--spool", str(spool)]
    monkeypatch.chdir(spool.parent)
    near = sight(spool_option=spool.name)
    assert equal_arguments(near, order) == ["hold", "from:<>", "--spool", str(spool)]


def test_what_every_shell_finds_is_not_named(spool: Path, sight: See) -> None:
    order = Order("hold", ("from:<>",))
    seen = sight()
    seen.located = Located(str(spool), "rundir of /etc/relay/relay.toml")
    assert equal_arguments(seen, order) == ["hold", "from:<>"]
    assert command_line(order.arguments) == "spooltool hold 'from:<>'"


def test_whether_changes_can_be_offered(spool: Path, sight: See) -> None:
    assert can_change(sight(spool_option=str(spool))) == ""
    assert can_change(sight(spool_option=str(spool), read_only=True)) == "--read-only"
    assert "--as-of" in can_change(sight(spool_option=str(spool), as_of="last"))
    spool.parent.chmod(0o777)
    assert "written by others" in can_change(sight(spool_option=str(spool)))
    spool.parent.chmod(0o755)
    spool.rename(spool.with_name("other"))
    assert "No such file" in can_change(sight(spool_option=str(spool)))
    assert values(spool.with_name("other"), "DST")
