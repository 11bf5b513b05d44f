"""The application: a group that imports a sub-command when it is called, and the one exit.

Typer builds each command from its function's signature; only the called one is built.
Options that every command has (`--spool`, `--config`, `--as-of`) are added here once,
so that they can stand before or after the verb.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn, get_type_hints

import click
import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from spooltool.cli.invocation import Invocation
from spooltool.cli.plugin import complain_as_check, is_check
from spooltool.cli.verbs import BY_NAME, PANELS, VERBS, Verb
from spooltool.errors import ConfigError, ExitCode, NotPermitted, QueryError, SpooltoolError

NAME = "spooltool"
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EPILOG = (
    "Every query can be typed without quotes: stuck dst:10.1.5.2 age:2h.. attempts:3.. "
    "Exit codes and the query language: docs/cli.md."
)


SPOOL_HELP = (
    "The spool; else $SPOOLTOOL_SPOOL, the directory here or above, rundir of relay.toml, "
    "/var/spool/relay."
)


def _stored(attribute: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def store(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        if value is not None:
            setattr(ctx.ensure_object(Invocation), attribute, value)

    return store


def _option(name: str, attribute: str, metavar: str, text: str) -> TyperOption:
    return TyperOption(
        param_decls=[name],
        type=click.STRING,
        metavar=metavar,
        help=text,
        expose_value=False,
        callback=_stored(attribute),
    )


def shared_options(*, asof: bool) -> list[click.Parameter]:
    """The options that can stand before or after the verb."""
    options: list[click.Parameter] = [
        _option(
            "--spool",
            "spool_option",
            "DIR",
            SPOOL_HELP,
        ),
        _option("--config", "config_option", "FILE", "The relay's relay.toml."),
    ]
    if asof:
        text = "Look as of then: a time, or the last touch of the spool."
        options.append(_option("--as-of", "as_of", "TIME|last", text))
    return options


class VerbCommand(TyperCommand):
    """A sub-command with the shared options behind its own."""

    def __init__(self, name: str | None, **attributes: Any) -> None:
        verb = BY_NAME[name or ""]
        super().__init__(name, **attributes)
        self.params.extend(shared_options(asof=verb.asof))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help; click from 8.4 on loses what typer says of an argument, so it is put back.

        A module's `epilog` makes what stands below: tables, mostly.
        """
        module = import_module(f"spooltool.cli.{BY_NAME[self.name or ''].module}")
        hints = get_type_hints(module.run, include_extras=True)
        if hasattr(module, "epilog"):
            self.epilog = module.epilog()
        for param in self.params:
            if isinstance(param, TyperArgument) and not param.help and param.name in hints:
                param.help = hints[param.name].__metadata__[0].help
        super().format_help(ctx, formatter)

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing: typer writes them with the options, and from 8.5 on click would, too."""


class Verbs(TyperGroup):
    """The sub-commands of the table, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help."""
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and build one sub-command; None when there is none of this name."""
        verb = BY_NAME.get(cmd_name)
        return build(verb) if verb else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table by panels."""
        width = max(len(verb.name) for verb in VERBS)
        for panel in PANELS:
            rows = [(verb.name.ljust(width), verb.help) for verb in VERBS if verb.panel == panel]
            if rows:
                with formatter.section(panel):
                    formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The sub-command; a mistyped one is answered with its likeliest reading."""
        if args and args[0] not in BY_NAME and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], list(BY_NAME), 1)
            hint = f"did you mean `{NAME} {near[0]}`?" if near else f"`{NAME} --help` lists them"
            raise click.UsageError(f"no command {args[0]!r}: {hint}", ctx)
        return super().resolve_command(ctx, args)


def build(verb: Verb) -> click.Command:
    """The command of a verb, made from the signature of its module's `run`."""
    one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    run = import_module(f"spooltool.cli.{verb.module}").run
    one.command(verb.name, cls=VerbCommand, context_settings=SETTINGS)(run)
    return typer.main.get_command(one)


def _root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Show the version and end."),
) -> Any:
    """See, explain and repair a mail spool of plain files.

    Without a command: the spool on one screen, and what to look at next.
    """
    if version:
        from spooltool import __version__

        print(f"{NAME} {__version__}")
        return 0
    if ctx.invoked_subcommand is not None:
        return None
    invocation = ctx.ensure_object(Invocation)
    invocation.command = "status"
    invocation.beginning = True
    command = build(BY_NAME["status"])
    with command.make_context("status", [], parent=ctx) as inner:
        return command.invoke(inner)


def application() -> click.Command:
    """The whole command line as one click command."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        cls=Verbs,
        context_settings=SETTINGS,
    )
    app.callback(cls=Verbs, invoke_without_command=True, epilog=EPILOG)(_root)
    group = typer.main.get_group(app)
    group.params.extend(shared_options(asof=True))
    return group


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and give its exit code.

    Every error of the tree ends here: one line on stderr, a hint, its own code.
    """
    invocation = Invocation(list(sys.argv[1:] if arguments is None else arguments))
    try:
        result = application().main(
            args=list(invocation.arguments), prog_name=NAME, standalone_mode=False, obj=invocation
        )
        invocation.out.close()
        return int(result) if isinstance(result, int) else ExitCode.OK
    except click.ClickException as error:
        if is_check(invocation.arguments):
            return complain_as_check(invocation, error.format_message())
        where = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else NAME
        )
        complain(invocation, error.format_message(), f"{where} --help", where)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        invocation.out.drop()
        complain(invocation, "interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        invocation.out.drop()
        return ExitCode.OK
    except SpooltoolError as error:
        invocation.out.close()
        explain(invocation, error)
        return error.exit_code
    except PermissionError as error:
        invocation.out.close()
        complain(invocation, f"{error.filename or ''}: {error.strerror}".lstrip(": "))
        return NotPermitted.exit_code
    except OSError as error:
        invocation.out.drop()
        complain(invocation, f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        return ExitCode.IO
    finally:
        invocation.close()


def explain(invocation: Invocation, error: SpooltoolError) -> None:
    """An error of the tree, as a person reads it."""
    message = error.message
    if isinstance(error, QueryError) and error.column:
        message = f"query, column {error.column}: {message}"
    complain(invocation, message, error.hint)
    if isinstance(error, ConfigError):
        for problem in error.problems:
            invocation.out.note(f"  {problem}")


def complain(invocation: Invocation, message: str, hint: str = "", who: str = NAME) -> None:
    """A line on stderr, and its hint below it."""
    first, *more = message.split("\n")
    invocation.out.note(f"{who}: {first}")
    for line in (*more, *(hint.split("\n") if hint else ())):
        invocation.out.note(f"  {line}")


def run_process() -> NoReturn:
    """`run`, then the end of the process without the interpreter's slow good-bye."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    code = run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or ExitCode.IO
    os._exit(int(code))
