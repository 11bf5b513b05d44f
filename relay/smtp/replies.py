"""Every reply that the server side gives by itself, in one table."""

from __future__ import annotations

from relay.smtp.reply import Reply

START_DATA = Reply(354, "", "end data with <CRLF>.<CRLF>")
START_TLS = Reply(220, "2.0.0", "ready to start TLS")
BYE = Reply(221, "2.0.0", "bye")
HELP = Reply(
    214,
    "2.0.0",
    "HELO EHLO MAIL RCPT DATA RSET NOOP QUIT VRFY HELP STARTTLS\nRFC 5321; postmaster reads mail",
)
OK = Reply(250, "2.0.0", "ok")
SENDER_OK = Reply(250, "2.1.0", "sender ok")
RECIPIENT_OK = Reply(250, "2.1.5", "recipient ok")
CANNOT_VERIFY = Reply(252, "2.5.2", "cannot verify, send mail and see")  # RFC 5321 3.5.3

SHUTTING_DOWN = Reply(421, "4.3.2", "shutting down")
IDLE = Reply(421, "4.4.2", "idle for too long")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "too many errors")
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "too many commands without a message")
TOO_MANY_MAILS = Reply(421, "4.7.0", "too many messages in one connection")
TOO_MUCH_INPUT = Reply(421, "4.7.0", "too much input")
NOT_SMTP = Reply(421, "4.7.0", "this is no SMTP")

TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "too many recipients")

BAD_LINE = Reply(500, "5.5.2", "lines end in CRLF and hold no control characters")
LINE_TOO_LONG = Reply(500, "5.5.2", "line too long")
UNKNOWN = Reply(500, "5.5.1", "command not recognised")
NO_ARGUMENT = Reply(501, "5.5.4", "no argument is allowed")
ARGUMENT_WANTED = Reply(501, "5.5.4", "an argument is wanted")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "command not implemented")
BAD_SEQUENCE = Reply(503, "5.5.1", "bad sequence of commands")
SAY_HELLO = Reply(503, "5.5.1", "EHLO or HELO first")
NESTED_MAIL = Reply(503, "5.5.1", "nested MAIL command")
NEED_MAIL = Reply(503, "5.5.1", "MAIL first")
NEED_RCPT = Reply(503, "5.5.1", "RCPT first")
NO_RECIPIENTS = Reply(554, "5.5.1", "no valid recipients")
BEHIND_STARTTLS = Reply(554, "5.5.0", "nothing may follow STARTTLS before the handshake")

TLS_FIRST = Reply(530, "5.7.0", "must issue a STARTTLS command first")  # RFC 3207 4

BARE_LINE_END = Reply(550, "5.6.11", "message holds a bare CR or LF")
TOO_BIG = Reply(552, "5.3.4", "message too big")
# RFC 5321 4.3.2 has no 500 after DATA; 554 is what it gives for a message that cannot be taken.
CONTENT_LINE_TOO_LONG = Reply(554, "5.6.0", "message holds a line that is too long")
NUL_IN_HEADER = Reply(554, "5.6.0", "message header holds NUL")
