"""The HTML5 tree of a text as a walk over its nodes; the one module that knows the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode


@dataclass(frozen=True, slots=True)
class Element:
    """An element begins.  `name` is as in the tree: lower case but for some of SVG."""

    name: str
    attributes: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class End:
    """The element begun last, of those not ended, ends."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters, references resolved."""

    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, or what is read as one."""

    text: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """A processing instruction: XML, or old programs' orders.  `text` is its source."""

    text: str


Node = Element | End | Text | Comment | Instruction


class Walk:
    """The nodes of a document in order; after an `Element`, `skip` passes over its content.

    No recursion: nesting of any depth takes no stack.  The content of `template` is not
    walked, and a document type is left out.
    """

    def __init__(self, text: str) -> None:
        self._parser = LexborHTMLParser(text)
        self._skip = False

    def skip(self) -> None:
        """Go on behind the element just begun, with its `End`."""
        self._skip = True

    def __iter__(self) -> Iterator[Node]:
        root = self._parser.root
        top = root.parent if root is not None else None
        node = top.child if top is not None else None
        while node is not None:
            read = _read(node)
            if read is not None:
                yield read
            down = None if self._skip or read is None else node.child
            self._skip = False
            if down is not None:
                node = down
                continue
            while node is not None:
                if node.is_element_node:
                    yield End()
                if (following := node.next) is not None:
                    node = following
                    break
                node = node.parent
                if node is None or node.is_document_node or node.tag == "-document":
                    return


def _read(node: LexborNode) -> Node | None:
    if node.is_element_node:
        return Element(node.tag or "", tuple(node.attributes.items()))
    if node.is_text_node:
        return Text(node.text_content or "")
    if node.is_comment_node:
        return Comment((node.html or "").removeprefix("<!--").removesuffix("-->"))
    if node.tag is None:
        return Instruction(node.html or "")
    return None
