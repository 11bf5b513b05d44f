"""What the relay is told: one table of parameters, one file, every mistake at once.

    parameters      the table: name, kind, default, bounds, meaning; `Config` is made of it
    kinds           how a value is read: whole number, flag, hosts, networks, free space
    tables          how tables are declared, and the one reader of all kinds of them
    networks, rules, resources, scanners, destinations
                    one kind of tables each
    wildcard, spans patterns and sets of addresses, of which tables are made
    references      names in tables that must lead somewhere
    statements      relay.toml cut into statements, so that each mistake has its line
    contradictions  values that are right alone and wrong together
    toml            text and command-line options to a `Config` or all `Problems`
    openness        rules that would relay for anybody
    notes           what is allowed and still worth a word
    show            a `Config` as text that loads again to the same

Pure: the caller reads the file.  It may import `relay.smtp` and `spooltool.spool`.
"""

from relay.config.notes import notes
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
    "notes",
    "restart_needed",
    "show",
]
