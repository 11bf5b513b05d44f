"""MIME structure as byte ranges, and surgery on it.  All pure, all streaming.

    scanner    `Scanner`: content in chunks -> `Tree`
    tree       `Tree`, `Part`, `Range`; `tree_lines` for a person
    defects    what is odd, and whether it leaves another reading: one table
    surgery    `Removal`s -> `Edit`s; `Splicer` applies edits to a stream
    transfer   decoders and encoders of base64 and quoted-printable, in chunks
    signatures types by the first bytes of a content
    bodies     bodies read again, decoded, and put back
    limits     parts, depth, defects that are read

Beneath: `fields`, `parameters`, `names`, `word_readings`, `charsets` (what a header block
says, in all readings), `leaf`, `embedded` (what a body holds), `delimiters`, `node`.

How it is used, twice over the same content (headers, empty line, body; LF line ends)::

    scanner = Scanner()
    scanner.feed(chunk) …
    tree = scanner.end()
    verdict = judge(tree, rules)                  # relay.policy.content
    splicer = Splicer(removal_edits(tree, verdict.removals, resource))
    splicer.feed(chunk) … ; splicer.end()         # every other byte as it came

A part's text: the bytes of `part.body`, through `decoder(part.encoding)`; what replaces
it through `encoder(part.encoding, part.columns)`, as an `Edit` of that range.  A tree
with `ambiguous` never counts as clean.  It may import `relay.message`.
"""

from relay.message.mime.defects import Defect, Found, Reading
from relay.message.mime.limits import DEFAULT_LIMITS, Limits
from relay.message.mime.scanner import Scanner
from relay.message.mime.signatures import types_of
from relay.message.mime.surgery import Edit, Removal, Splicer, removal_edits
from relay.message.mime.transfer import Decoder, Encoder, decoder, encoder
from relay.message.mime.tree import (
    ContentField,
    Embedded,
    Encoding,
    Kind,
    Part,
    Range,
    Tree,
    tree_lines,
)

__all__ = [
    "DEFAULT_LIMITS",
    "ContentField",
    "Decoder",
    "Defect",
    "Edit",
    "Embedded",
    "Encoder",
    "Encoding",
    "Found",
    "Kind",
    "Limits",
    "Part",
    "Range",
    "Reading",
    "Removal",
    "Scanner",
    "Splicer",
    "Tree",
    "decoder",
    "encoder",
    "removal_edits",
    "tree_lines",
    "types_of",
]
