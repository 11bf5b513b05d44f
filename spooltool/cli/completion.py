"""`spooltool completion`: static scripts; only ids ask the tool.

The scripts list verbs and their options as they are when the script is made, so that
completing needs no start of the tool.
"""

from __future__ import annotations

from typing import Annotated

import click
import typer

from spooltool.cli.invocation import Invocation
from spooltool.cli.verbs import VERBS
from spooltool.errors import UsageError
from spooltool.render.text import visible

_IDS = "spooltool ls --ids --limit 200 2>/dev/null"
_BASH = """\
_spooltool() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}}
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
        return
    fi
    case "$verb:$word" in
{cases}
        *) COMPREPLY=($(compgen -W "$({ids})" -- "$word")) ;;
    esac
}}
complete -o default -F _spooltool spooltool
"""
_ZSH = """\
#compdef spooltool
autoload -U +X bashcompinit && bashcompinit
{bash}"""
_FISH = """\
complete -c spooltool -f
{lines}
complete -c spooltool -n 'not __fish_use_subcommand' -a '({ids})'
"""


def run(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell.")],
) -> None:
    """The completion script of a shell.

    For bash: spooltool completion bash > /etc/bash_completion.d/spooltool
    """
    invocation: Invocation = ctx.obj
    makers = {"bash": _bash, "zsh": lambda: _ZSH.format(bash=_bash()), "fish": _fish}
    maker = makers.get(shell)
    if maker is None:
        raise UsageError(f"no script for {visible(shell)}", hint="one of bash, zsh, fish")
    invocation.out.write(maker().encode())


def _options() -> dict[str, list[str]]:
    from spooltool.cli.app import build

    return {
        verb.name: [
            name
            for param in build(verb).params
            if isinstance(param, click.Option)
            for name in param.opts
            if name.startswith("--")
        ]
        for verb in VERBS
    }


def _bash() -> str:
    cases = "\n".join(
        f'        {verb}:-*) COMPREPLY=($(compgen -W "{" ".join(names)}" -- "$word")) ;;'
        for verb, names in _options().items()
    )
    return _BASH.format(verbs=" ".join(verb.name for verb in VERBS), cases=cases, ids=_IDS)


def _fish() -> str:
    lines = [
        f"complete -c spooltool -n __fish_use_subcommand -a {verb.name} -d {_quoted(verb.help)}"
        for verb in VERBS
    ]
    for verb, names in _options().items():
        lines += [
            f"complete -c spooltool -n '__fish_seen_subcommand_from {verb}' -l {name[2:]}"
            for name in names
        ]
    return _FISH.format(lines="\n".join(lines), ids=_IDS)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
