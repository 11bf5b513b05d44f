"""The wildcards of rules and resources, by the name under which policy knows them.

They are made in `relay.config.wildcard`, because every pattern of relay.toml is compiled
when the file is read: a mistake in one has its line.
"""

from relay.config.wildcard import (
    MOST,
    BadPattern,
    Pattern,
    Replacement,
    compile_pattern,
    compile_replacement,
)

__all__ = [
    "MOST",
    "BadPattern",
    "Pattern",
    "Replacement",
    "compile_pattern",
    "compile_replacement",
]
