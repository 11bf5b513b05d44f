"""Power cuts: what a client was told is taken is there after one, whole and in one place.

Each series runs in namespaces of its own on loop-mounted images (`tests/harness/power_cut.py`).
Where the machine denies loop mounts the reason is the skip's.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.harness.cut_systems import MAX_CONNS
from tests.harness.gates import GateRun
from tests.harness.images import MKFS, denied
from tests.harness.power_cut import Figures, PowerCuts
from tests.harness.process import wait_until
from tests.harness.programs import need, need_postfix

UNSYNCED = 100
"""Deliveries that may be unsynced when an attempt begins: docs/durability.md."""


def need_power_cuts(kind: str = "ext4") -> None:
    """Skips where the machine denies them; a program that is missing fails in CI."""
    for program in (MKFS[kind][0], "mount", "umount", "unshare"):
        need(program)
    if why := denied(kind):
        pytest.skip(f"no power cuts on {kind} here: {why}")


def series(folder: Path, gate: GateRun, **options: object) -> Figures:
    """Run a series, as many cuts as the gate asks for."""
    with PowerCuts(folder / "cuts", cuts=gate.number, **options) as cuts:
        figures = cuts.figures(gate.progress)
    gate.report(figures.summary(), asdict(figures))
    return figures


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("ext4", marks=pytest.mark.gate("r1-ext4")),
        pytest.param("xfs", marks=pytest.mark.gate("r1-xfs")),
    ],
)
def test_power_cuts_while_sending_lose_nothing(tmp_path: Path, gate: GateRun, kind: str) -> None:
    need_power_cuts(kind)
    figures = series(tmp_path, gate, form="sending", kind=kind)
    assert not figures.harms
    assert figures.cuts == gate.number
    assert figures.acked >= 250 * gate.number


@pytest.mark.parametrize(
    ("kind", "syncs"),
    [
        pytest.param("ext4", "real", marks=pytest.mark.gate("r25-ext4")),
        pytest.param("xfs", "real", marks=pytest.mark.gate("r25-xfs")),
        pytest.param("ext4", "slow", marks=pytest.mark.gate("r25-slow")),
    ],
)
def test_power_cuts_while_delivering_bring_back_a_window_at_most(
    tmp_path: Path, gate: GateRun, kind: str, syncs: str
) -> None:
    need_power_cuts(kind)
    if syncs == "slow":
        need("strace")
    figures = series(tmp_path, gate, form="delivering", kind=kind, syncs=syncs)
    assert not figures.harms
    assert figures.cuts == gate.number
    assert figures.most_duplicates < UNSYNCED + MAX_CONNS


@pytest.mark.gate("r24")
def test_no_number_is_given_twice(tmp_path: Path, gate: GateRun) -> None:
    """Cuts and SIGKILLs in turn, the counter set back or lost, no file left to tell better."""
    need_power_cuts()
    messages = max(10_000, 100 * gate.number)
    figures = series(tmp_path, gate, form="numbers", messages=messages)
    assert not figures.harms
    assert figures.cuts + figures.kills == gate.number
    assert figures.acked >= messages


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("sending", marks=pytest.mark.gate("r1-postfix")),
        pytest.param("delivering", marks=pytest.mark.gate("r25-postfix")),
    ],
)
def test_postfix_by_the_same_ruler(tmp_path: Path, gate: GateRun, form: str) -> None:
    """What is claimed of the relay is compared with what this harness finds in Postfix."""
    need_power_cuts()
    need_postfix()
    figures = series(tmp_path, gate, form=form, system="postfix")
    assert figures.cuts == gate.number
    assert not figures.harms


def test_a_relay_whose_syncs_are_void_is_found_out(tmp_path: Path) -> None:
    """The harness sees loss where there is loss: the same cuts, every sync a lie.

    Several cuts, since whoever calls sync(2) on this machine makes all file systems durable.
    """
    need_power_cuts()
    need("strace")
    with PowerCuts(tmp_path / "cuts", cuts=4, form="sending", syncs="void") as cuts:
        figures = cuts.figures(lambda line: None)
    assert figures.lost + figures.torn > 0


def test_a_series_that_is_killed_leaves_no_mount_and_no_loop_device(tmp_path: Path) -> None:
    need_power_cuts()
    with PowerCuts(tmp_path / "cuts", cuts=100, form="sending") as cuts:
        assert cuts.line(seconds=120).startswith("cut 1 of 100")
        assert loop_devices(tmp_path)
        cuts.kill_all()
    wait_until(lambda: not loop_devices(tmp_path), what="no loop device left")


def loop_devices(folder: Path) -> list[str]:
    """Files below a folder that loop devices stand on."""
    found = []
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            found.append(backing.read_text().strip())
        except OSError:
            continue  # it has gone between listing and reading
    return [name for name in found if name.startswith(str(folder))]
