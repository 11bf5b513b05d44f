"""The line of a check: nothing in its text can begin the performance data or a second line."""

from __future__ import annotations

from spooltool.diagnose.health import judge, usual_limits
from spooltool.diagnose.tally import Tally
from spooltool.render.health import check_line, unknown_line


def test_text_from_outside_stays_in_its_place() -> None:
    tally = Tally()
    tally.total, tally.standings = 20, {"stuck": 20}
    tally.reasons = {("refused", "a|b\x1b[2J\n[/b]"): 20}
    verdict = judge({"stuck": 20.0, "relay": None}, *usual_limits(2), "its socket | is\nanother's")
    line = check_line(verdict, tally, "gw1:/s|p", ("D_hold|\n (why)",))
    assert line == (
        "WARNING - 20 stuck (limit 10); relay not known: its socket / is^Janother's; "
        "D_hold/^J (why): a part could not be read; 20 refused by a/b^[[2J^J[/b]; gw1:/s/p"
        " | stuck=20;10;100;0"
    )
    assert unknown_line("no|where\n\x9b") == "UNKNOWN - no/where^J\\u009b"
