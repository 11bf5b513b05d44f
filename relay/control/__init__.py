"""The control socket of a running dequeuer.  Shell.

    server   listening, who may speak, lines in and out
    ask      one question to a running dequeuer, for the command `relay`
    answers  a request to the reply that the dequeuer gives

The words are `spooltool.control`'s.  It may import `relay.dequeue` and the spool library.
"""

from relay.control.answers import Handler
from relay.control.ask import ask
from relay.control.server import serve

__all__ = ["Handler", "ask", "serve"]
