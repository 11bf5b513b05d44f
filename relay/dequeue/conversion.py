"""A message made 7-bit for a host without 8BITMIME: `eightbit = "convert"`.

The file stays as it is: what is sent is made anew for each host that needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from relay.delivery.connection import Content
from relay.dequeue.attempt import Job
from relay.dequeue.notices import notice_text
from relay.dequeue.settings import Settings
from relay.dequeue.text import Text
from relay.message.seven_bit import Plan, Survey
from relay.smtp.envelope import Mail
from spooltool.store.message import file_parts, read_chunks

Chunks = Callable[[], Iterator[bytes]]


def converted(job: Job, mail: Mail, settings: Settings) -> tuple[Mail, Content, Plan] | str:
    """The transaction and the content with 8-bit parts as quoted-printable, or why not."""
    headers, body = _notice(job, settings) if job.name.letter == "E" else _message(job)
    survey = Survey(headers)
    for chunk in body():
        survey.feed(chunk)
    plan = survey.end()
    if isinstance(plan, str):
        return plan
    chunks = partial(_chunks, plan, body)
    size = sum(len(chunk) + chunk.count(b"\n") for chunk in chunks())
    return replace(mail, size=size, eightbit=False), Content(chunks=chunks), plan


def _chunks(plan: Plan, body: Chunks) -> Iterator[bytes]:
    yield plan.headers
    yield b"\n"
    yield from plan.convert(body())


def _notice(job: Job, settings: Settings) -> tuple[bytes, Chunks]:
    headers, _, body = notice_text(job, settings).partition(b"\n\n")
    return headers + b"\n", partial(iter, (body,))


def _message(job: Job) -> tuple[bytes, Chunks]:
    """The modified headers and the body of a message, with LF line ends."""
    if job.text is not None:
        return _judged(job.text)
    fd = job.locked.fd
    parts, _ = file_parts(fd, job.envelope)
    headers = os.pread(fd, parts.modified[1], parts.modified[0])
    body = partial(read_chunks, fd, parts.body)
    if job.envelope.crlf:
        return headers.replace(b"\r\n", b"\n"), partial(_with_lf, body)
    return headers, body


def _judged(text: Text) -> tuple[bytes, Chunks]:
    """The same of what was judged.  Raises Differs where it is not that any more."""
    for _ in text.proved():
        pass
    headers, at = text.head()
    body = partial(read_chunks, text.fd, (text.start + at, text.size - at))
    return headers, partial(_with_lf, body) if text.crlf else body


def _with_lf(body: Chunks) -> Iterator[bytes]:
    carry = b""
    for chunk in body():
        text = carry + chunk
        carry = text[-1:] if text.endswith(b"\r") else b""
        yield text[: len(text) - len(carry)].replace(b"\r\n", b"\n")
    yield carry
