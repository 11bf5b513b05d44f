"""The command line.  Shell: options in, library called, text out; it decides nothing.

    verbs        the table of sub-commands: name, panel, one line of help
    app          the lazy group, the one exit for errors
    invocation   what every command shares: spool, clock, relay, output
    locate       which spool is meant, and the text when there is none
    settings     the few values of relay.toml that reading needs
    clock        --as-of
    terminal     stdout and stderr: width, pager, broken pipes
    relay_view   what the running relay says
    selection    query arguments to messages
    survey       many files to lines, on both cores
    changing     how every changing verb runs: choosing, confirm, carrying, telling
    following    messages watched until they have left; left: the log's word for how
    demo         with stage, sink, proof, as_typed and corpus
    ls, show …   one sub-command a file

May import everything of `spooltool`.  Start-up is counted in milliseconds: modules here
import at the top only what every command needs.
"""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    from spooltool.cli.app import run_process

    run_process()
