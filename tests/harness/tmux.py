"""A program in tmux, the terminal that operators have: keys sent, the screen captured."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.harness.process import wait_until
from tests.harness.programs import need

ENDED = "ended with "


class Tmux:
    """`argv` in a server of its own, which is ended with it; nobody's configuration is read.

    `TERM` is what tmux says of itself; the environment is ours, changed by `env`.
    """

    def __init__(
        self, argv: Sequence[str], size: tuple[int, int] = (80, 24), env: Mapping[str, str] = {}
    ) -> None:
        self._tmux = [need("tmux"), "-L", f"spooltool-{uuid.uuid4().hex[:12]}", "-f", "/dev/null"]
        columns, lines = map(str, size)
        words = shlex.join(argv)
        told = f"{words}; echo {shlex.quote(ENDED)}$?; exec sleep infinity"
        changed = [f"{name}={value}" for name, value in {"LC_ALL": "C.UTF-8", **env}.items()]
        self._run(
            "new-session", "-d", "-x", columns, "-y", lines, "env", *changed, "sh", "-c", told
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "TMUX": ""},
        )
        return done.stdout

    @property
    def lines(self) -> list[str]:
        """The screen."""
        return [line.rstrip() for line in self._run("capture-pane", "-p").split("\n")[:-1]]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def keys(self, *names: str) -> None:
        """Press keys, by the names that tmux has for them."""
        self._run("send-keys", *names)

    def typed(self, text: str) -> None:
        """Type a text."""
        self._run("send-keys", "-l", text)

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the terminal."""
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def wait_for(self, *texts: str, seconds: float = 60.0) -> str:
        """Wait until all of these stand on the screen at once; the screen."""
        seen: list[str] = []

        def shown() -> bool:
            seen[:] = [self.text]
            return all(text in seen[0] for text in texts)

        try:
            wait_until(shown, seconds=seconds, what=f"{texts} on the screen")
        except BaseException as error:
            error.add_note("the screen is:\n" + "\n".join(seen))
            raise
        return seen[0]

    def wait_gone(self, text: str, seconds: float = 60.0) -> None:
        """Wait until a text stands on the screen no more."""
        wait_until(lambda: text not in self.text, seconds=seconds, what=f"{text} is gone")

    @property
    def pid(self) -> int:
        """Of the shell around the program."""
        return int(self._run("display-message", "-p", "#{pane_pid}"))

    def close(self) -> None:
        """End the server and what runs in it."""
        pid = self.pid
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
