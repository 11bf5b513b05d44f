"""The pytest side of `figures.py`: the marker and fixture `gate`, the table at the end of a
soak, and the file (build/soak.json) that keeps the figures of all gates run so far.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harness.figures import GATES, Gate, soaking

KEPT = Path(os.environ.get("SOAK_FIGURES", Path(__file__).parents[2] / "build" / "soak.json"))
PROPERTY = "gate"


class GateRun:
    """What a test is given: how much to do (`number`), where to say what it came to."""

    def __init__(self, gate: Gate, show: Callable[[str], None]) -> None:
        self.gate, self.number = gate, gate.wanted
        self.figures: dict[str, Any] = {}
        self._show = show

    def progress(self, line: str) -> None:
        """A line for whoever waits; a soak prints it, a test run does not."""
        if soaking():
            self._show(f"{self.gate.name}: {line}")

    def report(self, line: str, figures: Mapping[str, Any]) -> None:
        """What it came to, for people and for the file; to be called before any assertion."""
        self._show(f"\n{self.gate.name}: {line}")
        self.figures.update(figures)


@pytest.fixture
def gate(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> GateRun:
    """The row that the test's marker names, as a GateRun."""
    name = _gate_of(request.node)
    if name is None:
        raise pytest.UsageError(f"{request.node.nodeid} has no marker gate(name)")

    def show(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    run = GateRun(GATES[name], show)
    # Now, and filled later: the report of the test itself is made before fixtures end.
    entry = {"gate": name, "number": run.number, "figures": run.figures}
    request.node.user_properties.append((PROPERTY, entry))
    return run


def _gate_of(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("gate")
    return str(marker.args[0]) if marker else None


def pytest_configure(config: pytest.Config) -> None:
    """The marker, of which `-m gate` selects all."""
    config.addinivalue_line("markers", "gate(name): takes its number from tests.harness.figures")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-k r25` finds a gate's tests by the gate's name."""
    for item in items:
        if name := _gate_of(item):
            item.extra_keyword_matches.add(name)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """In a soak: one line a gate; all figures go to the file."""
    if not soaking():
        return
    ran = _ran(terminalreporter.stats)
    kept = _keep(ran)
    terminalreporter.section(f"gates (figures in {KEPT})")
    for name, gate in GATES.items():
        entry = kept.get(name)
        if entry is None:
            terminalreporter.write_line(f"{name:12} not run: {gate.what}")
            continue
        when = "" if name in ran else f" (at {entry['at']})"
        figures = ", ".join(
            f"{key} {value:,}" for key, value in entry["figures"].items() if isinstance(value, int)
        )
        terminalreporter.write_line(
            f"{name:12} {entry['outcome']}{when}: {gate.what}: {entry['number']:,}; {figures}"
        )


def _ran(stats: Mapping[str, list[Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for outcome in ("passed", "failed"):
        for report in stats.get(outcome, []):
            properties = dict(getattr(report, "user_properties", ()))
            if PROPERTY in properties:
                entry = properties[PROPERTY]
                before = found.get(entry["gate"], {"figures": {}})["figures"]
                found[entry["gate"]] = {
                    "outcome": outcome,
                    "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC",
                    "kernel": os.uname().release,
                    **entry,
                    "figures": _together(before, entry["figures"]),
                }
    return found


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of several tests of one gate: numbers are added up."""
    both = {**one, **other}
    for key in one.keys() & other.keys():
        if isinstance(one[key], int) and isinstance(other[key], int):
            both[key] = one[key] + other[key]
    return both


def _keep(ran: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The figures kept so far, those of this run in place of older ones of the same gates."""
    kept: dict[str, dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept |= ran
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    return kept
