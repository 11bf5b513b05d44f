"""What every command shares: the spool that it looks at, and where it writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from spooltool.cli.terminal import Output
from spooltool.look.sight import Sight


@dataclass
class Invocation(Sight):
    """One call of the command line.

    `arguments` are as typed; options may stand before or after the verb.  `beginning` is
    set for `spooltool` without a verb.
    """

    command: str = ""
    beginning: bool = False

    @cached_property
    def out(self) -> Output:
        """Where the command writes."""
        return Output()
