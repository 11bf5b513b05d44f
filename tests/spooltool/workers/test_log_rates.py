"""How much mail goes by, from the lines of the logs."""

from __future__ import annotations

from tests.spooltool.workers.log_scene import NOW, Scene

SLOT = 1795545850.0
"""The beginning of the slot that NOW is in."""


def stored(scene: Scene, time: float, number: int) -> None:
    scene.elg("asmtpd.elg", time, f"{number:08}", "stored", src="1.2.3.4", size=100)


def outcome(scene: Scene, time: float, number: int, event: str, recipients: int = 1) -> None:
    for recipient in range(recipients):
        scene.elg("mdq.elg", time, f"{number:08}", event, host="h", to=f"{recipient}@b", reply="x")


def test_messages_a_second_over_the_last_ten(scene: Scene) -> None:
    scene.open()
    for number in range(30):
        stored(scene, NOW - 10 + number / 3, number)
        outcome(scene, NOW - 5, number, "delivered", recipients=3)
    for number in range(5):
        outcome(scene, NOW - 2, number, "put-off", recipients=2)
    outcome(scene, NOW - 1, 9, "rejected", recipients=2)
    scene.elg("mdq.elg", NOW - 1, "00000009", "notice-due", expired=0)
    scene.settle()
    assert scene.rates is not None
    rates = scene.rates
    shown = [one.second for one in (rates.stored, rates.delivered, rates.put_off, rates.failed)]
    assert shown == [3.0, 3.0, 0.5, 0.1]


def test_what_was_before_is_counted_once_with_what_comes(scene: Scene) -> None:
    for slot in reversed(range(4, 12)):
        stored(scene, SLOT - 10 * slot - 5, slot)
        stored(scene, SLOT - 10 * slot - 4, 100 + slot)
        if slot in (5, 7):
            scene.log["asmtpd.elg"].rename()
    scene.open()
    for slot in reversed(range(4)):
        stored(scene, SLOT - 10 * slot - 5, slot)
        stored(scene, SLOT - 10 * slot - 4, 100 + slot)
    scene.settle()
    assert scene.rates is not None
    history = scene.rates.stored.history
    assert len(history) == 60
    assert history == (0,) * 48 + (2,) * 12


def test_a_line_that_only_looks_like_one_is_not_counted(scene: Scene) -> None:
    scene.elg("mdq.elg", NOW - 3, "00000001", "kick", host="x 00000002 delivered host=h")
    scene.log["mdq.elg"].add(b"2026-11-24T18:44:08.000Z 00000001 delivered host=h")
    scene.track(NOW - 3, "00000001", "delivered", dst="h")
    scene.open()
    scene.settle()
    assert scene.rates is not None and scene.rates.delivered.second == 0.0


def test_what_is_old_is_forgotten(scene: Scene) -> None:
    scene.open()
    for number in range(50):
        stored(scene, NOW - 3, number)
    scene.settle()
    assert scene.rates is not None and scene.rates.stored.second == 5.0
    scene.now = NOW + 300
    scene.settle()
    assert scene.rates.stored.second == 0.0
    assert sum(scene.rates.stored.history) == 50
    scene.now = NOW + 700
    scene.settle()
    assert sum(scene.rates.stored.history) == 0
