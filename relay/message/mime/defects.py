"""What can be odd about the structure of a message, and what that means: one table.

*Ambiguous* is what two readers may take for two different structures, names or contents:
what was judged is then perhaps not what the recipient's program shows, and such a message
never counts as clean.  *Harmless* is odd, but every reading of it has been judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reading(Enum):
    """Whether a defect leaves more than one reading that was not judged."""

    AMBIGUOUS = "ambiguous"
    HARMLESS = "harmless"


_A, _H = Reading.AMBIGUOUS, Reading.HARMLESS


class Defect(Enum):
    """One oddity: how it is taken, and what it means in words for a person."""

    # Bytes that end a line or a text for some readers.
    NUL = _A, "a NUL: some readers end the line, or the message, there"
    CR = _A, "a CR: some readers end the line there"

    # Header blocks.
    HEADER_UNENDED = _A, "no empty line ends the header block"
    HEADER_TOO_LARGE = _A, "the header block of a part is too large to be read"
    HEADER_IN_BODY = _A, "the body begins with lines that look like its header"
    BLANK_LINE_IN_HEADER = _A, "a line of blanks in the header: the header's end for some"
    BLANK_BEFORE_COLON = _A, "blanks before the colon of a Content field"
    FIELD_TWICE = _A, "a Content field that matters stands twice, with two values"
    FIELD_REPEATED = _H, "a Content field stands twice, with one value"

    # Types and boundaries.
    TYPE_BROKEN = _A, "a type that cannot be read, perhaps of something that holds parts"
    TYPE_ODD = _H, "a type that cannot be read, of a part that holds no others"
    COMMENT = _H, "a comment among the parameters of a part that holds no others"
    QUOTING_ODD = _H, "a parameter with broken quotes; each reading of it was taken"
    BOUNDARY_MISSING = _A, "a multipart names no boundary"
    BOUNDARY_EMPTY = _A, "a multipart names an empty boundary"
    BOUNDARY_ODD = _A, "a boundary that can be read in two ways, or is too long"
    BOUNDARIES_DIFFER = _A, "two boundaries are named"
    BOUNDARY_REUSED = _A, "a multipart has the boundary of one around it"
    BOUNDARY_ON_LEAF = _A, "a part that is no multipart names a boundary, and it occurs"
    DELIMITER_LIKE = _A, "a boundary inside a line, or as the beginning of a longer line"
    DELIMITER_IN_HEADER = _A, "a boundary in a header block"
    DELIMITER_AFTER_END = _A, "a boundary after the end of its parts"
    DELIMITER_PADDED = _H, "blanks after a boundary (RFC 2046 5.1.1 allows them)"
    PARTS_MISSING = _A, "a multipart without a part"
    END_MISSING = _A, "the parts of a multipart have no end"
    TOO_DEEP = _A, "parts are nested too deep"
    TOO_MANY_PARTS = _A, "too many parts"
    TOO_MANY_DEFECTS = _A, "too much is odd: the rest was not read"
    FRAGMENT = _A, "a fragment of a message (message/partial) that is whole nowhere"

    # Transfer encodings.
    ENCODING_UNKNOWN = _A, "a transfer encoding that is unknown"
    ENCODING_ODD = _A, "a transfer encoding that some read and some do not"
    ENCODED_MULTIPART = _A, "a multipart that is called encoded (RFC 2045 6.4 forbids it)"
    ENCODED_MESSAGE = _H, "an encoded message; it was decoded and looked into"
    BASE64_JUNK = _A, "base64 with characters that are not of it"
    BASE64_AFTER_END = _A, "base64 that goes on after its end"
    BASE64_UNPADDED = _H, "base64 without its last characters"
    QUOTED_JUNK = _A, "quoted-printable with a = that means nothing"

    # Files that no header names.
    EMBEDDED = _H, "a file inside the text (uuencode, yEnc, BinHex); it was judged as one"
    EMBEDDED_BROKEN = _A, "a file inside the text that cannot be decoded"
    EMBEDDED_OUTSIDE = _A, "a file inside the text around the parts"
    TOO_MANY_EMBEDDED = _A, "too many files inside the text"

    # Names.
    NAME_TOO_LONG = _A, "a file name that is too long to be read in all its forms"
    TOO_MANY_NAMES = _A, "too many file names, or too many readings of them"

    # What nobody but the recipient can look into.
    SIGNED = _H, "a signed multipart: what is removed from it breaks the signature"
    SEALED = _H, "encrypted, or signed as a whole: what is inside cannot be seen"

    @property
    def reading(self) -> Reading:
        """How it is taken."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """In words, without a full stop."""
        return self.value[1]

    @property
    def ambiguous(self) -> bool:
        """Whether a message with it never counts as clean."""
        return self.reading is Reading.AMBIGUOUS


@dataclass(frozen=True, slots=True)
class Found:
    """A defect and the offset in the content at which it was noticed."""

    defect: Defect
    at: int
