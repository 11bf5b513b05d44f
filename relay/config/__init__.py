"""What the relay is told: one table of parameters, one file, every mistake at once.

    parameters      the table: name, kind, default, bounds, meaning; `Config` is made of it
    kinds           how a value is read: whole number, flag, hosts, networks, free space
    destinations    its tables about single destinations
    statements      relay.toml cut into statements, so that each mistake has its line
    contradictions  values that are right alone and wrong together
    toml            text and command-line options to a `Config` or all `Problems`
    show            a `Config` as text that loads again to the same

Pure: the caller reads the file.  It may import `relay.smtp` and `spooltool.spool`.
"""

from relay.config.parameters import PARAMETERS, Config, Parameter
from relay.config.show import restart_needed, show
from relay.config.toml import Problem, Problems, lines_of, load

__all__ = [
    "PARAMETERS",
    "Config",
    "Parameter",
    "Problem",
    "Problems",
    "lines_of",
    "load",
    "restart_needed",
    "show",
]
