"""The skeleton: the table of verbs, help, exits, start-up, pager."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from spooltool.cli import docs
from spooltool.cli.app import application, build
from spooltool.cli.verbs import PANELS, VERBS
from spooltool.errors import EXIT_MEANING
from tests.spooltool.cli.calling import ROOT, Ended, on_terminal

Call = Callable[..., Ended]
HEAVY = ("pydantic", "rich", "asyncio", "dns", "textual", "watchdog", "uvloop", "email", "tomllib")


def test_the_table_says_what_the_modules_say() -> None:
    assert docs.drifted_verbs() == []
    assert {verb.panel for verb in VERBS} <= set(PANELS)
    assert len({verb.name for verb in VERBS}) == len(VERBS)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help_for_all_it_takes(verb, call: Call) -> None:
    done = call(verb.name, "--help")
    assert done.code == 0 and done.lines[0].startswith(f"Usage: spooltool {verb.name}")
    assert verb.help in done.out
    for param in build(verb).params:
        if isinstance(param, click.Option):
            assert param.help, param.name
    assert "--spool DIR" in done.out and ("--as-of" in done.out) == verb.asof


def test_the_help_groups_the_verbs(call: Call) -> None:
    done = call("--help")
    panels = [line[:-1] for line in done.lines if line[:-1] in PANELS]
    assert panels == [panel for panel in PANELS if any(verb.panel == panel for verb in VERBS)]
    assert call("-h").out == done.out


def test_generated_pages_are_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = docs.command_page()
    for code, meaning in EXIT_MEANING.items():
        assert f"| {int(code)} | {meaning} |" in page
    assert all(f"### {verb.name}\n" in page for verb in VERBS)
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_a_mistyped_verb_is_guessed(call: Call) -> None:
    done = call("hsitory")
    assert done.code == 2
    assert "no command 'hsitory': did you mean `spooltool history`?" in done.err
    assert call("ls", "--no-such").code == 2
    assert call("ls", "--limit", "x").code == 2
    assert call("show").code == 2


def test_the_version(call: Call) -> None:
    done = call("--version")
    assert done.code == 0 and done.out.startswith("spooltool 0.")


def test_ls_imports_nothing_heavy(gateway: Path) -> None:
    program = (
        "import sys\nfrom spooltool.cli.app import run\n"
        f"code = run(['--spool', {str(gateway)!r}, 'ls', '--stuck', '--ids'])\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stderr == "0 []\n" and done.stdout.count("\n") > 50


def test_a_reader_that_leaves_early_is_no_error(gateway: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m spooltool --spool {gateway} ls --json | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stdout.count("\n") == 1 and done.stderr == ""


def test_more_than_a_screen_goes_to_the_pager(gateway: Path, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\nexec cat\n")
    pager.chmod(0o755)
    arguments = ["--spool", gateway, "ls"]
    paged = on_terminal(arguments, LINES="24", PAGER=str(pager)).decode()
    assert "PAGED" in paged and paged.index("PAGED") < paged.index("R001njd6k")
    assert paged.index("R001njr00") < paged.index("messages (")
    assert "PAGED" not in on_terminal(arguments, LINES="999", PAGER=str(pager)).decode()
    assert "PAGED" not in on_terminal(arguments, LINES="24", PAGER="").decode()
    gone = on_terminal(arguments, LINES="24", PAGER="/no/such/pager").decode()
    assert "R001njr00" in gone


def test_a_pager_that_is_left_early(gateway: Path, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nhead -n 1\n")
    pager.chmod(0o755)
    shown = on_terminal(["--spool", gateway, "ls"], LINES="24", PAGER=str(pager)).decode()
    assert "Traceback" not in shown and shown.count("R001nj") < 2


@pytest.mark.parametrize(("shell", "checker"), [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")])
def test_completion_scripts(call: Call, shell: str, checker: str, tmp_path: Path) -> None:
    done = call("completion", shell)
    assert done.code == 0
    for verb in VERBS:
        assert verb.name in done.out
    assert "--stuck" in done.out or "-l stuck" in done.out
    script = tmp_path / "script"
    script.write_text(done.out)
    if checker == "bash":
        subprocess.run(["bash", "-n", str(script)], check=True)


def test_bash_completes_verbs_and_options(call: Call, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(call("completion", "bash").out)
    program = (
        f"source {script}; COMP_WORDS=(spooltool his); COMP_CWORD=1; _spooltool; "
        'echo "${COMPREPLY[*]}"; COMP_WORDS=(spooltool ls --st); COMP_CWORD=2; _spooltool; '
        'echo "${COMPREPLY[*]}"'
    )
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["history", "--stuck"]


def test_no_shell_but_these(call: Call) -> None:
    assert call("completion", "tcsh").code == 2


def test_the_table_and_the_application_agree() -> None:
    root = application()
    assert isinstance(root, click.Group)
    assert root.list_commands(click.Context(root)) == [verb.name for verb in VERBS]
