"""`spooltool show`: one message."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from spooltool.cli.choice import name_trouble, select
from spooltool.cli.invocation import Invocation
from spooltool.diagnose.header_changes import header_changes
from spooltool.diagnose.row import Row
from spooltool.diagnose.suspension import Keeper
from spooltool.errors import (
    CannotCreate,
    CannotWrite,
    ExitCode,
    Gone,
    NotPermitted,
    NotRegular,
    UsageError,
)
from spooltool.look.open_message import given_up
from spooltool.render.body import shown_stream
from spooltool.render.diff import change_words, header_diff, shown_lines
from spooltool.render.message import Shown, message_lines
from spooltool.render.text import visible
from spooltool.spool.defects import Defect
from spooltool.store.message import MessageFile

_CHOICES = "--headers, --diff, --body, --raw, --eml and --json exclude each other"


def run(
    ctx: typer.Context,
    message: Annotated[
        list[str], typer.Argument(metavar="ID", help="An id, a path, or a query for one message.")
    ],
    headers: Annotated[bool, typer.Option("--headers", help="Both header sets, whole.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Original against modified headers.")
    ] = False,
    body: Annotated[bool, typer.Option("--body", help="The body, made visible.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="The spool file as it is; never to a terminal.")
    ] = False,
    eml: Annotated[
        bool, typer.Option("--eml", help="What would be sent, CRLF; never to a terminal.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write to a new FILE; alone: --eml."),
    ] = None,
) -> int:
    """One message: verdict, envelope, recipients, headers.

    Reads the file without a lock and changes nothing.
    """
    invocation: Invocation = ctx.obj
    if sum((headers, diff, body, raw, eml, json)) > 1:
        raise UsageError(_CHOICES)
    row = _one(invocation, message)
    if row is None:
        return ExitCode.SOME
    try:
        file = MessageFile(invocation.spool, row.name)
    except (NotPermitted, NotRegular) as error:
        if raw or eml or body or output is not None:
            raise
        return _closed(invocation, row, str(error), json=json)
    try:
        if output is not None:
            kind = "raw" if raw else "body" if body else "headers" if headers else "eml"
            return _save(invocation, output, _content(file, kind))
        if raw or eml:
            return _pour(invocation, _content(file, "raw" if raw else "eml"))
        return _tell(invocation, row, file, headers=headers, diff=diff, body=body, json=json)
    finally:
        file.close()


def _one(invocation: Invocation, words: list[str]) -> Row | None:
    """The message that is meant; None (and said so) when there is none."""
    selection = select(invocation, words)
    troubled = name_trouble(invocation, selection)
    rows = selection.rows()
    found = next(rows, None)
    second = next(rows, None) if found else None
    if found is not None and second is not None:
        raise UsageError(
            f"several messages match, such as {found.file} and {second.file}",
            hint=f"spooltool ls {visible(' '.join(words))}",
        )
    if found is None and not troubled:
        raise Gone(f"no message matches {visible(' '.join(words))}")
    return found


def _tell(
    invocation: Invocation,
    row: Row,
    file: MessageFile,
    *,
    headers: bool,
    diff: bool,
    body: bool,
    json: bool,
) -> int:
    out, parts = invocation.out, file.parts
    if body:
        for line in shown_stream(file.chunks(parts.body)):
            out.line(line)
        return ExitCode.OK
    original, modified = file.read(parts.original), file.read(parts.modified)
    if diff:
        lines = header_diff(original, modified)
        out.lines(lines)
        changes = header_changes(original, modified, row.rule, row.resource)
        out.lines([f"# {change_words(change)}" for change in changes])
        if not lines:
            out.note("original and modified headers are equal")
        return ExitCode.OK
    if headers:
        out.line("# original headers, as received")
        out.lines(shown_lines(original))
        out.line("# modified headers, as they will be sent")
        out.lines(shown_lines(modified))
        return ExitCode.OK
    shown = Shown(
        row,
        original,
        modified,
        parts.body[1],
        _all_defects(row, file),
        given_up(invocation, row),
        Keeper(invocation.relay.orders).of(row),
    )
    return _write(invocation, shown, json=json)


def _write(invocation: Invocation, shown: Shown, *, json: bool) -> int:
    out = invocation.out
    if json:
        from spooltool.render.record import message_record, text_line

        out.write(text_line(message_record(shown)) + b"\n")
    else:
        out.lines(message_lines(shown, out.width, out.cut_at))
    return ExitCode.OK if shown.row.readable else ExitCode.INCOMPLETE


def _closed(invocation: Invocation, row: Row, why: str, *, json: bool) -> int:
    """A message that cannot be opened: what its name and place tell."""
    code = _write(invocation, Shown(row, b"", b"", 0, row.defects), json=json)
    invocation.out.note(f"spooltool: {visible(why)}")
    return code


def _all_defects(row: Row, file: MessageFile) -> tuple[Defect, ...]:
    """Of place, envelope, parts and digest."""
    found = [*row.defects, *file.part_defects]
    if not row.facts.torn and not row.facts.edited and file.digest_ok() is False:
        found.append(Defect("edited", "the content does not fit DIGEST"))
    return tuple(dict.fromkeys(found))


def _content(file: MessageFile, kind: str) -> Iterator[bytes]:
    """The bytes of a part, or what would be sent: CRLF line ends, nothing dot-stuffed."""
    parts = file.parts
    if kind == "raw":
        yield from file.chunks((0, file.size))
    elif kind == "body":
        yield from file.chunks(parts.body)
    elif kind == "headers":
        yield from file.chunks(parts.modified)
    else:
        yield from _crlf(file.chunks(parts.modified))
        yield b"\r\n"
        yield from _crlf(file.chunks(parts.body))


def _crlf(chunks: Iterator[bytes]) -> Iterator[bytes]:
    last = b""
    for chunk in chunks:
        data = last + chunk
        last = b"\r" if data.endswith(b"\r") else b""
        if last:
            data = data[:-1]
        yield data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if last:
        yield last


def _pour(invocation: Invocation, content: Iterator[bytes]) -> int:
    out = invocation.out
    if out.tty:
        raise UsageError(
            "bytes of a message do not go to a terminal",
            hint="redirect them, or use -o FILE; --body and --headers are made visible",
        )
    for chunk in content:
        out.write(chunk)
    return ExitCode.OK


def _save(invocation: Invocation, path: str, content: Iterator[bytes]) -> int:
    """Write a new file; one that is there already is never replaced."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotCreate(f"{visible(path)}: {error.strerror}") from error
    try:
        with os.fdopen(fd, "wb") as file:
            size = sum(file.write(chunk) for chunk in content)
    except OSError as error:
        raise CannotWrite(f"{visible(path)}: {error.strerror}") from error
    invocation.out.note(f"{size:,} bytes written to {visible(path)}")
    return ExitCode.OK
