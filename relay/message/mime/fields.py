"""What the header block of a part says of its body: type, encoding, boundary, names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.message.mime.charsets import texts
from relay.message.mime.defects import Defect
from relay.message.mime.names import names_of, readings
from relay.message.mime.parameters import LONGEST, MOST, Parameter, parameters
from relay.message.mime.tree import ContentField, Encoding, Kind

_FIELD = re.compile(
    rb"^(content-[!-9;-~]*+)([ \t]*+):([^\n]*+\n(?:[ \t][^\n]*+\n)*+)", re.IGNORECASE | re.MULTILINE
)
_VERSION = re.compile(rb"^mime-version[ \t]*+:", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(rb"^[ \t]++\r?$", re.MULTILINE)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_TYPE = re.compile(rb"[ \t\n]*+([\w!#$&^.+-]++/[\w!#$&^.+-]++)[ \t\n]*+(?:;|\Z)")
_LOOSE = re.compile(rb"([\w!#$&^.+-]++)[ \t\n]*+/[ \t\n]*+([\w!#$&^.+-]++)")
_STRING = re.compile(rb'"[^"\\]*+"')
_HOLDS = re.compile(rb"multipart|message|boundary|=\?", re.IGNORECASE)
# RFC 2046 5.1.1, and the other characters that mailers put into boundaries.
_BOUNDARY = re.compile(rb"(?![ '])[ !#-\[\]-~]{1,70}(?<! )\Z")

_ENCODINGS = {
    b"": Encoding.IDENTITY,
    b"7bit": Encoding.IDENTITY,
    b"8bit": Encoding.IDENTITY,
    b"binary": Encoding.IDENTITY,
    b"base64": Encoding.BASE64,
    b"quoted-printable": Encoding.QUOTED,
}
_NO_MESSAGE = re.compile(
    r"message/(partial|delivery-status|disposition-notification|feedback-report"
    r"|global-delivery-status|global-disposition-notification|tracking-status)\Z"
)
"""Of message/*, what is fields or a fragment; anything else is taken for a message."""

_SEALED = frozenset(("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"))


@dataclass(frozen=True, slots=True)
class Declared:
    """What a header block says; offsets of `fields` are into the block."""

    kind: Kind
    types: tuple[str, ...]
    names: tuple[str, ...]
    encoding: Encoding
    charset: str
    boundary: bytes
    fields: tuple[ContentField, ...]
    mime_version: bool
    defects: tuple[Defect, ...]


def read_fields(block: bytes, default: str = "text/plain", *, names: bool = True) -> Declared:
    """Read a header block (whole lines, LF); `default` is the type where none is named.

    Without `names` none is read, and that is a defect.
    """
    return _Reader(block, default, names).declared()


class _Reader:
    """Reads one block; what is odd gathers in `defects`."""

    def __init__(self, block: bytes, default: str, names: bool) -> None:
        self.block = block
        self.defects: dict[Defect, None] = {}
        self.values: dict[str, list[bytes]] = {}
        self.fields: list[ContentField] = []
        self.parameters: list[Parameter] = []
        self.types: list[str] = []
        self.default = default
        self.names_wanted = names

    def declared(self) -> Declared:
        self._gather()
        for value in self.values.get("content-type", []):
            self._type(value)
        for name in ("content-type", "content-disposition"):
            for value in self.values.get(name, []):
                self._parameters(value)
        encoding = self._encoding()
        types = tuple(dict.fromkeys(self.types)) or (self.default,)
        boundary = self._boundary(any(one.startswith("multipart/") for one in types))
        kind = _kind(types, boundary)
        self._of_kind(types, kind, encoding)
        charset = next((one.values[0] for one in self.parameters if one.name == "charset"), b"")
        return Declared(
            kind,
            types,
            self._names(charset.decode("latin-1")),
            encoding if kind is not Kind.MULTIPART else Encoding.IDENTITY,
            charset.decode("latin-1").lower()[:40],
            boundary,
            tuple(self.fields),
            _VERSION.search(self.block) is not None,
            tuple(self.defects),
        )

    def _odd(self, defect: Defect) -> None:
        self.defects[defect] = None

    def _gather(self) -> None:
        """The Content fields, unfolded but for an LF at each fold."""
        for match in _FIELD.finditer(self.block):
            name = match[1].decode("ascii").lower()
            if match[2]:
                self._odd(Defect.BLANK_BEFORE_COLON)
            self.fields.append(ContentField(name, match.start(), match.end()))
            self.values.setdefault(name, []).append(_FOLD.sub(b"\n", match[3]).strip(b" \t\r\n"))
        if _BLANK_LINE.search(self.block):
            self._odd(Defect.BLANK_LINE_IN_HEADER)
        for name in ("content-type", "content-transfer-encoding", "content-disposition"):
            values = self.values.get(name, [])
            if len(values) > 1:
                same = len({_one_line(value) for value in values}) == 1
                self._odd(Defect.FIELD_REPEATED if same else Defect.FIELD_TWICE)

    def _type(self, value: bytes) -> None:
        match = _TYPE.match(value)
        if match is not None:
            self.types.append(match[1].decode("ascii", "replace").lower())
            return
        loose = _LOOSE.search(value[:LONGEST])
        if loose is not None:
            self.types.append(f"{loose[1].decode()}/{loose[2].decode()}".lower())
        else:
            self.types.append(self.default)
        if _HOLDS.search(value) or self.default.startswith("message/"):
            self._odd(Defect.TYPE_BROKEN)
        else:
            self._odd(Defect.TYPE_ODD)

    def _parameters(self, value: bytes) -> None:
        if b"(" in value and b"(" in _STRING.sub(b"", value):
            self._odd(Defect.COMMENT)
        found = list(parameters(value))
        if len(found) > MOST:
            self._odd(Defect.TOO_MANY_NAMES)
        for one in found:
            if one.odd_quotes:
                self._odd(Defect.QUOTING_ODD)
            if one.name in ("name", "filename") and len(one.values[0]) >= LONGEST:
                self._odd(Defect.NAME_TOO_LONG)
        self.parameters += found

    def _encoding(self) -> Encoding:
        values = self.values.get("content-transfer-encoding", [b""])
        known = [_ENCODINGS.get(_one_line(value).lower()) for value in values]
        if None not in known:
            coded = [one for one in known if one and one is not Encoding.IDENTITY]
            return coded[0] if coded else Encoding.IDENTITY
        for value in values:
            for word in (b"base64", b"quoted-printable"):
                if word in value.lower():
                    self._odd(Defect.ENCODING_ODD)
                    return _ENCODINGS[word]
        self._odd(Defect.ENCODING_UNKNOWN)
        return Encoding.IDENTITY

    def _boundary(self, multipart: bool) -> bytes:
        """The boundary to go by; for a multipart, what else it could be is a defect."""
        found = [one for one in self.parameters if one.name == "boundary"]
        values = {one.values[0] for one in found}
        boundary = next((value for value in (one.values[0] for one in found) if value), b"")
        if multipart:
            if not found:
                self._odd(Defect.BOUNDARY_MISSING)
            elif not boundary:
                self._odd(Defect.BOUNDARY_EMPTY)
            elif len(values) > 1:
                self._odd(Defect.BOUNDARIES_DIFFER)
            clean = all(one.clean and _BOUNDARY.match(one.values[0]) for one in found)
            if not clean or Defect.COMMENT in self.defects:
                self._odd(Defect.BOUNDARY_ODD)
        return _one_line(boundary)[:LONGEST].rstrip(b" \t")

    def _of_kind(self, types: tuple[str, ...], kind: Kind, encoding: Encoding) -> None:
        if any(one.startswith("multipart/") for one in types):
            if encoding is not Encoding.IDENTITY:
                self._odd(Defect.ENCODED_MULTIPART)
        elif kind is Kind.MESSAGE and encoding is not Encoding.IDENTITY:
            self._odd(Defect.ENCODED_MESSAGE)
        if "message/partial" in types:
            self._odd(Defect.FRAGMENT)
        if "multipart/signed" in types:
            self._odd(Defect.SIGNED)
        if not _SEALED.isdisjoint(types):
            self._odd(Defect.SEALED)

    def _names(self, charset: str) -> tuple[str, ...]:
        if not self.names_wanted:
            self._odd(Defect.TOO_MANY_NAMES)
            return ()
        named = [one for one in self.parameters if one.name in ("name", "filename")]
        found, complete = names_of(named, charset)
        told = [
            text
            for field in ("content-location", "content-description")
            for value in self.values.get(field, [])
            if len(value) <= LONGEST
            for text in texts(_one_line(value), charset)
        ]
        more, all_of_them = readings(iter(told))
        if not (complete and all_of_them):
            self._odd(Defect.TOO_MANY_NAMES)
        return tuple(dict.fromkeys((*found, *more)))


def _kind(types: tuple[str, ...], boundary: bytes) -> Kind:
    if boundary and any(one.startswith("multipart/") for one in types):
        return Kind.MULTIPART
    if any(one.startswith("message/") and not _NO_MESSAGE.match(one) for one in types):
        return Kind.MESSAGE
    return Kind.LEAF


def _one_line(value: bytes) -> bytes:
    return value.replace(b"\n", b"").strip(b" \t\r")
