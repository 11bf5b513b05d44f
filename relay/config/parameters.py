"""The table of parameters: each once, with everything that is known of it.

`Config` is the table: a field's declaration gives name, type and default, and by its
helper unit, bounds, meaning, source, and whether a reload can change it.  Reading,
validation, `relay config show` and the docs all come from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from relay.config import kinds
from relay.config.destinations import DESTINATION, TLS_WORDS, DestinationTable
from relay.config.kinds import MinFree, Read
from relay.config.log_targets import log_targets
from relay.config.networks import NETWORK, NetworkTable
from relay.config.resources import RESOURCE, Resource
from relay.config.rules import RULE, RuleTable
from relay.config.scanners import SCANNER, ScannerTable
from relay.config.tables import TableKind
from spooltool.logs.log_target import LogTarget
from spooltool.spool.hosts import HostPort

CHAPTER = "chapter"
OURS = "ours"

DAY = 86400
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    `kind` words its values for a person, `form` is their shape ("number", "flag", "text",
    "list").  `read` returns the value or raises `kinds.Wrong`.  `source` is "chapter" for
    a name of the original gateway, else "ours".  `reload` tells that a running relay takes
    a new value over; the others want a restart.
    """

    name: str
    default: object
    kind: str
    form: str
    read: Read
    meaning: str
    source: str = OURS
    reload: bool = True
    aliases: tuple[str, ...] = ()


_KEY = "parameter"


def _parameter(
    default: V,
    kind: str,
    form: str,
    read: Read,
    meaning: str,
    source: str,
    reload: bool,
    aliases: tuple[str, ...] = (),
) -> V:
    def named(name: str) -> Parameter:
        return Parameter(name, default, kind, form, read, meaning, source, reload, aliases)

    return field(default=default, metadata={_KEY: named})


def _whole(
    default: int,
    low: int,
    high: int,
    unit: str,
    meaning: str,
    source: str = OURS,
    *,
    reload: bool = True,
) -> int:
    kind = f"{low} to {high}" + (f" {unit}" if unit else "")
    return _parameter(
        default, kind, "number", kinds.whole(low, high, unit), meaning, source, reload
    )


def _flag(default: bool, meaning: str, source: str = OURS, aliases: tuple[str, ...] = ()) -> bool:
    return _parameter(default, "true|false", "flag", kinds.flag, meaning, source, True, aliases)


def _word(default: str, words: tuple[str, ...], meaning: str, *, reload: bool = True) -> str:
    return _parameter(default, "|".join(words), "text", kinds.one_of(*words), meaning, OURS, reload)


def _text(
    default: V, kind: str, read: Read, meaning: str, source: str = OURS, *, reload: bool = True
) -> V:
    return _parameter(default, kind, "text", read, meaning, source, reload)


def _list(default: V, kind: str, read: Read, meaning: str, *, reload: bool = True) -> V:
    return _parameter(default, kind, "list", read, meaning, OURS, reload)


_HOSTS_OR_MX = "HOST|HOST:PORT|{a,b}|mx"


@dataclass(frozen=True, slots=True)
class Config:
    """Every parameter of the relay, validated as a whole by `relay.config.toml.load`.

    Durations are seconds, sizes octets, max_mail_size kilobytes as in the chapter.
    """

    # This relay
    hostname: str = _text(
        "",
        "host name",
        kinds.hostname,
        "name in greeting, EHLO and our Received line; empty: the machine's own",
    )
    rundir: str = _text(
        "/var/spool/relay",
        "absolute path",
        kinds.given_folder,
        "the spool; it must exist",
        CHAPTER,
        reload=False,
    )
    logdir: str = _text(
        "",
        "absolute path",
        kinds.folder,
        "where the logs are written; empty: .spooltool/log in the spool",
        reload=False,
    )
    log_size: int = _whole(
        10 << 20, 64 << 10, 1 << 40, "octets", "size at which a log file is rotated"
    )
    log_keep: int = _whole(7, 1, 1000, "files", "rotated log files that are kept of each log")
    log_to: tuple[LogTarget, ...] = _list(
        (),
        "journald|unix:PATH|udp:HOST:PORT|tcp:HOST:PORT, ...",
        log_targets,
        "where the records of the tracker and alerts go, besides the files: the journal, or "
        "syslog (RFC 5424) to a socket such as /dev/log, by UDP, or octet-counted by TCP",
        reload=False,
    )
    log_to_all: bool = _flag(False, "all other lines of the .elg files go there, too")
    alert_command: tuple[str, ...] = _list(
        (),
        "PROGRAM, ARGUMENT, ...",
        kinds.command,
        "run without a shell for alerts, facts in RELAY_ALERT... of its environment, at most "
        "10 seconds and once a minute; none: alerts are logged only",
    )
    user: str = _text(
        "",
        "account",
        kinds.account,
        "account that a relay started as root becomes; empty: the spool's owner",
        reload=False,
    )
    postmaster: str = _text(
        "",
        "local@domain",
        kinds.address,
        "gets a copy of every error mail; empty: nobody does, and postmaster at hostname "
        "stands in them as the person to ask",
        CHAPTER,
    )

    # Who may send, and where it goes
    listen: tuple[HostPort, ...] = _list(
        (HostPort("127.0.0.1", 25),),
        "HOST:PORT, ...",
        kinds.listeners,
        "where the relay listens; port 0: any free port",
        reload=False,
    )
    listen_tls: tuple[HostPort, ...] = _list(
        (),
        "HOST:PORT, ...",
        kinds.listeners,
        "where it listens with TLS from the start (RFC 8314), usually port 465",
        reload=False,
    )
    accept_from: tuple[str, ...] = _list(
        (),
        "CIDR, ...",
        kinds.networks,
        "networks that may send mail, besides this machine itself; rules take its place",
    )
    dst: str = _text(
        "",
        _HOSTS_OR_MX,
        kinds.hosts,
        "the server that accepted mail is delivered to; lists in order; mx: whom the MX of each "
        "recipient's domain name; rules take its place",
    )
    default_server: str = _text(
        "", _HOSTS_OR_MX, kinds.hosts, "the same for mail that nothing else gives a server", CHAPTER
    )
    original_destination: str = _word(
        "off",
        ("off", "proxy", "redirect", "tproxy"),
        "whether mail goes to the server that its client was connecting to: known from a PROXY "
        "header, or also from an nft redirect or tproxy rule (docs/redirect.md)",
        reload=False,
    )
    original_networks: tuple[str, ...] = _list(
        (),
        "CIDR, ...",
        kinds.networks,
        "networks in which such a server must lie; empty: any",
    )
    proxy_from: tuple[str, ...] = _list(
        (),
        "CIDR, ...",
        kinds.networks,
        "proxies, each connection of which must begin with a PROXY header (version 1 or 2)",
    )
    error_server: str = _text(
        "",
        _HOSTS_OR_MX,
        kinds.hosts,
        "the server that is given error mail; empty: DST; mx: whom the MX of the sender's "
        "domain name",
        CHAPTER,
    )
    errmail: bool = _flag(
        True,
        "the sender is notified when mail cannot be delivered; a resource has its own word on it",
    )
    detailed_smtp_err_mail: bool = _flag(
        False,
        "error mail carries the reason for each recipient",
        CHAPTER,
        ("detailed_smtp_err_email",),
    )
    detailed_av_err_mail: bool = _flag(
        False,
        "error mail about what the content rules or the scanner stopped says so, and what they "
        "found; off: it reads as any other failure",
        CHAPTER,
    )
    detailed_rb_err_mail: bool = _flag(
        False, "the sender is told of mail that the rule base does not let go", CHAPTER
    )

    # Taking mail in
    fwauthd_conf: str = _text(
        "",
        "absolute path",
        kinds.path,
        "fwauthd.conf, whose line of in.asmtpd lets the intake run (docs/checkpoint.md); "
        "empty: it runs",
    )
    intake_workers: int = _whole(1, 1, 64, "processes", "intake processes", reload=False)
    max_clients: int = _whole(1000, 1, 100_000, "connections", "clients at a time, all together")
    max_clients_per_address: int = _whole(
        100, 1, 100_000, "connections", "clients at a time from one address"
    )
    max_mails_per_client: int = _whole(
        1000, 0, 1_000_000, "messages", "messages of one incoming connection; 0: no limit"
    )
    max_mail_size: int = _whole(
        1000, 1, 1 << 32, "KB", "the largest message that is accepted", CHAPTER
    )
    maxrecipients: int = _whole(
        500, 1, 9999, "recipients", "recipients of one message; RFC 5321 wants 100", CHAPTER
    )
    max_errors: int = _whole(20, 1, 10_000, "commands", "faulty commands of one connection")
    max_commands: int = _whole(
        1000, 10, 1_000_000, "commands", "commands of one connection that lead to no message"
    )
    client_idle: int = _whole(
        300, 1, DAY, "seconds", "silence of a client between commands (RFC 5321 4.5.3.2.7)"
    )
    data_idle: int = _whole(180, 1, DAY, "seconds", "silence of a client in the middle of content")
    bare: str = _word(
        "reject",
        ("reject", "normalise"),
        "what a CR or LF that is no CRLF does in content: the message is refused, or it is "
        "made a line end",
    )
    max_line: int = _whole(
        998, 0, 1 << 30, "octets", "longest line of content, RFC 5321 4.5.3.1.6; 0: no limit"
    )
    max_header_size: int = _whole(
        256 << 10, 1024, 1 << 26, "octets", "largest header block of a message"
    )
    max_header_fields: int = _whole(1000, 10, 100_000, "fields", "most header fields of a message")
    max_hops: int = _whole(
        50, 1, 1000, "hops", "Received lines after which a message is a loop, RFC 5321 6.3"
    )

    # Encryption of incoming connections
    tls_certificate: str = _text(
        "",
        "absolute path",
        kinds.path,
        "certificate chain, PEM, our own first; empty: STARTTLS is not offered",
    )
    tls_key: str = _text(
        "", "absolute path", kinds.path, "its key, PEM; empty: in the file of the certificate"
    )
    tls_minimum: str = _word("1.2", ("1.2", "1.3"), "oldest version of TLS, on both sides")
    tls_required: bool = _flag(False, "no mail is taken without TLS (530 to MAIL before it)")

    # The queue
    scan_period: int = _whole(2, 1, 3600, "seconds", "time between two looks at the spool", CHAPTER)
    resend_period: int = _whole(
        600, 1, DAY, "seconds", "time after which failed mail is tried again", CHAPTER
    )
    abandon_time: int = _whole(
        432_000, 0, 366 * DAY, "seconds", "time after which mail is given up", CHAPTER
    )
    delay_warning: int = _whole(
        0,
        0,
        366 * DAY,
        "seconds",
        "age at which the sender is told once that mail is late, if it was not told to leave "
        "that out (NOTIFY without DELAY, RFC 3461); 0: never",
    )
    max_load: int = _whole(
        1000, 1, 1_000_000, "messages", "messages taken from the spool and unfinished", CHAPTER
    )
    accept_hand_edits: bool = _flag(
        False, "mail whose content was edited by hand is delivered without `accept`"
    )

    # Delivery
    timeout: int = _whole(
        90, 1, DAY, "seconds", "silence of a server, or of a connection being opened", CHAPTER
    )
    max_conns: int = _whole(100, 1, 10_000, "connections", "connections to all servers", CHAPTER)
    max_conns_per_site: int = _whole(
        20, 1, 10_000, "connections", "connections to one server", CHAPTER
    )
    max_mails_per_conn: int = _whole(
        100, 1, 1_000_000, "messages", "messages sent over one connection", CHAPTER
    )
    eightbit: str = _word(
        "send",
        ("send", "convert", "bounce"),
        "8-bit content for a server without 8BITMIME: sent as it is, made quoted-printable "
        "(which breaks DKIM signatures; what cannot be converted bounces), or bounced",
    )
    max_mx_node_per_mail: int = _whole(
        5, 1, 20, "hosts", "MX of a domain that are asked, the best by preference", CHAPTER
    )
    max_ips_per_mx_node: int = _whole(
        5, 1, 100, "addresses", "addresses of each such host that are tried", CHAPTER
    )
    mx_port: int = _whole(25, 1, 65535, "", "port at which mail by MX is delivered")
    dns_servers: tuple[HostPort, ...] = _list(
        (),
        "ADDRESS, ADDRESS:PORT, ...",
        kinds.servers,
        "name servers that are asked for MX and their addresses; empty: those of /etc/resolv.conf",
    )
    dns_timeout: int = _whole(
        10, 1, 3600, "seconds", "time for one question to them, whichever answers"
    )
    mark: int = _whole(
        0,
        0,
        (1 << 32) - 1,
        "",
        "mark (SO_MARK) of the sockets that deliver, so that a redirect rule spares them; 0: none",
        reload=False,
    )
    tls: str = _word(
        "may",
        TLS_WORDS,
        "encryption towards servers; may: where the server offers it, and in clear if that "
        "fails; require: encrypted, or the mail waits; verify: and the certificate is right",
    )
    tls_ca: str = _text(
        "", "absolute path", kinds.path, "authorities for verify, PEM; empty: the system's"
    )
    soft_bounce: bool = _flag(False, "5xx replies count as 4xx: nothing fails for good but by age")

    # Content
    content_workers: int = _whole(
        2, 1, 64, "processes", "processes that filter content, started when there is some"
    )
    content_memory: int = _whole(
        512, 128, 1 << 20, "MB", "memory of each; content that needs more waits, and is held"
    )
    quarantine_limit: int = _whole(
        1024,
        0,
        1 << 30,
        "MB",
        "what D_quarantine may hold; beyond it what would be blocked waits, with an alert; "
        "0: no limit",
    )

    # Space
    spool_limit: int = _whole(
        0,
        0,
        100_000_000,
        "messages",
        "messages in the spool at which intake closes, until 95 % of it; 0: no limit",
        CHAPTER,
    )
    spool_limit_scan_period: int = _whole(
        60, 1, DAY, "seconds", "time between two counts for spool_limit", CHAPTER
    )
    min_free: MinFree = _text(  # noqa: RUF009 - a frozen value
        MinFree(percent=5.0),
        '"N%" or octets (K, M, G)',
        kinds.min_free,
        "free space and inodes below which intake closes",
    )
    trash_keep: int = _whole(
        7 * DAY, 0, 3660 * DAY, "seconds", "age at which messages in the trash may be purged"
    )

    # Tables, in the order of the file
    networks: tuple[NetworkTable, ...] = ()
    rules: tuple[RuleTable, ...] = ()
    resources: tuple[Resource, ...] = ()
    scanners: tuple[ScannerTable, ...] = ()
    destinations: tuple[DestinationTable, ...] = ()

    @property
    def max_octets(self) -> int:
        """max_mail_size in octets."""
        return self.max_mail_size * 1024

    @property
    def log_folder(self) -> str:
        """Where the logs are written."""
        return self.logdir or f"{self.rundir}/.spooltool/log"


def _table() -> tuple[Parameter, ...]:
    table = []
    for one in fields(Config):
        named: Callable[[str], Parameter] | None = one.metadata.get(_KEY)
        if named is not None:
            table.append(named(one.name))
    return tuple(table)


PARAMETERS: tuple[Parameter, ...] = _table()
"""Every parameter, in the order of the docs."""

PARAMETER: dict[str, Parameter] = {
    name: one for one in PARAMETERS for name in (one.name, *one.aliases)
}
"""The same by name and alias."""

TABLES: tuple[TableKind[Any], ...] = (NETWORK, RULE, RESOURCE, SCANNER, DESTINATION)
"""Every kind of tables, in the order of the docs."""

SECTIONS: dict[str, str] = {
    "hostname": "This relay",
    "listen": "Who may send, and where it goes",
    "fwauthd_conf": "Taking mail in",
    "tls_certificate": "Encryption of incoming connections",
    "scan_period": "The queue",
    "timeout": "Delivery",
    "content_workers": "Content",
    "spool_limit": "Space",
}
"""Headings for people, each by the first parameter below it."""
