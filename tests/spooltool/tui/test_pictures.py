"""Every picture of docs/screens is what the screen draws, and docs/tui.md has its keys."""

from __future__ import annotations

import pytest

from tests.harness.screens.drawing import drawn
from tests.harness.screens.page import PAGE, page
from tests.harness.screens.playing import picture
from tests.harness.screens.scenes import FOLDER, SCENES, Scene
from tests.harness.screens.world import Spools


@pytest.fixture(scope="session")
def spools(tmp_path_factory: pytest.TempPathFactory) -> Spools:
    return Spools(tmp_path_factory.mktemp("pictures"))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_screen_is_as_its_picture(
    scene: Scene, spools: Spools, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = picture(scene, spools)
    if not scene.file.exists() or text != scene.file.read_text(encoding="utf-8"):
        now = tmp_path_factory.mktemp("differs") / scene.file.name
        now.write_text(text, encoding="utf-8")
        pytest.fail(
            f"{scene.name}: the screen is {now}, its picture was {scene.file}; if it is well:"
            f" python -m tests.harness.screens {scene.name}"
        )


def test_there_is_no_picture_of_nothing() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {scene.file.name for scene in SCENES}


def test_the_page_has_the_keys_that_there_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_pictures_need_nothing_from_a_network() -> None:
    outside = 'xmlns="http://www.w3.org/2000/svg"'
    for file in FOLDER.glob("*.svg"):
        text = file.read_text(encoding="utf-8").replace(outside, "")
        assert "http" not in text.partition("<g ")[0], file


def test_a_picture_keeps_its_words_and_their_places() -> None:
    exported = (
        '<svg viewBox="0 0 994 635.6"><style>'
        '@font-face { src: url("https://x/y.woff") } .terminal-12-r1 { fill: red }</style>'
        '<rect fill="#292929" stroke="x" stroke-width="1" x="1" y="1" width="9" height="632"/>'
        '<text class="terminal-12-title">t</text>'
        '<rect fill="#121212" x="0" y="1.5" width="99" height="24.65" shape-rendering="a"/>'
        '<rect fill="#ff0000" x="0" y="1.5" width="9" height="24.65" shape-rendering="a"/>'
        '<text class="terminal-12-r1" x="0" y="20" textLength="61" '
        'clip-path="url(#terminal-12-line-0)">&#160;&#160;a&lt;日</text></svg>'
    )
    assert drawn(exported).splitlines() == [
        '<svg viewBox="0 0 994 603.6"><style>',
        "text { white-space: pre }.r1 { fill: red }</style>"
        '<rect fill="#121212" stroke="x" stroke-width="1" x="1" y="1" width="9" height="600"/>',
        '<rect fill="#ff0000" x="0" y="1.5" width="9" height="24.65"/>',
        '<text class="r1" x="24.4" y="20" textLength="48.8">a&lt;日</text></svg>',
    ]
