"""relay.toml to a Config, or to every mistake with its line."""

from __future__ import annotations

import pytest

from relay.config import PARAMETERS, Config, Problem, Problems, load
from relay.config.kinds import MinFree
from spooltool.spool.hosts import HostPort


def problems(text: str, **options: str | tuple[str, ...]) -> list[tuple[int, str, str]]:
    found = load(text, options)
    assert isinstance(found, Problems), found
    return [(p.line, p.name, p.text) for p in found.all]


def config(text: str, **options: str | tuple[str, ...]) -> Config:
    found = load(text, options)
    assert isinstance(found, Config), found
    return found


def test_nothing_gives_the_defaults() -> None:
    assert config("") == Config()


def test_the_defaults_of_the_chapter() -> None:
    got = config("# nothing\n\n")
    assert (got.timeout, got.scan_period, got.resend_period) == (90, 2, 600)
    assert (got.abandon_time, got.max_mail_size) == (432_000, 1000)
    assert (got.max_conns, got.max_conns_per_site, got.max_load) == (100, 20, 1000)
    assert got.min_free == MinFree(percent=5.0)
    assert got.log_folder == "/var/spool/relay/.spooltool/log"
    assert got.max_octets == 1_024_000


def test_a_whole_file() -> None:
    got = config(
        """
        # gateway
        hostname = "gw1.example.com"
        rundir = '/srv/spool/'          # slash at the end
        listen = [
            "0.0.0.0:25",               # the world
            "[::1]:2525",
        ]
        accept_from = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]
        "dst" = "{ 10.1.5.2, mx.example.net:2525 }"
        error_server = "10.1.5.3"
        postmaster = "postmaster@example.com"
        soft_bounce = true
        errmail = 0
        detailed_smtp_err_email = 1
        min_free = "500M"
        max_conns = 1_000
        """
    )
    assert got.hostname == "gw1.example.com"
    assert got.rundir == "/srv/spool"
    assert got.listen == (HostPort("0.0.0.0", 25), HostPort("::1", 2525))
    assert got.accept_from == ("10.0.0.0/8", "2001:db8::/32", "192.0.2.7")
    assert got.dst == "{ 10.1.5.2, mx.example.net:2525 }"
    assert (got.soft_bounce, got.errmail, got.detailed_smtp_err_mail) == (True, False, True)
    assert got.min_free == MinFree(octets=500 << 20)
    assert got.max_conns == 1000


def test_every_mistake_at_once_with_its_line() -> None:
    text = """\
timeout = "90"
scan_perod = 2
resend_period = 0
abandon_time = true
listen = [
  "127.0.0.1:2525",
  "nowhere",
  "::1:25",
]
accept_from = ["10.0.0.5/8"]
timeout = 5
dst = "{a,,b}"
bare = "fix"
min_free = "half"
rundir = "spool"
postmaster = "nobody"
max_conns = = 3
hostname = "unclosed
max_load = 10
[delivery]
timeout = 3
max_line = [1
max_hops = 0
"""
    assert problems(text) == [
        (1, "timeout", "wants a whole number of seconds, not '90'"),
        (2, "", "no parameter is called 'scan_perod'; scan_period?"),
        (3, "resend_period", "0 is out of range: 1 to 86400"),
        (4, "abandon_time", "wants a whole number of seconds, not true"),
        (7, "listen", "wants HOST:PORT, not 'nowhere'"),
        (8, "listen", "'::1:25': an IPv6 address stands in brackets: [::1]:25"),
        (
            10,
            "accept_from",
            "'10.0.0.5/8' has bits beyond its length; the network is 10.0.0.0/8",
        ),
        (11, "timeout", "stands in line 1 already"),
        (12, "dst", "'{a,,b}' is not a host, HOST:PORT, or {a,b} list of them"),
        (13, "bare", "wants 'reject' or 'normalise', not 'fix'"),
        (14, "min_free", 'wants a share like "5%" or a size like "500M", not \'half\''),
        (15, "rundir", "wants an absolute path, not 'spool'"),
        (16, "postmaster", "wants an address local@domain, not 'nobody'"),
        (17, "", "invalid value"),
        (18, "", "unterminated string"),
        (
            20,
            "",
            "[delivery]: the only tables are [network.NAME], [[rule]], [resource.NAME], "
            '[scanner.NAME], [destination."HOST:PORT"]; parameters stand above them',
        ),
        (22, "", "unclosed array"),
    ]


def test_lines_for_a_person() -> None:
    found = load("x = 1\n", {"timeout": "soon"})
    assert isinstance(found, Problems)
    assert found.lines("/etc/relay.toml") == (
        "--timeout: wants a whole number of seconds, not 'soon'",
        "/etc/relay.toml:1: no parameter is called 'x'",
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('hostname = """a\n\n', [1]),  # a string that never ends
        ("max_load = 1\nx =\ny = [\n", [2, 3]),
        ("listen = [\n\"127.0.0.1:1\",\nmax_load = 'x'\nmax_conns = 0\n", [1, 3, 4]),
        ("= 3\n", [1]),
        ("max_load 3\n", [1]),
        ("[a\nmax_load = 3\n", [1]),
        ("[[x]]\ny = 1\n[[x]]\n", [1, 3]),
        ("timeout.x = 3\n", [1]),
        ("a.b = 3\na.b = 4\n", [1, 2]),
        ("timeout = 9 max_load = 3\n", [1]),
        ("timeout = 1\x00\n", [1]),
        ("hostname = 'a\udcff'\n", [1, 1]),
        ("x = " + "[" * 5000, [1]),
    ],
)
def test_lines_of_mistakes_in_the_form(text: str, lines: list[int]) -> None:
    assert [p[0] for p in problems(text)] == lines


def test_crlf_and_a_byte_order_mark() -> None:
    assert config("\ufefftimeout = 5\r\nmax_load = 7\r\n").max_load == 7


@pytest.mark.parametrize(
    ("near", "name"),
    [("max-conns", "max_conns"), ("Timeout", "timeout"), ("accept_form", "accept_from")],
)
def test_the_nearest_name(near: str, name: str) -> None:
    assert problems(f"{near} = 1\n") == [(1, "", f"no parameter is called {near!r}; {name}?")]


def test_how_much_error_mail_tells_is_off_unless_asked_for() -> None:
    names = ("detailed_smtp_err_mail", "detailed_av_err_mail", "detailed_rb_err_mail")
    assert [getattr(config(""), name) for name in names] == [False] * 3
    asked = config("".join(f"{name} = 1\n" for name in names))
    assert [getattr(asked, name) for name in names] == [True] * 3
    assert config("").delay_warning == 0


def test_the_limits_and_servers_of_mail_by_mx() -> None:
    found = config("")
    assert (found.max_mx_node_per_mail, found.max_ips_per_mx_node, found.mx_port) == (5, 5, 25)
    assert (found.dns_servers, found.dns_timeout) == ((), 10)
    found = config('dns_servers = ["192.0.2.53", "[2001:db8::53]:5353"]\n')
    assert list(map(str, found.dns_servers)) == ["192.0.2.53", "[2001:db8::53]:5353"]
    ((_, _, why),) = problems('dns_servers = ["ns.example.org"]\n')
    assert "'ns.example.org' is not ADDRESS or ADDRESS:PORT" in why


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('dst = "mx"\naccept_from = ["10.0.0.0/8"]\n', 0),
        ('dst = "mx"\naccept_from = ["0.0.0.0/0"]\n', 1),
        ('default_server = "mx"\naccept_from = ["0.0.0.0/1", "128.0.0.0/1"]\n', 1),
        ('dst = "mx."\naccept_from = ["0.0.0.0/0"]\n', 0),
    ],
)
def test_anybody_to_anywhere_by_mx_is_an_open_relay(text: str, wrong: int) -> None:
    found = load(text, {})
    assert isinstance(found, Problems) == bool(wrong)
    if wrong:
        assert "relays for anybody to anywhere" in found.lines("relay.toml")[0]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('"5%"', MinFree(percent=5.0)),
        ('"2.5 %"', MinFree(percent=2.5)),
        ('"0%"', MinFree()),
        ("0", MinFree()),
        ("4096", MinFree(octets=4096)),
        ('"2G"', MinFree(octets=2 << 30)),
        ('"10kb"', MinFree(octets=10 << 10)),
    ],
)
def test_min_free(value: str, wanted: MinFree) -> None:
    assert config(f"min_free = {value}\n").min_free == wanted


@pytest.mark.parametrize("value", ['"100%"', "-1", '"-5%"', "true", '""', "[5]"])
def test_min_free_refused(value: str) -> None:
    assert [p[:2] for p in problems(f"min_free = {value}\n")] == [(1, "min_free")]


@pytest.mark.parametrize(
    "value", ["25", '"127.0.0.1:25"', '["127.0.0.1"]', '["1.2.3:25"]', '["a:70000"]', '[":25"]']
)
def test_listen_refused(value: str) -> None:
    assert [p[:2] for p in problems(f"listen = {value}\n")] == [(1, "listen")]


# options


def test_options_beat_the_file() -> None:
    got = config("timeout = 5\nlisten = ['127.0.0.1:1']\n", timeout="7", listen=("[::1]:0",))
    assert (got.timeout, got.listen) == (7, (HostPort("::1", 0),))


def test_options_of_every_form() -> None:
    got = config(
        "",
        listen=("10.0.0.1:25", "127.0.0.1:25"),
        accept_from="10.0.0.0/8, 192.168.0.0/16",
        dst="10.0.0.9",
        soft_bounce="yes",
        min_free="0",
    )
    assert got.accept_from == ("10.0.0.0/8", "192.168.0.0/16")
    assert len(got.listen) == 2
    assert got.soft_bounce is True
    assert got.min_free == MinFree()


def test_a_doubled_option() -> None:
    assert problems("", dst=("a", "b")) == [(0, "--dst", "given 2 times")]


def test_an_option_mends_what_the_file_lacks() -> None:
    text = "listen = ['0.0.0.0:25']\n"
    assert [p[:2] for p in problems(text)] == [(1, "listen"), (1, "listen")]
    assert config(text, dst="10.0.0.9", accept_from="10.0.0.0/8").dst == "10.0.0.9"


# contradictions


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("listen = ['127.0.0.1:25', '[::1]:25', 'localhost:25']\ndst = '10.0.0.9'", []),
        ("listen = ['127.9.9.9:2525']", []),
        ("listen = ['10.0.0.1:25']\ndst = '10.0.0.9'", [(1, "listen")]),
        ("listen = ['10.0.0.1:25']\ndst = 'a'\naccept_from = []", [(1, "listen")]),
        ("\nlisten = ['gw:25']\naccept_from = ['10.0.0.0/8']", [(2, "listen"), (3, "accept_from")]),
        ("listen = ['[::]:25']\naccept_from = ['::/0']\ndefault_server = 'a'", []),
        ("accept_from = ['10.0.0.0/8']", [(1, "accept_from")]),
        ("listen = ['127.0.0.1:25', '127.0.0.1:25']", [(1, "listen")]),
        ("listen = ['127.0.0.1:0', '127.0.0.1:0']", []),
        ("dst = '127.0.0.1'", [(1, "dst")]),
        ("dst = '127.0.0.1:2525'", []),
        ("dst = '{10.0.0.9,localhost}'", [(1, "dst")]),
        ("dst = '127.0.0.2'", []),
        (
            "listen=['0.0.0.0:26']\naccept_from=['10.0.0.0/8']\ndst='a'\nerror_server='[::1]:26'",
            [(4, "error_server")],
        ),
    ],
)
def test_contradictions(text: str, wanted: list[tuple[int, str]]) -> None:
    found = load(text)
    got = [(p.line, p.name) for p in found.all] if isinstance(found, Problems) else []
    assert got == wanted


def test_a_contradiction_of_an_option_names_the_option() -> None:
    assert problems("", accept_from="10.0.0.0/8") == [
        (0, "--accept-from", "there is neither dst nor default_server: nothing would be accepted")
    ]


def test_problems_sort_by_line() -> None:
    assert sorted([Problem(3, "a", ""), Problem(1, "b", "")])[0].line == 1


def test_the_table_is_whole() -> None:
    assert all(p.meaning and p.kind and p.source in ("chapter", "ours") for p in PARAMETERS)
    for parameter in PARAMETERS:
        assert getattr(Config(), parameter.name) == parameter.default


def test_the_alert_command_is_a_program_with_arguments_as_they_are() -> None:
    got = config('alert_command = ["/usr/local/bin/tell", "--to", "on call", "$HOME; rm"]')
    assert got.alert_command == ("/usr/local/bin/tell", "--to", "on call", "$HOME; rm")
    assert config("alert_command = []").alert_command == ()
    ((line, name, text),) = problems('alert_command = [\n  "tell"\n]')
    assert (line, name) == (2, "alert_command")
    assert "absolute path" in text
    assert problems('alert_command = "/usr/local/bin/tell"')


def test_targets_of_logs_are_told_apart_and_each_wrong_one_is_named() -> None:
    got = config('log_to = ["journald", "unix:/dev/log", "tcp:[::1]:601"]\nlog_to_all = true')
    assert [str(target) for target in got.log_to] == ["journald", "unix:/dev/log", "tcp:[::1]:601"]
    assert got.log_to_all
    wants = "wants journald, unix:PATH, udp:HOST:PORT or tcp:HOST:PORT, not"
    assert problems('log_to = [\n"udp:10.0.0.1",\n"journald",\n"syslog"]') == [
        (2, "log_to", f"{wants} 'udp:10.0.0.1'"),
        (4, "log_to", f"{wants} 'syslog'"),
    ]
