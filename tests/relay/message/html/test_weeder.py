"""What each switch takes out, and what stays."""

from __future__ import annotations

import pytest

from relay.message.html import Kind, Weeding, weed
from relay.message.html.suspicion import DEEPEST, is_unreasonable

SCRIPT = Weeding(strip_script_tags=True)
APPLET = Weeding(strip_applet_tags=True)
ACTIVEX = Weeding(strip_activex_tags=True)
FTP = Weeding(strip_ftp_links=True)
PORTS = Weeding(strip_port_strings=True)
ALL = Weeding(True, True, True, True, True)


def body(text: str, weeding: Weeding) -> str:
    """What stands between the body tags of the result."""
    return weed(text, weeding).text.partition("<body>")[2].partition("</body>")[0]


NEWSLETTER = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://x/y.dtd">
<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>News & more</title>
<!--[if mso]><xml><o:OfficeDocumentSettings/></xml><![endif]-->
<style type="text/css"><!--
a:hover > b { color: red } @media (width: 9px) { p { x: y } } --></style>
</head><body bgcolor=white><center><TABLE width=600><tr><td style='font: 12px "Arial"'>
<a href="https://example.com/?on=1&once=2">on and on</a><img src="cid:logo" alt='a "b"'>
<img src="data:image/png;base64,iVBORw0KGgo="><o:p></o:p>
<!--[if !mso]><!--><p>modern<br/><!--<![endif]-->
<svg viewBox="0 0 9 9"><path d="M0 0"/></svg></td></TABLE></center></body></html>
"""


def test_where_nothing_is_found_not_a_byte_changes() -> None:
    weeded = weed(NEWSLETTER, ALL)
    assert (weeded.text, weeded.changed, dict(weeded.removed)) == (NEWSLETTER, False, {})


def test_without_a_switch_nothing_is_touched() -> None:
    text = "<script>x</script>"
    assert weed(text, Weeding()).text == text


def test_what_is_removed_is_counted_and_the_rest_stays() -> None:
    weeded = weed(NEWSLETTER.replace("<br/>", "<br onclick=x><script>y</script>"), ALL)
    assert dict(weeded.removed) == {Kind.SCRIPT: 2}
    kept = ('<!DOCTYPE html PUBLIC "-//W3C', "<title>News &amp; more</title>", "a:hover > b {")
    kept += ("<!--[if mso]><xml>", '<td style="font: 12px &quot;Arial&quot;">', 'src="cid:logo"')
    kept += ('alt="a &quot;b&quot;"', "data:image/png;base64,", "<o:p></o:p>", '<path d="M0 0">')
    kept += ("<!--[if !mso]><!--><p>modern<br>", "once=2", "viewBox")
    for one in kept:
        assert one in weeded.text


@pytest.mark.parametrize(
    ("weeding", "text", "left"),
    [
        (SCRIPT, "<p>a<script>b</script>c", "<p>ac</p>"),
        (SCRIPT, "<a href=javascript:x title=t>a</a>", '<a title="t">a</a>'),
        (SCRIPT, "<object data=x></object><script></script>", '<object data="x"></object>'),
        (SCRIPT, "<a href=ftp://x>f</a><i onx=1>", '<a href="ftp://x">f</a><i></i>'),
        (SCRIPT, "<noscript>shown <b>now</b></noscript>", "shown <b>now</b>"),
        (APPLET, "<applet code=A><param name=x>no java</applet>", '<param name="x">no java'),
        (APPLET, "<object type=application/x-java-applet>a</object>", "a"),
        (APPLET, "<object classid='java:A.class'>a</object>", "a"),
        (APPLET, "<embed type='application/x-java-bean'>a", "a"),
        (APPLET, "<app class=A>a</app>", "a"),
        (APPLET, "<applet>a</applet><script>b</script>", "a<script>b</script>"),
        (ACTIVEX, "<object classid=clsid:1><param name=a>b<embed src=c></object>", "b"),
        (ACTIVEX, "<!--[if IE]><object></object><![endif]-->a", "a"),
        (ACTIVEX, "<p classid=clsid:1>a", "<p>a</p>"),
        (FTP, "<a href=ftp://x/y class=c>a</a>", '<a class="c">a</a>'),
        (FTP, "<a href='F\tTP://x/y'>a</a>", "<a>a</a>"),
        (FTP, "<a href=ftps://x>a</a><img srcset='a.png 1x, ftp://x/b.png 2x'>", "<a>a</a><img>"),
        (FTP, "<p style='background:url(f\\74p://x/y)'>a", "<p>a</p>"),
        (FTP, "<base href=ftp://x/><a href=y>a</a>", '<a href="y">a</a>'),
        (PORTS, "<a href=http://x:8080/y>a</a>", "<a>a</a>"),
        (PORTS, "<a href='http://u:p@x:80'>a</a>", "<a>a</a>"),
        (PORTS, "<a href='//x:81/'>a</a><a href='http:\\\\x:81'>b</a>", "<a>a</a><a>b</a>"),
        (PORTS, "<a href='http://[::1]:81/'>a</a><a href='ht\ntp:x:81'>b</a>", "<a>a</a><a>b</a>"),
    ],
)  # fmt: skip
def test_each_switch(weeding: Weeding, text: str, left: str) -> None:
    assert body(text, weeding) == left


@pytest.mark.parametrize(
    "text",
    [
        "<a href=http://x/a:80>a</a>",
        "<a href=http://u:p@x/>a</a>",
        "<a href='http://[::1]/?q=x:80'>a</a>",
        "<a href='mailto:a@x?subject=b:80'>a</a>",
        "<p title='http://x:80'>see http://x:80 by ftp://x</p>",
        "<a href='http://x:/'>a</a>",
    ],
)
def test_what_is_no_port_stays(text: str) -> None:
    assert weed(text, Weeding(strip_ftp_links=True, strip_port_strings=True)).text == text


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_are_those_of_the_original(ends: str) -> None:
    text = f"<p>a{ends}<i onx=1>b</i>{ends}<pre>{ends}{ends}{ends}c</pre>"
    weeded = weed(text, SCRIPT)
    assert weeded.text.replace(ends, "").count("\n") == 0
    assert f"<pre>{ends}{ends}{ends}c</pre>" in weeded.text
    assert not weed(weeded.text, SCRIPT).changed


def test_what_only_looks_like_script_is_written_so_that_all_read_it_alike() -> None:
    weeded = weed("<xmp><b onclick=x></xmp>", SCRIPT)
    assert not weeded.removed
    assert "<pre>&lt;b onclick=x&gt;</pre>" in weeded.text


@pytest.mark.parametrize(
    "text",
    ["<div>" * 300_000 + "end", "<b>" * 100_000 + "<p>end", "<a " + "x " * 300_000 + ">end"],
    ids=["elements", "formatting", "attributes"],
)
def test_nesting_beyond_reason_becomes_plain_text(text: str) -> None:
    weeded = weed(text, ALL)
    assert dict(weeded.removed) == {Kind.LAYOUT: 1}
    assert body(text, ALL) == "<pre>end</pre>"
    assert not weed(weeded.text, ALL).changed


def test_long_is_not_deep() -> None:
    assert not is_unreasonable("<table><tr><td><p>a<br><li>b<b>c</b></table>" * DEEPEST * 2)
    assert is_unreasonable("<i></u>" * (DEEPEST + 1))


def test_a_comment_within_a_comment_takes_no_stack() -> None:
    weeded = weed("<!--" * 50_000 + "<b onclick=x>", SCRIPT)
    assert "onclick" not in weeded.text
