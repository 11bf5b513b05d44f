"""Plan first, always: what a change would do, over the list, and the question.

Nothing is done by a key that came before the plan was painted: typed ahead, `Ry` and `Dy`
change nothing.  What is carried out is the plan that was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from spooltool.change.envelope_text import Mistake
from spooltool.change.order import Order, command_line
from spooltool.render.text import visible, wrapped
from spooltool.render.units import plural
from spooltool.tui.changes import plan_lines as lines_of
from spooltool.tui.changes.change import Change, Unfinished
from spooltool.tui.changes.editing import Editing, NoEditor
from spooltool.tui.changes.form import Form, TextInput
from spooltool.tui.changes.hand import Hand
from spooltool.tui.changes.plan_frame import Phase, PlanFrame
from spooltool.tui.changes.plan_parts import Cancel, Hints
from spooltool.tui.changes.registry import BY_VERB
from spooltool.tui.changes.target import Target
from spooltool.tui.spans import Spans
from spooltool.workers import changes as of

_CANCEL = ("Esc", "cancel")
_LETTERS = ("y", "d", "u", "e")


class PlanDialog(PlanFrame):
    """A change: its form, its plan, and the question; its result is what was done last.

    `y` agrees once the plan is painted, for some verbs the number of messages does; `d` shows
    a diff of each message; Esc leaves, and ends a change that is under way between two
    batches; `u` after it opens the plan that takes it back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("ctrl+c", "leave", show=False, priority=True),
    ]

    def __init__(self, change: Change, target: Target, hand: Hand) -> None:
        self.change = change.for_target(target)
        super().__init__(Form(self.change, self.change.given(target)))
        self.target = target
        self.hand = hand
        self.serial = 0
        self.planned: of.Planned | None = None
        self.done: of.Done | None = None
        self._probe: list[str] = []
        self._probing = False
        self._gone = False
        self._diffs = False
        self._progress = of.Progress(0, 0, 0)
        self._stopping = False
        self._editing: Editing | None = None
        self._edited: Order | None = None
        self._awaited: TextInput | None = None
        self._early: list[events.Key] | None = []

    def on_mount(self) -> None:
        """The first plan, where the form has all it takes."""
        self.hand.listen(self.told, self._hand_ended)
        self._begin()
        early, self._early = self._early, None
        for event in early or ():
            self.typed_behind(event)

    def _begin(self) -> None:
        self._awaited = None
        self._retitle()
        if self.change.by_editor:
            self._wait("reading the envelope ...")
            self._ask(of.Envelope(self.serial, self.target.words))
        elif self.change.verb == "undo" and not self.target.txn:
            self._wait("reading the journal ...")
            self._ask(of.Recent(self.serial))
        else:
            self._plan()
            if self.phase is Phase.OPEN:
                self._awaited = self.form.unfilled  # without a plan there is nothing to agree to

    # planning

    def _plan(self) -> None:
        """Ask for the plan of what the form says now."""
        self._forget()
        try:
            order = self._edited or self.change.order(self.target, self.form.values)
        except Unfinished as lacks:
            self._rest(lines_of.unfinished_lines(self.change, str(lacks), self.columns_inside))
            return
        if self.change.applies:
            self._wait("the plan is being made ...")
            self._ask(of.Prepare(self.serial, order, self.columns_inside))
        else:
            self._look(order)

    def _look(self, order: Order) -> None:
        """A live look: it changes nothing, and needs no yes."""
        self._probing = True
        self.equal.command = visible(command_line(order.arguments))
        self._wait("looking ...")
        host, tls = order.words[0], order.text("tls")
        self._ask(of.ProbeHost(self.serial, host, tls, self.columns_inside))

    def _forget(self) -> None:
        """What was planned is of no account any more."""
        if self.serial:
            self._ask(of.Drop(self.serial))
        self.serial, self.planned = 0, None
        self._probe, self._probing = [], False
        self._diffs = self._gone = False
        self.number.display = False
        self.equal.command = ""
        self.equal.tell("")

    def _ask(self, ask: of.Ask) -> None:
        try:
            self.hand.ask(ask)
        except OSError as error:
            self._hand_ended(f"it cannot be started: {visible(error.strerror or str(error))}")

    def _wait(self, text: str) -> None:
        self.serial = self.hand.serial()
        self.enter(Phase.PLANNING, [[(text, "dim")]], _CANCEL)

    def _rest(self, lines: Sequence[Spans], *keys: tuple[str, str]) -> None:
        """Nothing is planned: why, and what the form wants."""
        self.form.disabled = False
        self.label_is("Close" if self.done else "Cancel")
        self.enter(Phase.OPEN, lines, *keys, _CANCEL)

    def _retitle(self) -> None:
        """The title: what, how many, where."""
        words = [self.change.label.upper()]
        count = (self.planned.changes if self.planned else 0) or self.target.count
        if self.change.wants_messages and count:
            words.append(plural(count, "message"))
        if self.planned is not None:
            words.append(f"in {self.planned.place}")
        self.title_is(" ".join(words))

    # what the hand tells

    def told(self, told: of.Told) -> None:
        """What the hand tells; what is about another plan is past."""
        if told.serial != self.serial:
            return
        match told:
            case of.Planned():
                self._take(told)
            case of.Probed():
                self._take_probe(told)
            case of.Refused():
                self._refused(told)
            case of.Progress():
                self._progress = told
                self.draw(lines_of.progress_lines(told, stopping=self._stopping))
            case of.Done():
                self._take_done(told)
            case of.Diffs() if self.phase is Phase.SHOWN:
                self._diffs = True
                self.draw(lines_of.all_diff_lines(told))
                self.hints.offer(("Esc", "back to the plan"))
            case of.Around():
                self._around(told)
            case of.EnvelopeRead():
                self._editing = Editing(told.envelope)
                self.call_after_refresh(self._edit)
            case of.Recents():
                self.form.offer(told.choices, told.mine)
                self._plan()

    def _take(self, planned: of.Planned) -> None:
        if self.planned is None:
            self._probing = planned.probing
        self.planned = planned
        self.equal.command = planned.command
        self._retitle()
        self._show_plan()

    def _show_plan(self) -> None:
        planned = self.planned
        if planned is None:
            return
        self._diffs = False
        keys = []
        if planned.changes and not self._gone:
            keys.append(("y", f"apply: type {planned.number}" if planned.number else "apply"))
        if planned.diffs:
            keys.append(("d", "all diffs"))
        self.enter(Phase.SHOWN, self._plan_lines(planned), *keys, _CANCEL)

    def _plan_lines(self, planned: of.Planned) -> list[Spans]:
        return lines_of.plan_lines(planned, self._probe, probing=self._probing)

    def _take_probe(self, probed: of.Probed) -> None:
        self._probe += probed.lines
        if probed.over:
            self._probing = False
            if not probed.good:
                self.equal.tell("something speaks against this host", "warn")
        if self.planned is None:
            seen = lines_of.styled(self._probe, "")
            if probed.over:
                self._rest(seen)
            else:
                self.draw([*seen, [("looking ...", "dim")]], top=False)
        elif self.phase in (Phase.SHOWN, Phase.TYPING) and not self._diffs:
            self.draw(self._plan_lines(self.planned), top=False)

    def _refused(self, refused: of.Refused) -> None:
        lines = lines_of.refused_lines(refused, self.columns_inside)
        if self.phase is Phase.APPLYING:
            lines.append([("nothing was changed, or nothing more", "note")])
        self.planned = None
        self.ask_number(on=False)
        self._rest(lines)

    def _around(self, around: of.Around) -> None:
        """The relay or the spool went away, or is back."""
        self._gone = around.gone
        self.equal.tell(around.text, "bad")
        if self.phase in (Phase.SHOWN, Phase.TYPING):
            self.ask_number(on=False)
            self._show_plan()

    def _hand_ended(self, why: str) -> None:
        applying = self.phase is Phase.APPLYING
        self.planned, self.serial = None, 0
        if self.phase is Phase.DONE:
            return
        lines = lines_of.styled(("the process that makes changes has ended", why), "bad")
        if applying:
            what = "what it had begun is in the journal: spooltool history"
            lines.append([(what, "note")])
        self.ask_number(on=False)
        self._rest(lines)

    # the form

    def on_form_typing(self, event: Form.Typing) -> None:
        """Until Enter, what was planned is of no account."""
        event.stop()
        if self.phase in (Phase.APPLYING, Phase.DONE):
            return
        self._forget()
        self.phase = Phase.OPEN
        self.text.stale = True
        self.text.redraw()
        self.hints.offer(("Enter", "look" if not self.change.applies else "plan"), _CANCEL)

    def on_form_filled(self, event: Form.Filled) -> None:
        """Another value: another plan."""
        event.stop()
        if self.phase in (Phase.APPLYING, Phase.DONE):
            return
        self._plan()
        if event.entered and self.phase is Phase.PLANNING:
            self.button.focus()

    # keys

    def typed_behind(self, event: events.Key) -> bool:
        """A key that came before this was there, or had the focus; whether it is used up.

        Only a field that waits for text takes it.
        """
        if self._early is not None:
            self._early.append(event)
            return True
        awaited = self._awaited if self.phase is Phase.OPEN else None
        return awaited is not None and awaited.take(event)

    def on_painted(self) -> None:
        """The keys go to the field that waits for them, where there is none to the button.

        What was typed before into that field it has got, too; the button takes none of it.
        """
        if self.focused is None:
            self.set_focus((self.phase is Phase.OPEN and self._awaited) or self.button)

    def on_key(self, event: events.Key) -> None:
        """Letters do something only once what they are about has been painted."""
        if self.typed_behind(event):
            event.stop()
        elif event.key in _LETTERS:
            event.stop()
            self._pressed(event.key, event.time)

    def on_hints_clicked(self, event: Hints.Clicked) -> None:
        """A key by the mouse."""
        event.stop()
        if event.key == "Esc":
            self.action_leave()
        else:
            self._pressed(event.key, event.at)

    def on_cancel_pressed(self, event: Cancel.Pressed) -> None:
        """The button."""
        event.stop()
        self.action_leave()

    def _pressed(self, key: str, at: float) -> None:
        if at <= self.painted or key not in {key for key, _ in self.hints.keys}:
            return
        match key:
            case "y":
                self._agreed()
            case "d":
                self._ask(of.ShowDiffs(self.serial, self.columns_inside))
            case "u":
                self._undo()
            case "e":
                self._edit()

    def _agreed(self) -> None:
        """A yes; where the number is wanted, that is asked for."""
        planned = self.planned
        if planned is None or self.phase is not Phase.SHOWN or self._gone:
            return
        if not planned.number:
            self._carry(planned)
            return
        self.phase = Phase.TYPING
        self.hints.offer(("Enter", f"applies, if it is {planned.number}"), _CANCEL)
        self.ask_number(on=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The number: the right one agrees, another one does not."""
        event.stop()
        planned = self.planned
        if self.phase is not Phase.TYPING or planned is None:
            return
        self.ask_number(on=False)
        if event.value.strip().replace(",", "") == str(planned.number):
            self._carry(planned)
        else:
            self.equal.tell(f"that is not {planned.number}: nothing was changed", "warn")
            self._show_plan()

    def action_leave(self) -> None:
        """Stop what is under way, go back one step, or leave."""
        if self.phase is Phase.APPLYING:
            self._stopping = True
            self._ask(of.Stop())
            self.draw(lines_of.progress_lines(self._progress, stopping=True))
        elif self._diffs or self.phase is Phase.TYPING:
            self.ask_number(on=False)
            self._show_plan()
        else:
            self._forget()
            self.hand.deafen()
            self.dismiss(self.done)

    def on_resize(self, event: events.Resize) -> None:
        """Another width: the same plan, in other lines."""
        self.measure()
        if self.planned is not None and self.phase is Phase.SHOWN:
            self._ask(of.Reflow(self.serial, self.columns_inside))

    # the change

    def _carry(self, planned: of.Planned) -> None:
        """Carry out the plan that was shown."""
        self._stopping = False
        self._progress = of.Progress(self.serial, 0, planned.changes)
        lines = lines_of.progress_lines(self._progress, stopping=False)
        self.enter(Phase.APPLYING, lines, ("Esc", "stop between two batches"))
        self.form.disabled = True
        self.label_is("Stop")
        self._ask(of.Carry(self.serial))

    def _take_done(self, done: of.Done) -> None:
        self.done, self.planned, self.serial = done, None, 0
        self.label_is("Close")
        self.equal.tell("")
        keys = [("u", "undo it")] if done.txn and done.undo else []
        self.enter(Phase.DONE, lines_of.done_lines(done), *keys, ("Esc", "close"))

    def _undo(self) -> None:
        """The plan that takes back what was just done."""
        if self.phase is Phase.DONE and self.done is not None:
            self.run_worker(self._turn_to(BY_VERB["undo"], Target(txn=self.done.txn)))

    async def _turn_to(self, change: Change, target: Target) -> None:
        """Another change in the same dialog."""
        self.change, self.target = change, target
        self._edited = self._editing = None
        old, self.form = self.form, Form(change, change.given(target))
        await old.remove()
        await self.query_one("#plan-form").mount(self.form)
        self.form.offer([(target.txn, f"{target.txn}: what was just done")], target.txn)
        self.label_is("Close")
        self._begin()

    # the editor

    def _edit(self) -> None:
        """The envelope in the editor; what comes back is planned, told, or nothing."""
        if self._editing is None or self.phase not in (Phase.PLANNING, Phase.OPEN):
            return
        try:
            found = self._editing.run(self.app)
        except NoEditor as error:
            self._rest(lines_of.styled(wrapped(str(error), self.columns_inside), "bad"))
            return
        if isinstance(found, Mistake):
            where = f"line {found.line}: " if found.line else ""
            lines = wrapped(f"{where}{found.text}", self.columns_inside)
            self._rest(lines_of.styled(lines, "bad"), ("e", "edit again"))
        elif found is None:
            self._rest([[("nothing differs: nothing is to be changed", "note")]])
        else:
            self._edited = found
            self._plan()
