"""Each scripted conversation, whole, byte by byte and split at every place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.relay.smtp.playbook import (
    FOLDER,
    bytewise,
    play_client,
    play_server,
    read,
    split_at,
    whole,
)

SERVER = sorted((FOLDER / "server").glob("*.txt"))
CLIENT = sorted((FOLDER / "client").glob("*.txt"))


def longest(path: Path, played: str) -> int:
    return max(len(turn.data) for turn in read(path, played)[1])


@pytest.mark.parametrize("path", SERVER, ids=lambda path: path.stem)
def test_server(path: Path) -> None:
    play_server(path, whole)
    play_server(path, bytewise)
    for place in range(1, longest(path, "C")):
        play_server(path, split_at(place))


@pytest.mark.parametrize("path", CLIENT, ids=lambda path: path.stem)
def test_client(path: Path) -> None:
    play_client(path, whole)
    play_client(path, bytewise)
    for place in range(1, longest(path, "S")):
        play_client(path, split_at(place))
