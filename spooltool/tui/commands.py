"""The command that shows, or does, what the screen shows: for the last line."""

from __future__ import annotations

import shlex

from spooltool.render.text import visible


def command(words: list[str]) -> str:
    """A command line as it can be typed."""
    return visible(shlex.join(["spooltool", *words]))


def query_words(text: str) -> list[str]:
    """A filter as arguments: a word each, or one quoted text where a shell would read it."""
    return [text] if set(text) & set("\"'()<>") else text.split()


def ls_words(text: str, sort: str) -> list[str]:
    """`ls stuck --sort age`."""
    return ["ls", *query_words(text), *(("--sort", sort) if sort else ())]
