"""`python -m tests.harness.screens [--check] [NAME ...]`: the pictures of docs/screens."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from tests.harness.screens.playing import picture
from tests.harness.screens.scenes import SCENES, Scene
from tests.harness.screens.world import Spools

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "screens"


@cache
def _spools() -> Spools:
    return Spools(Path(tempfile.mkdtemp(prefix="screens-")))


def _made(scene: Scene) -> str:
    return picture(scene, _spools())


def main(arguments: list[str]) -> int:
    """Write those that differ; with `--check` only say so."""
    names = [word for word in arguments if not word.startswith("-")]
    wanted = [one for one in SCENES if not names or one.name in names]
    wrong = 0
    with ProcessPoolExecutor() as pool:
        for scene, text in zip(wanted, pool.map(_made, wanted), strict=True):
            file = FOLDER / f"{scene.name}.svg"
            if file.exists() and file.read_text(encoding="utf-8") == text:
                continue
            wrong += 1
            if "--check" in arguments:
                print(f"{file.relative_to(ROOT)}: differs", file=sys.stderr)
            else:
                FOLDER.mkdir(exist_ok=True)
                file.write_text(text, encoding="utf-8")
                print(f"{file.relative_to(ROOT)} written")
    return 1 if wrong and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
