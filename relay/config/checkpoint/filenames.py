"""Names of the files in a gateway's `conf` folder."""

from __future__ import annotations

OBJECTS = ("objects_5_0.C", "objects.C")
"""The objects, the newer name first."""

RULES = "rulebases_5_0.fws"
"""All rule bases; before it, and beside it, each has a file of its own."""

RULES_SUFFIX = ".W"
SMTP_CONF = "smtp.conf"
FWAUTHD_CONF = "fwauthd.conf"
