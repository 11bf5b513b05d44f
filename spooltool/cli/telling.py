"""What a changing verb says, and where: a person's lines or a program's records.

A reader that leaves early does not stop a change: what cannot be said is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

from spooltool.cli.terminal import Output
from spooltool.render.outcome import (
    Account,
    account_lines,
    apart_record,
    change_record,
    summary_record,
)
from spooltool.render.plan import Frame, counts, exception_lines, plan_lines
from spooltool.render.record import text_line
from spooltool.render.text import visible
from spooltool.spool.plan import Plan

_APART_RESULT = {"skip": "skipped", "unjudged": "unjudged", "gone": "gone"}


class Telling:
    """The voice of one changing verb."""

    def __init__(self, out: Output, plan: Plan, frame: Frame, *, json: bool) -> None:
        self._out = out
        self._plan = plan
        self._frame = frame
        self._json = json
        self._plan_shown = False

    def shown(self, kept: str | None = None) -> None:
        """A plan that is only looked at, or kept in a file."""
        if self._json:
            self._records(None, "planned")
            return
        lines = plan_lines(self._plan, self._frame)
        if kept is not None:
            while lines and lines[-1]:
                lines.pop()
            name = visible(kept)
            lines.append(f"Nothing was changed. The plan is in {name}: spooltool apply {name}")
        self._lines(lines)

    def nothing_to_do(self) -> None:
        """No message needs the change."""
        if self._json:
            self._records(None, "planned")
            return
        frame = self._frame
        exceptions = exception_lines(self._plan.apart, frame.columns)
        self._lines([f"{counts(self._plan)}: nothing to do", *exceptions])

    def plan_to_stderr(self) -> None:
        """The plan for somebody who reads a log: nobody can be asked."""
        for line in plan_lines(self._plan, self._frame):
            self._out.note(line)

    def plan_before_question(self) -> None:
        """The plan on the screen, without a pager: a question follows."""
        self._out.unpaged()
        self._plan_shown = True
        if self._out.tty and not self._json:
            self._lines([*plan_lines(self._plan, self._frame), ""])
            self._flush()
        else:
            self.plan_to_stderr()

    def account(self, account: Account) -> None:
        """What became of it."""
        self._out.unpaged()
        if self._json:
            self._records(account, "")
            return
        self._lines(
            account_lines(self._plan, account, self._frame.columns, plan_shown=self._plan_shown)
        )

    def finish(self) -> None:
        """Everything out; a reader that has left is no error."""
        if not self._out.tty:
            self._flush()

    def _records(self, account: Account | None, untouched: str) -> None:
        results = {e.file: (e.result, e.detail) for e in account.endings} if account else {}
        txn = account.txn if account else None
        number: dict[str, int] = {}
        lines = []
        for change in self._plan.changes:
            result, detail = results.get(change.file, (untouched or "untouched", ""))
            number[result] = number.get(result, 0) + 1
            lines.append(text_line(change_record(change, result, detail, txn)))
        for file in self._plan.unchanged:
            number["unchanged"] = number.get("unchanged", 0) + 1
            id = file.rpartition("/")[2][1:]
            lines.append(text_line(apart_record(id, file, "unchanged", "already so")))
        for apart in self._plan.apart:
            word = _APART_RESULT.get(apart.kind)
            if word:
                number[word] = number.get(word, 0) + 1
                lines.append(text_line(apart_record(apart.id, apart.file, word, apart.reason)))
        summary = summary_record(self._plan, self._frame.place, account, number)
        self._write([*lines, text_line(summary)])

    def _lines(self, lines: Iterable[str]) -> None:
        self._write([self._out.encode(line) for line in lines])

    def _write(self, lines: list[bytes]) -> None:
        try:
            self._out.write(b"".join(line + b"\n" for line in lines))
        except BrokenPipeError:
            self._out.drop()

    def _flush(self) -> None:
        try:
            self._out.flush()
        except BrokenPipeError:
            self._out.drop()
