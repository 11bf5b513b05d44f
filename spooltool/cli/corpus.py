"""The mail of the demo: office mail as gateways see it, the same for the same seed.

Made up through and through: people, firms and subjects, and every domain is one of those
that RFC 2606 keeps for examples.
"""

from __future__ import annotations

import base64
import quopri
import random
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

MIN_SIZE = 2_000
MAX_SIZE = 190_000
TYPICAL_SIZE = 5_800
_SPREAD = 1.2
_FIRST_DAY = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One message to inject: envelope, MAIL parameters, and content with CRLF line ends.

    `x_id` also stands in the content's X-Demo-Id field, unique in one corpus.
    """

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    mail_params: str
    x_id: str


# fmt: off
PEOPLE = (
    "Anna Berger", "Bilal Haddad", "Chiara Russo", "David Okafor", "Elif Demir", "Frank Wouters",
    "Grace Lindqvist", "Hana Suzuki", "Ivan Petrov", "Julia Novak", "Karim Benali", "Lena Fischer",
    "Marta Kowalska", "Nils Johansen", "Olga Marin", "Pedro Alves", "Rosa Jimenez", "Sven Keller",
    "Tara Singh", "Viktor Horvath",
)
DOMAINS = (
    "example.com", "example.net", "example.org", "sales.example.com", "support.example.com",
    "lab.example.org", "mail.example.net", "office.example.org",
)
SUBJECTS = (
    "Invoice {n} for October", "Re: Invoice {n}: wrong VAT number",
    "[Ticket #{n}] Printer on floor 3", "[Ticket #{n}] VPN drops every hour",
    "Minutes of Monday's meeting", "Minutes: steering group {n}",
    "Re: Re: Budget draft, version {d}", "Order confirmation {n}", "Offer {n} as discussed",
    "Holiday plan for December", "Delivery note {n}", "Reminder: timesheets are due",
    "Agenda for Thursday", "Contract {n}: two open points", "Fwd: Feedback from the workshop",
    "New badge photos", "Backup report: {d} warnings", "Your parcel {n} is on its way",
    "Interview on Wednesday, room {d}", "Maintenance window on Saturday",
)
SENTENCES = (
    "Thank you for your quick answer.", "Please find the figures for last month below.",
    "The supplier has confirmed delivery for calendar week {d}.",
    "Could you check position {d} again?", "We agreed on {n} euros, plus VAT.",
    "The meeting moves to room {d}, same time.",
    "I have spoken with {p}, who will send the signed copy by Friday.",
    "The printer on floor {d} is out of order again; a technician has been called.",
    "Nothing else changes, the old numbers stay valid until the end of the year.",
    "If you have questions, call me on extension {d}.",
    "As far as I can see the amount of {n} was booked twice.", "Let us decide this on Thursday.",
    "Attached is what we have so far; chapter {d} is still missing.",
    "Please keep this address in copy so that the ticket stays complete.",
)
BEYOND_ASCII = (
    "Die Lieferung verzögert sich, wir bitten um Verständnis für die Umstände.",
    "Können Sie die Größe der Kartons prüfen? Maße stehen auf Seite {d}.",
    "Le déjeuner d'équipe est déplacé à jeudi, même café, même heure.",
    "La señora Jiménez llamará mañana después de la reunión número {d}.",
    "O orçamento não inclui a instalação; a diferença são {n} euros.",
)
WIDE = (
    "Zażółć gęślą jaźń: протокол {n} → €{d}.", "請確認第 {d} 頁。 ありがとうございます。",
    "Genehmigt ✓ Größe {d} ≤ {n}",
)
SUBJECTS_BEYOND = ("Rückfrage zur Rechnung {n}", "Réunion déplacée: bâtiment {d}", "Größe {n}")
AGENTS = ("Thunderbird 128.4", "Apple Mail (2.3826)", "Outlook 16.0", "Roundcube Webmail/1.6.9")
# fmt: on


class _Writer:
    """One message in the making: its random source and its people."""

    def __init__(self, rng: random.Random, index: int, seed: int) -> None:
        self.rng = rng
        self.x_id = f"demo-{seed}-{index:05d}"
        self.size = min(MAX_SIZE, max(MIN_SIZE, int(TYPICAL_SIZE * rng.lognormvariate(0, _SPREAD))))
        self.date = _FIRST_DAY + timedelta(seconds=index * 97 + rng.randrange(60))
        count = rng.choices(range(1, 9), (60, 15, 8, 6, 4, 3, 2, 2))[0]
        names = rng.sample(PEOPLE, count + 1)
        self.people = [(name, self.address(name)) for name in names]
        self.params = ""

    def address(self, name: str) -> str:
        return f"{name.lower().replace(' ', '.')}@{self.rng.choice(DOMAINS)}"

    def token(self, size: int = 12) -> str:
        return self.rng.randbytes(size).hex()

    def fill(self, template: str) -> str:
        number, small = self.rng.randrange(10_000, 99_999), self.rng.randrange(2, 60)
        return template.format(n=number, d=small, p=self.rng.choice(PEOPLE))

    def text(self, size: int, sentences: tuple[str, ...] = SENTENCES, mark: str = "") -> str:
        """Paragraphs of about `size` characters; `mark` begins every seventh line."""
        paragraphs = [f"Hello {self.people[1][0].split()[0]},"]
        length = 0
        while length < size:
            chosen = self.rng.choices(sentences, k=self.rng.randint(2, 6))
            paragraphs.append(textwrap.fill(" ".join(map(self.fill, chosen)), 72))
            length += len(paragraphs[-1])
        text = "\n\n".join([*paragraphs, f"Best regards\n{self.people[0][0]}"])
        if mark:
            lines = text.split("\n")
            text = "\n".join(mark + line if i % 7 == 3 else line for i, line in enumerate(lines))
        return text + "\n"

    def head(self, subject: str, *more: str) -> bytes:
        (name, sender), *others = self.people
        visible = [f"{n} <{a}>" for n, a in others]
        split = (len(visible) + 1) // 2
        host = self.rng.choice(DOMAINS)
        lines = [
            f"Received: from client-{self.token(2)}.{host} ([192.0.2.{self.rng.randrange(255)}])",
            f"\tby out.{host} with ESMTPSA id {self.token(6)};",
            f"\t{format_datetime(self.date)}",
            *more,
            f"Date: {format_datetime(self.date)}",
            f"From: {name} <{sender}>",
            "To: " + ",\n ".join(visible[:split]),
        ]
        if visible[split:]:
            lines.append("Cc: " + ",\n ".join(visible[split:]))
        encoded = subject if subject.isascii() else Header(subject, "utf-8", 70).encode()
        lines += [
            f"Subject: {encoded}",
            f"Message-ID: <{self.token()}.{self.x_id}@{host}>",
            f"X-Demo-Id: {self.x_id}",
            f"X-Mailer: {self.rng.choice(AGENTS)}",
            "MIME-Version: 1.0",
        ]
        return ("\n".join(lines) + "\n").encode()

    def subject(self) -> str:
        return self.fill(self.rng.choice(SUBJECTS))


def _part(kind: str, encoding: str, content: bytes, *more: str) -> bytes:
    head = "\n".join([f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *more])
    return head.encode() + b"\n\n" + content


def _multipart(writer: _Writer, subtype: str, *parts: bytes) -> bytes:
    boundary = f"----=_Part_{writer.token(8)}"
    inner = b"".join(b"--%s\n%s\n" % (boundary.encode(), part) for part in parts)
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n'
    return head.encode() + inner + f"--{boundary}--\n".encode()


def _text_part(text: str) -> bytes:
    return _part("text/plain; charset=us-ascii", "7bit", text.encode())


def _file_part(writer: _Writer, kind: str, name: str, magic: bytes, *more: str) -> bytes:
    raw = magic + writer.rng.randbytes(max(600, writer.size * 3 // 4 - 1500))
    disposition = f'Content-Disposition: attachment; filename="{name}"'
    return _part(f'{kind}; name="{name}"', "base64", base64.encodebytes(raw), disposition, *more)


# One function a kind of mail; `w.size` is the size to come to.
def _plain(w: _Writer) -> bytes:
    return w.head(w.subject()) + _text_part(w.text(w.size))


def _alternative(w: _Writer) -> bytes:
    text = w.text(w.size // 3)
    rows = "".join(f'<p style="margin:0">{line or "&nbsp;"}</p>\n' for line in text.split("\n"))
    html = quopri.encodestring(f"<html><body>\n{rows}</body></html>\n".encode())
    part = _part("text/html; charset=utf-8", "quoted-printable", html)
    return w.head(w.subject()) + _multipart(w, "alternative", _text_part(text), part)


def _pdf(w: _Writer) -> bytes:
    name = w.fill("invoice-{n}.pdf")
    part = _file_part(w, "application/pdf", name, b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    return w.head(w.subject()) + _multipart(w, "mixed", _text_part(w.text(400)), part)


def _image(w: _Writer) -> bytes:
    cid = f"Content-ID: <{w.token(6)}@example.com>"
    part = _file_part(w, "image/png", "photo.png", b"\x89PNG\r\n\x1a\n", cid)
    return w.head(w.subject()) + _multipart(w, "related", _text_part(w.text(300)), part)


def _eightbit(w: _Writer, charset: str, sentences: tuple[str, ...]) -> bytes:
    w.params = "BODY=8BITMIME"
    head = w.head(w.fill(w.rng.choice(SUBJECTS_BEYOND)))
    text = w.text(w.size * 9 // 10, sentences).encode(charset)
    return head + _part(f"text/plain; charset={charset}", "8bit", text)


def _utf8(w: _Writer) -> bytes:
    return _eightbit(w, "utf-8", BEYOND_ASCII + WIDE)


def _latin1(w: _Writer) -> bytes:
    return _eightbit(w, "iso-8859-1", BEYOND_ASCII)


def _quoted(w: _Writer) -> bytes:
    head = w.head(w.fill(w.rng.choice(SUBJECTS_BEYOND)))
    text = quopri.encodestring(w.text(w.size * 5 // 6, BEYOND_ASCII).encode())
    return head + _part("text/plain; charset=utf-8", "quoted-printable", text)


def _thread(w: _Writer) -> bytes:
    ids = [f"<{w.token()}@{w.rng.choice(DOMAINS)}>" for _ in range(40)]
    references = "References: " + "\n\t".join(ids)
    head = w.head(f"Re: {w.subject()}", references, f"In-Reply-To: {ids[-1]}")
    return head + _text_part(w.text(w.size, mark="> "))


def _dots(w: _Writer) -> bytes:
    text = w.text(w.size, mark=w.rng.choice((".", "..", ". "))) + ".\n..\n.hidden\n"
    return w.head(w.subject()) + _text_part(text)


def _forwarded(w: _Writer) -> bytes:
    inner = _plain(_Writer(w.rng, w.rng.randrange(10**6), 0))
    inner = inner.replace(b"X-Demo-Id:", b"X-Former-Id:")
    part = _part("message/rfc822", "7bit", inner, "Content-Disposition: inline")
    head = w.head(f"Fwd: {w.subject()}")
    return head + _multipart(w, "mixed", _text_part(w.text(200)), part)


def _invite(w: _Writer) -> bytes:
    start = w.date + timedelta(days=3)
    calendar = "\n".join([
        "BEGIN:VCALENDAR", "PRODID:-//Example//Calendar 2//EN", "VERSION:2.0", "METHOD:REQUEST",
        "BEGIN:VEVENT", f"UID:{w.token()}@example.com", f"DTSTAMP:{w.date:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
        f"ORGANIZER:mailto:{w.people[0][1]}",
        *(f"ATTENDEE;RSVP=TRUE:mailto:{address}" for _, address in w.people[1:]),
        w.fill("LOCATION:Room {d}"), "SUMMARY:Project meeting", "END:VEVENT", "END:VCALENDAR", "",
    ])  # fmt: skip
    part = _part("text/calendar; method=REQUEST; charset=utf-8", "7bit", calendar.encode())
    head = w.head("Invitation: Project meeting")
    return head + _multipart(w, "alternative", _text_part(w.text(w.size)), part)


def _list_mail(w: _Writer) -> bytes:
    signature = base64.b64encode(w.rng.randbytes(256)).decode()
    folded = "\n\t ".join(textwrap.wrap(signature, 68))
    more = (
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=lists.example.org; s=key1;",
        f"\tt={int(w.date.timestamp())}; h=from:to:subject:date:message-id:list-id;",
        f"\tbh={base64.b64encode(w.rng.randbytes(32)).decode()};", f"\tb={folded}",
        "List-Id: Operations <operations.lists.example.org>", "Precedence: list",
        "List-Unsubscribe: <mailto:operations-leave@lists.example.org>,",
        "\t<https://lists.example.org/operations/leave>",
        "Sender: operations-bounces@lists.example.org",
    )  # fmt: skip
    return w.head(f"[operations] {w.subject()}", *more) + _text_part(w.text(w.size))


def _empty(w: _Writer) -> bytes:
    return w.head(w.subject()) + b"Content-Type: text/plain; charset=us-ascii\n\n"


_DECK: tuple[tuple[Callable[[_Writer], bytes], int], ...] = (
    (_plain, 4), (_alternative, 4), (_pdf, 2), (_image, 1), (_utf8, 2), (_latin1, 1), (_quoted, 1),
    (_thread, 1), (_dots, 1), (_forwarded, 1), (_invite, 1), (_list_mail, 1), (_empty, 1),
)  # fmt: skip


def corpus(n: int, seed: int) -> Iterator[SampleMail]:
    """`n` messages, the same ones for the same seed; 21 in a row hold every kind.

    Sizes lie between 2 and 200 KB but for empty bodies, and come to about 12 KB each.
    """
    rng = random.Random(seed)
    deck: list[Callable[[_Writer], bytes]] = []
    for index in range(n):
        if not deck:
            deck = [kind for kind, count in _DECK for _ in range(count)]
            rng.shuffle(deck)
        writer = _Writer(rng, index, seed)
        content = deck.pop()(writer).replace(b"\n", b"\r\n")
        recipients = tuple(address for _, address in writer.people[1:])
        yield SampleMail(writer.people[0][1], recipients, content, writer.params, writer.x_id)
