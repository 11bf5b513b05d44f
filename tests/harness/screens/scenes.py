"""The table of scenes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tests.spooltool.tui.local import LARGE, SMALL

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "screens"


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: `keys` are pressed one after the other, see `playing`.

    `about` is what it shows, in a sentence.  `changes`: files change, so it gets a spool
    of its own.  `glimpse`: the queue is read only in part.
    """

    name: str
    about: str
    keys: str = ""
    size: tuple[int, int] = SMALL
    query: str = "stuck"
    theme: str = "dark"
    ascii: bool = False
    spool: str = "evening"
    relay: bool = True
    read_only: str = ""
    changes: bool = False
    glimpse: bool = False

    @property
    def file(self) -> Path:
        """Where its picture is kept."""
        return FOLDER / f"{self.name}.svg"

    @property
    def large(self) -> Scene:
        """The same at 160x48."""
        return replace(self, name=f"{self.name}-large", size=LARGE)


MAIN = (
    Scene("main", "What is stuck, and why the message under the cursor is.", "downx4"),
    Scene("main-light", "The light theme.", "downx4", theme="light"),
    Scene("main-contrast", "High contrast.", "downx4", theme="contrast"),
    Scene("main-ascii", "In a locale that is not UTF-8.", "downx4", ascii=True),
    Scene(
        "read-only", "Without permission to write the capitals are absent.", read_only="--read-only"
    ),
    Scene("relay-down", "No relay answers.", relay=False),
    Scene("filter-completed", "Tab completes the query.", "slash space =reason:pu"),
    Scene("filter-offered", "Several ways to go on.", "slash space =re tab"),
    Scene("filter-error", "An error stands at its column, the list stays.", "slash space =dst"),
    Scene("nothing-matches", "Nothing matches.", query="dst:nowhere.example"),
    Scene("empty", "An empty queue.", spool="empty"),
    Scene("reading", "The first pass over a large queue.", query="", glimpse=True),
    Scene(
        "frozen",
        "What came and left while something is tagged.",
        "downx2 spacex3 !leave !come",
        changes=True,
    ),
    Scene("tagged", "Three messages are tagged.", "down spacex3"),
    Scene("tag-all", "Everything that matches is tagged, but for two.", "A down spacex2"),
    Scene("range", "A range is being tagged.", "downx2 v downx4"),
    Scene(
        "adrift",
        "The message under the cursor has left: the cursor stands for nothing.",
        "downx3 !leaves full_stop",
        changes=True,
    ),
    Scene("sorted", "By size, the largest first.", "sx2 r"),
    Scene("everything", "The whole queue.", query=""),
)

PANES = (
    Scene("pane-destinations", "What is stuck by destination and age.", "2"),
    Scene("pane-senders", "The same by another key.", "2 g"),
    Scene("pane-reasons", "What is stuck by reason.", "3"),
    Scene("pane-orders", "What is held back by order or limit.", "4"),
    Scene("pane-log", "What happens, as it happens.", "6"),
    Scene("pane-log-message", "The log of the message under the cursor.", "downx4 6 l"),
    Scene("pane-log-narrowed", "Lines with a text.", "6 slash =eva enter"),
)

_AT_MESSAGE = "downx4 enter"

MESSAGE = (
    Scene("message-why", "The verdict with its evidence.", _AT_MESSAGE),
    Scene("message-envelope", "Every line of the envelope.", f"{_AT_MESSAGE} ]"),
    Scene("message-headers", "As received and as it will be sent.", f"{_AT_MESSAGE} ]x2"),
    Scene("message-parts", "The parts.", "enter ]x3", spool="hostile", query="001njr01"),
    Scene("message-raw", "The bytes.", f"{_AT_MESSAGE} ]x4"),
    Scene("message-log", "Its log lines.", f"{_AT_MESSAGE} ]x5"),
    Scene("help", "Every key.", "question_mark"),
    Scene("palette", "Every action by name.", "colon"),
    Scene("palette-typed", "What is left by what was typed.", "colon =ho"),
    Scene("actions", "Every change by name.", "a"),
)

_THREE = "downx2 spacex3"
_HELD = "downx3 spacex2"

CHANGES = (
    Scene("retarget", "The form of retarget.", f"{_THREE} R"),
    Scene("retarget-plan", "Its plan, with a look at the new host.", f"{_THREE} R =10.1.5.9 enter"),
    Scene("retarget-diffs", "A diff of each message.", f"{_THREE} R =10.1.5.9 enter d"),
    Scene("retarget-done", "It is done.", f"{_THREE} R =10.1.5.9 enter y", changes=True),
    Scene("set", "The form of set.", f"{_THREE} S"),
    Scene("set-plan", "Its plan.", f"{_THREE} S =ERR_SERVER=10.1.5.7 enter"),
    Scene("set-refused", "A value that cannot be.", f"{_THREE} S =SIZES=1 enter"),
    Scene("hold-plan", "The plan of hold.", f"{_THREE} H"),
    Scene("hold-done", "It is done.", f"{_THREE} H y", changes=True),
    Scene("release-plan", "The plan of release.", f"{_HELD} U", query="held"),
    Scene("requeue-plan", "The plan of requeue.", f"{_THREE} Q"),
    Scene("kick-plan", "The plan of kick.", f"{_THREE} K"),
    Scene("kick-done", "It is asked.", f"{_THREE} K y", changes=True),
    Scene("bounce-plan", "The plan of bounce.", f"{_THREE} B"),
    Scene("bounce-number", "Bounce, delete and purge want the number typed.", f"{_THREE} B y"),
    Scene("delete-plan", "The plan of delete.", f"{_THREE} D"),
    Scene("delete-done", "It is done.", f"{_THREE} D y =3 enter", changes=True),
    Scene("edit-plan", "What was edited becomes a plan.", "downx2 E"),
    Scene("probe", "A live look at a host.", "downx2 P"),
    Scene("suspend-plan", "The plan of suspend.", "2 down Z tab tab =2h tab =maintenance enter"),
    Scene("suspend-done", "It is done.", "2 down Z tab tab =2h enter y", changes=True),
    Scene("resume-plan", "On a host that is suspended, Z ends that.", "4 Z"),
    Scene("undo-plan", "The plan of undo.", "u"),
    Scene("undo-done", "It is done.", "u y", changes=True),
    Scene(
        "accept-plan",
        "The plan of accept.",
        "a =accept enter",
        spool="hostile",
        query="reason:edited",
    ),
    Scene("apply-form", "The form of apply.", "a =apply enter"),
    Scene("move-plan", "The plan of move.", f"{_THREE} a =move enter tab down"),
    Scene(
        "purge-plan",
        "The plan of purge.",
        f"{_THREE} D y =3 enter escape a =purge enter",
        changes=True,
    ),
    Scene("nothing-to-do", "A plan without a change.", "U"),
)

HOSTILE = (Scene("hostile", "Odd, broken and hostile mail.", spool="hostile", query=""),)

TABLE = (*MAIN, *PANES, *MESSAGE, *CHANGES, *HOSTILE)
SCENES = tuple(at_size for scene in TABLE for at_size in (scene, scene.large))
"""Every screen, dialog and theme, each at both sizes."""
