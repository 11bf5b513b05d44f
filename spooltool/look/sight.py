"""One look at a spool: which it is, what time it is, what the relay says.

Each part is made when it is first asked for, so that a command pays for what it uses.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from spooltool.look.locate import Located, locate
from spooltool.look.settings import DEFAULT_CONFIG, Settings, read_settings
from spooltool.render.text import visible
from spooltool.spool.states import Circumstance
from spooltool.store.root import Spool

if TYPE_CHECKING:
    from spooltool.diagnose.relay import RelayView


@dataclass
class Sight:
    """A spool at one moment.

    `arguments` are those of the command that looks, for the journal and for advice.  The
    options are None where they were not given.  `read_only`: nothing is to be changed from
    here.  `replace` it to look anew; `again` keeps where the spool is.
    """

    arguments: list[str] = field(default_factory=list)
    spool_option: str | None = None
    config_option: str | None = None
    as_of: str | None = None
    read_only: bool = False

    def again(self) -> Self:
        """The same spool at a later moment, its configuration as it was read before.

        Whoever has become another user since may not be able to read that once more.
        """
        later = replace(self)
        later.located, later.settings = self.located, self.settings
        return later

    def handed_over(self) -> list[str]:
        """What another process needs to look at the same spool, as arguments for it."""
        where = self.located
        marks = [name for name in ("explicit", "lasting") if getattr(where, name)]
        found = [where.path, where.found_by, " ".join(marks)]
        as_of = "" if self.as_of is None else repr(self.now)
        return [*found, self.config_option or "", as_of]

    @classmethod
    def taken_over(cls, words: Sequence[str]) -> Self:
        """The sight that was handed over."""
        path, found_by, marks, config, as_of = words
        sight = cls(config_option=config or None, as_of=as_of or None)
        sight.located = Located(path, found_by, "explicit" in marks, "lasting" in marks)
        return sight

    @cached_property
    def located(self) -> Located:
        """The spool's path and how it was found.  Raises NoSpool, ConfigError."""
        return locate(self.spool_option, self.config_option)

    @cached_property
    def spool(self) -> Spool:
        """The spool, open for reading.  Raises NoSpool, NotPermitted."""
        return Spool.open(self.located.path)

    @cached_property
    def settings(self) -> Settings:
        """The relay's settings that reading needs.

        Those of /etc count only where they are of this spool: another's log is no answer.
        """
        if self.config_option is not None:
            return read_settings(self.config_option, required=True)
        usual = read_settings(DEFAULT_CONFIG)
        ours = os.path.realpath(usual.rundir) == os.path.realpath(self.located.path)
        return usual if ours else Settings()

    @cached_property
    def now(self) -> float:
        """The clock of this look: of `--as-of`, else of the machine.  Unix seconds."""
        if self.as_of is None:
            return time.time()
        from spooltool.look.clock import moment_of

        return moment_of(self.as_of, self.spool)

    @cached_property
    def relay(self) -> RelayView:
        """What the running relay says; one question, on the control socket."""
        from spooltool.look.relay_view import ask_relay

        return ask_relay(self.spool)

    @cached_property
    def around(self) -> Circumstance:
        """The clock and the relay, as a standing needs them; nobody holds a lock yet."""
        return Circumstance(
            self.now,
            timeout=self.settings.timeout,
            scan_period=self.settings.scan_period,
            relay_up=self.relay.up,
        )

    def later(self, relay: RelayView | None = None) -> Sight:
        """The same spool a moment later; `relay` is what the relay says by then, if known.

        Spool and settings are shared, and so is the clock of `--as-of`.
        """
        other = replace(self)
        other.located, other.spool, other.settings = self.located, self.spool, self.settings
        if self.as_of is not None:
            other.now = self.now
        if relay is not None:
            other.relay = relay
        return other

    def close(self) -> None:
        """Let go of the spool's descriptors, where it was opened."""
        if "spool" in self.__dict__:
            self.spool.close()

    @cached_property
    def place(self) -> str:
        """Host and spool: `gw1:/var/spool/relay`."""
        return visible(f"{os.uname().nodename.partition('.')[0]}:{self.spool.path}")

    @property
    def options(self) -> list[str]:
        """The options with which a command has this sight, in whatever shell it is typed."""
        found = [] if self.located.lasting else ["--spool", self.spool.path]
        if self.config_option is not None:
            found += ["--config", os.path.abspath(self.config_option)]
        if self.as_of is not None:
            found += ["--as-of", self.as_of]
        return found

    @property
    def found(self) -> str:
        """How the spool was found, for the first line of plans, prompts and `status`."""
        return visible(self.located.found_by)
