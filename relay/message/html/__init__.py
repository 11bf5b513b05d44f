"""Weeding: what a resource wants taken out of text/html.

    weeder       `weed`: text in, weeded text out, to a fixed point
    octets       `weed_bytes`: the same for a part's decoded octets, in every likely charset
    weeding      the switches, the kinds of what is removed, the results
    document     the HTML5 tree of a text, node by node
    elements     which elements go, which are opened up
    attributes   which attributes go
    urls         what a URL would do: run script, fetch by FTP, name a port
    styles       what a style sheet would do
    suspicion    traces of script in the plain text; nesting that no parser should be given
    writing      the one form in which a weeded document is written
    charsets     readings of octets

All pure.  Why so: docs/decisions/html.md.  It may import nothing else of the relay.
"""

from relay.message.html.octets import weed_bytes
from relay.message.html.weeder import weed
from relay.message.html.weeding import Kind, Undecodable, Weeded, WeededOctets, Weeding

__all__ = ["Kind", "Undecodable", "Weeded", "WeededOctets", "Weeding", "weed", "weed_bytes"]
