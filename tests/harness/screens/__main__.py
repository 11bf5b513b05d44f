"""`python -m tests.harness.screens [--check] [NAME ...]`: docs/screens/*.svg and docs/tui.md."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.harness.screens.page import PAGE, page
from tests.harness.screens.playing import picture
from tests.harness.screens.scenes import FOLDER, ROOT, SCENES, Scene
from tests.harness.screens.world import Spools


def main(arguments: list[str]) -> int:
    """Write what differs, for all scenes or those named; with `--check` only say so."""
    names = [word for word in arguments if not word.startswith("-")]
    if unknown := set(names) - {one.name for one in SCENES}:
        print(f"no such scene: {' '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    wanted = [one for one in SCENES if not names or one.name in names]
    files = dict(_pictures(wanted))
    if not names:
        files[PAGE] = page()
    differing = [file for file, text in files.items() if _kept(file) != text]
    strays = [] if names else [file for file in FOLDER.glob("*.svg") if file not in files]
    if "--check" in arguments:
        for file in (*differing, *strays):
            print(f"{file.relative_to(ROOT)}: differs from the screen", file=sys.stderr)
        return 1 if differing or strays else 0
    FOLDER.mkdir(exist_ok=True)
    for file in differing:
        file.write_text(files[file], encoding="utf-8")
        print(f"{file.relative_to(ROOT)} written")
    for file in strays:
        file.unlink()
    return 0


def _pictures(scenes: Sequence[Scene]) -> Iterator[tuple[Path, str]]:
    """Each with its file; drawn by as many processes as there are processors."""
    with tempfile.TemporaryDirectory(prefix="screens-") as folder, ProcessPoolExecutor() as pool:
        drawn = pool.map(partial(_picture, folder), scenes)
        yield from ((one.file, text) for one, text in zip(scenes, drawn, strict=True))


def _picture(folder: str, scene: Scene) -> str:
    return picture(scene, Spools(Path(folder) / str(os.getpid())))


def _kept(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
