"""The table of gates: every marker names a row, a soak takes its numbers and keeps its figures."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.harness.figures import GATES
from tests.harness.process import PYTHON, ROOT

_MARKER = re.compile(r"mark\.gate\(\s*\"([^\"]+)\"")
A_TEST = """
import pytest
@pytest.mark.gate("r24")
def test_numbers(gate):
    gate.progress("half way")
    gate.report(f"did {gate.number}", {"reused": 1234, "harms": ["x"]})
    assert gate.number == 20
"""


OLDER = {"outcome": "passed", "at": "then", "number": 1, "figures": {}}


def test_every_marker_names_a_row(root: Path) -> None:
    files = [path for path in (root / "tests").rglob("test_*.py") if path != Path(__file__)]
    named = {name for path in files for name in _MARKER.findall(path.read_text())}
    assert named
    assert named <= GATES.keys()


@pytest.mark.parametrize("name", GATES)
def test_a_soak_does_no_less_than_ci(name: str) -> None:
    gate = GATES[name]
    assert 0 < gate.ci <= gate.soak


def run(folder: Path, soak: str) -> tuple[int, str, dict[str, Any]]:
    """One test with a gate: its status, what it printed, the figures kept."""
    (folder / "test_one.py").write_text(A_TEST)
    kept = folder / "soak.json"
    kept.write_text(json.dumps({"r30": OLDER}))
    done = subprocess.run(
        [PYTHON, "-m", "pytest", "-q", "-p", "tests.harness.gates", "-k", "r24", "test_one.py"],
        env={**os.environ, "SOAK": soak, "SOAK_FIGURES": str(kept), "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, json.loads(kept.read_text())


def test_without_a_soak_the_small_number_counts_and_nothing_is_kept(tmp_path: Path) -> None:
    status, said, kept = run(tmp_path, "")
    assert status == 0, said
    assert "r24: did 20" in said
    assert "half way" not in said
    assert kept == {"r30": OLDER}


def test_a_soak_takes_its_own_number_and_keeps_what_it_came_to(tmp_path: Path) -> None:
    status, said, kept = run(tmp_path, "1")
    assert status == 1, said
    assert kept["r30"] == OLDER
    assert kept["r24"]["outcome"] == "failed"
    assert kept["r24"]["number"] == GATES["r24"].soak
    assert kept["r24"]["figures"] == {"reused": 1234, "harms": ["x"]}
    assert "r24: half way" in said
    assert "r24          failed: power cuts and SIGKILLs, the counter set back: 1,000" in said
    assert "reused 1,234" in said
    assert "r30          passed (at then)" in said
    assert "r2           not run" in said
