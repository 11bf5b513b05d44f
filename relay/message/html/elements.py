"""Which elements go with all that is in them, and which only lose their tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from relay.message.html import styles
from relay.message.html.attributes import judge_style
from relay.message.html.urls import bare
from relay.message.html.weeding import Kind, Weeding


class Fate(Enum):
    """What becomes of an element."""

    KEPT = "kept"
    OPENED = "opened"
    """Its tags go, what is between them stays."""
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of an element, and what it was where it does not stay."""

    fate: Fate
    kind: Kind | None = None


KEPT = Verdict(Fate.KEPT)

_SVG_WORDS = (
    "svg g a defs symbol use switch path rect circle ellipse line polyline polygon text tspan"
    " textpath image marker pattern clippath mask lineargradient radialgradient stop filter"
    " feblend fecolormatrix fecomponenttransfer fecomposite feconvolvematrix fediffuselighting"
    " fedisplacementmap fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr"
    " fegaussianblur femerge femergenode femorphology feoffset fepointlight fespecularlighting"
    " fespotlight fetile feturbulence view"
)
_SVG = frozenset(_SVG_WORDS.split())
_MATHML_WORDS = (
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom"
    " mfenced menclose msub msup msubsup munder mover munderover mmultiscripts mprescripts none"
    " mtable mtr mtd mlabeledtr"
)
_MATHML = frozenset(_MATHML_WORDS.split())
FOREIGN: Mapping[str, frozenset[str]] = {"svg": _SVG, "math": _MATHML}
"""The elements of drawings and formulas that stay: none of them leads back into HTML."""

_SCRIPTS = frozenset(("script", "handler", "listener", "xss"))
_ANIMATIONS = frozenset(
    ("animate", "animatecolor", "animatemotion", "animatetransform", "animation", "discard", "set")
)
_SCRIPT_LINKS = ("import", "modulepreload", "serviceworker", "prerender")
_JAVA = re.compile(r"java(?!script)|jbean|x-jar|\.(?:class|jar)\Z|8ad9c840-044e|cafeefac-")
_SCRIPTLETS = ("scriptlet", "javascript", "jscript", "ecmascript", "vbscript", "livescript")


def judge(name: str, attributes: Mapping[str, str], root: str, weeding: Weeding) -> Verdict:
    """The verdict on an element; name and attribute names in lower case.

    `root` is "svg" or "math" within such an element, else "".  A style element is judged
    by `judge_sheet`, when its text is there.
    """
    local = name.rpartition(":")[2]
    if weeding.strip_script_tags and _carries_script(local, attributes):
        return Verdict(Fate.DROPPED, Kind.SCRIPT)
    if (plugin := _judge_plugin(local, attributes, weeding)) is not None:
        return plugin
    if local == "noscript":
        return Verdict(Fate.OPENED, Kind.HIDING_PLACE)
    if local == "template" or (root and name not in FOREIGN[root]):
        return Verdict(Fate.DROPPED, Kind.HIDING_PLACE)
    return KEPT


def judge_sheet(text: str, weeding: Weeding) -> Kind | None:
    """What goes with the style sheet of a style element, if anything."""
    for reading in styles.readings(text):
        if styles.holds_markup(reading):
            return Kind.HIDING_PLACE
    return judge_style(text, weeding)


def _carries_script(local: str, attributes: Mapping[str, str]) -> bool:
    if local in _SCRIPTS or local in _ANIMATIONS:
        return True
    type_ = bare(attributes.get("type", ""))
    if local in ("style", "object", "embed", "link") and any(one in type_ for one in _SCRIPTLETS):
        return True
    if local == "link":
        relation = attributes.get("rel", "").lower()
        return any(one in relation for one in _SCRIPT_LINKS) or bare(attributes.get("as", "")) in (
            "script",
            "worker",
        )
    return False


def _judge_plugin(local: str, attributes: Mapping[str, str], weeding: Weeding) -> Verdict | None:
    """An object's or applet's own content is what is shown in its place: it stays."""
    if local not in ("applet", "app", "object", "embed", "param"):
        return None
    fate = Fate.DROPPED if local in ("embed", "param") else Fate.OPENED
    java = local in ("applet", "app") or any(
        _JAVA.search(bare(attributes.get(key, "")))
        for key in ("type", "codetype", "classid", "code", "archive", "data", "src")
    )
    if weeding.strip_applet_tags and java:
        return Verdict(fate, Kind.APPLET)
    if weeding.strip_activex_tags and local in ("object", "embed", "param"):
        return Verdict(fate, Kind.ACTIVEX)
    return None
