"""OPTIONS as a conversation: one question, one answer, no content."""

from __future__ import annotations

from relay.antivirus.wire.icap_options import Options, options_of
from relay.antivirus.wire.icap_response import CONTINUE, Broken, End, Head, ResponseReader
from relay.antivirus.wire.names import name_of


class IcapQuestion:
    """Reads the answer to OPTIONS.

    `receive` is True once it is whole; then `options` has it, or is None and `problem` says
    why it is of no use.  `reusable` tells that the connection may be used on.
    """

    def __init__(self) -> None:
        self.options: Options | None = None
        self.problem = ""
        self.reusable = False
        self._reader = ResponseReader(bare=True)

    @property
    def untouched(self) -> bool:
        """Whether not a byte of an answer came."""
        return not self._reader.started

    def receive(self, data: bytes) -> bool:
        """Bytes came."""
        for event in self._reader.feed(data):
            match event:
                case Head(head) if head.status == CONTINUE:
                    self.problem = "100 Continue in answer to OPTIONS"
                case Head(head):
                    self.options = options_of(head)
                    self.reusable = not head.closes
                    if self.options is None:
                        self.problem = f"OPTIONS: {head.status} {name_of(head.reason)}"
                    elif self.options.method is None:
                        self.problem = "the service offers neither RESPMOD nor REQMOD"
                case Broken(text):
                    self.problem = f"no ICAP answer that makes sense: {text}"
                    self.reusable = False
                case End():
                    self.reusable = self.reusable and not self._reader.surplus
                case _:
                    pass
        if self.problem:
            self.options = None
        return self._reader.ended
