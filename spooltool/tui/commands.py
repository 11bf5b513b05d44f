"""The command that shows, or does, what the screen shows: for the last line."""

from __future__ import annotations

import shlex

from spooltool.render.text import visible


def command(*words: str) -> str:
    """A command line as it can be typed."""
    return visible(shlex.join(["spooltool", *words]))


def query_words(text: str) -> list[str]:
    """A filter as arguments: a word each, or one quoted text where a shell would read it."""
    return [text] if set(text) & set("\"'()<>") else text.split()


def ls_command(text: str, sort: str) -> str:
    """`spooltool ls stuck --sort age`."""
    words = ["ls", *query_words(text)]
    return command(*words, *(("--sort", sort) if sort else ()))
