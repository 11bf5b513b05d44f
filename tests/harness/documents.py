"""Blocks of the documents, which tests use word for word."""

from __future__ import annotations

import re

from tests.harness.process import ROOT


def toml_block(document: str, name: str, **instead: str) -> str:
    """One ```toml block of a file in docs/, with some of its words replaced.

    Each word that is replaced must stand in the block; `_` in a keyword is a dot.
    """
    text = (ROOT / "docs" / document).read_text()
    found = re.findall(rf"^```toml {re.escape(name)}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, name
    block = str(found[0])
    for word, new in instead.items():
        old = word.removeprefix("_").replace("_", ".")
        assert old in block, old
        block = block.replace(old, new)
    return block
