"""Header fields that name a file *.zip in ways that readers differ on."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

NAME = "payload.zip"
_CHARSETS = ("utf-8", "us-ascii", "iso-8859-1", "utf-7", "utf-16", "utf-16le", "cp037")
_MORE = ("koi8-r", "shift_jis", "iso-2022-jp", "gb2312", "windows-1252")


def _percent(text: str, charset: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode(charset))


def _word(text: str, charset: str, how: str) -> str:
    data = text.encode(charset)
    if how in "bB":
        return f"=?{charset}?{how}?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?{how}?" + "".join(f"={byte:02X}" for byte in data) + "?="


def disguises() -> Iterator[str]:
    """The name as a file system, a screen or a reader may take it."""
    yield from (
        NAME,
        "PAYLOAD.ZIP",
        "invoice.pdf.zip",
        "payload.zip.",
        "payload.zip. . ",
        " payload.zip",
    )
    yield from ("payload.zip\t", "C:\\temp\\payload.zip", "../../payload.zip", "/tmp/payload.zip")
    yield from ("payload.zip:stream", "payload.zip::$DATA", "payload.zip:Zone.Identifier:$DATA")
    yield from ("payload.z\u200bip", "payload\u202epiz.exe\u202c.zip", "\u202epiz.daolyap")
    yield from (
        "payload.zi\u00adp",
        "payload.zip\u200e",
        "payload\uff0ezip",
        "payload\uff0e\uff5aip",
    )
    yield from (
        "payload\u3002zip",
        "payload\u2024zip",
        "payload\ufe52zip",
        "payload.\u24e9\u24d8\u24df",
    )
    yield from ("payload.zip\ufe0f", "payload.zip\u00a0", "payload.zip\u3164", "payload%2ezip")
    yield from ("payload.zip.001", "payload.zip.{3050F4D8-98B5-11CF-BB82-00AA00BDCE0B}")
    yield from ("'payload.zip'", "<payload.zip>", "payload.zip;", "http://x/payload.zip?a=b")
    yield from ("payload .zip", "payload. zip", "=?utf-8?q?payload=2Ezip?=", "payload.z\x01ip")


def _disguised() -> Iterator[str]:
    for name in disguises():
        yield f'filename="{name}"'
        if not name.isascii():
            yield f"filename*=utf-8''{quote(name)}"


def _quoting() -> Iterator[str]:
    yield from ("filename=payload.zip", 'filename="payload.zip', 'filename=payload.zip"')
    yield from (
        'filename="pay"load.zip',
        'filename="payload.zip" trailing',
        "filename=pay load.zip",
    )
    yield from (
        'filename="payload\\.zip"',
        'filename="payload.zip\\"',
        'filename=\\"payload.zip\\"',
    )
    yield from ("filename=payload(x).zip", "filename=payload.zip(x)", 'filename="payload.zip";')
    yield from ("filename =payload.zip", "filename= payload.zip", 'filename\n ="payload.zip"')
    yield from (
        'filename="payload.\n zip"',
        'filename="payload\n\t.zip"',
        "filename=\n payload.zip",
    )
    yield from ('FileName="payload.zip"', "x=y;filename=payload.zip", 'x="y;filename=payload.zip')
    yield from (
        'filename=""payload.zip""',
        "filename='payload.zip'",
        "filename=;filename=payload.zip",
    )
    yield from (
        'filename="a.txt"; filename="payload.zip"',
        'filename="payload.zip"; filename="a.txt"',
    )
    yield from ("filename=a.txt filename=payload.zip", 'filename="a.txt" "payload.zip"')
    yield from (
        'filename="a.txt;payload.zip"',
        'filename="payload.zip;a.txt"',
        "filename==payload.zip",
    )
    yield from (
        "filename=\"a.txt\"; filename*=utf-8''payload.zip",
        "filename*=payload.zip; filename=a",
    )
    yield from (
        'filename="=?utf-8?q?a?="; filename=payload.zip',
        "filename=,payload.zip",
        "filename:payload.zip; filename=payload.zip",
    )


def _sections() -> Iterator[str]:
    for at in (1, 4, 7, 8, 9, 10):
        head, tail = NAME[:at], NAME[at:]
        yield f"filename*0={head};filename*1={tail}"
        yield f'filename*0="{head}";\n filename*1="{tail}"'
        yield f"filename*1={tail};filename*0={head}"
        yield f"filename*0*=utf-8''{head};filename*1*={_percent(tail, 'utf-8')}"
        yield f"filename*0*=utf-8''{head};filename*1={tail}"
        yield f"filename*0={head};filename*1*={_percent(tail, 'utf-8')}"
        yield f"filename*1={head};filename*2={tail}"
        yield f"filename*0={head};filename*2={tail}"
        yield f"filename*00={head};filename*01={tail}"
        yield f"filename={head};filename*1={tail}"
    yield "filename*0=a;filename*0=payload;filename*1=.zip"
    yield "filename*0=payload;filename*0=a;filename*1=.zip"
    yield "filename*0=payload;filename*1=.zip;filename*1=.txt"
    yield "filename*0=payload;filename*1=.txt;filename*1=.zip"
    yield "filename*0=payload.zip;filename*2=.txt"
    yield "filename*0=payload.zip"
    yield "filename*5=payload.zip"
    yield ";".join(f"filename*{number}={letter}" for number, letter in enumerate(NAME))
    yield ";".join(f"filename*{number}={letter}" for number, letter in reversed([*enumerate(NAME)]))
    yield 'filename*0="=?utf-8?b?cGF5bG9h";filename*1="ZC56aXA=?="'


def _charsets() -> Iterator[str]:
    for charset in _CHARSETS + _MORE:
        yield f"filename*={charset}''{_percent(NAME, charset)}"
        yield f"filename*={charset}'en'{_percent(NAME, charset)}"
    for prefix in ("''", "x-unknown''", "'", "utf-8'", "", "utf-8''''"):
        yield f"filename*={prefix}payload%2Ezip"
    yield f"filename*=\"utf-8''{_percent(NAME, 'utf-8')}\""
    yield "filename*=utf-8''payload%2ezip%"
    yield "filename*=utf-8''payload.zip%00.txt"


def _words() -> Iterator[str]:
    for charset in _CHARSETS[:4] + _MORE:
        for how in "bQ":
            yield f'filename="{_word(NAME, charset, how)}"'
    half = _word("payload", "utf-8", "q"), _word(".zip", "utf-8", "b")
    yield f'filename="{" ".join(half)}"'
    yield f'filename="{"".join(half)}"'
    yield 'filename="' + "\n ".join(half) + '"'
    yield f"filename={_word(NAME, 'utf-8', 'b')}"
    yield f"filename={half[0]} {half[1]}"
    yield f'filename="{_word(NAME, "utf-8", "b")[:-2]}"'
    yield f'filename="{_word(NAME, "utf-8", "b")[:-1]}"'
    yield f'filename="{_word(NAME, "utf-8", "b").replace("=?=", "?=")}"'
    yield f'filename="a {_word(".zip", "utf-8", "q")}"'
    yield f'filename="payload{_word(".zip", "utf-8", "q")}"'
    yield 'filename="=?utf-8*en?q?payload=2Ezip?="'
    yield 'filename="=?x-unknown?q?payload=2Ezip?="'
    yield 'filename="=?utf-8?q?payload.z ip?="'
    yield f'filename="{_word(_word(NAME, "utf-8", "q"), "utf-8", "b")}"'
    yield f"filename*=utf-8''{quote(_word(NAME, 'utf-8', 'q'))}"


def fields() -> Iterator[str]:
    """The header lines of a part, one way of naming each."""
    for made in (_disguised, _quoting, _sections, _charsets, _words):
        for parameter in made():
            yield f"Content-Disposition: attachment; {parameter}\n"
            yield f"Content-Type: application/x-a; {parameter.replace('filename', 'name')}\n"
    for name in ("payload.zip", '"payload.zip"', "=?utf-8?q?payload=2Ezip?="):
        yield f"Content-Description: {name}\n"
        yield f"Content-Location: {name}\n"
    yield "Content-Disposition: filename=payload.zip\n"
    yield 'Content-Disposition: "attachment"; filename=payload.zip\n'
    yield "Content-Disposition: attachment filename=payload.zip\n"
    yield "Content-Disposition : attachment; filename=payload.zip\n"
    yield "Content-Disposition: inline\nContent-Disposition: attachment; filename=payload.zip\n"
    yield "Content-Disposition: attachment; filename=payload.zip\nContent-Disposition: inline\n"
    yield "Content-Type: a/b; name=a.txt\nContent-Disposition: attachment; filename=payload.zip\n"
    yield "Content-Type: a/b; name=payload.zip\nContent-Disposition: attachment; filename=a.txt\n"
    yield "content-disposition:attachment;filename=payload.zip\n"
