"""What every test shares: one profile for properties, the place of the fixtures."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from spooltool.look.sight import Sight

# Started in the background, a shell hands SIGINT down as ignored, and every program that a
# test starts and interrupts would never hear of it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.harness.gates", "tests.harness.descriptors"]

settings.register_profile(
    "spooltool",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("ci", settings.get_profile("spooltool"), derandomize=True)
settings.register_profile("deep", settings.get_profile("spooltool"), max_examples=5000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "spooltool")
)


@pytest.fixture
def sight() -> Iterator[Callable[..., Sight]]:
    """Makes sights from their options; they are closed at the end."""
    with ExitStack() as made:
        yield lambda **options: made.enter_context(closing(Sight(**options)))


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's top folder."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def spool_fixtures(root: Path) -> Path:
    """The spool that a person can read; to be copied, never written."""
    return root / "fixtures" / "spool"
