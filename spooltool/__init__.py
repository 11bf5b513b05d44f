"""The operator's tool for a mail queue kept as a folder of plain files.

`spool` is the format, `store` the only code that touches spool files; everything
else reads through these two.  `spooltool` never imports `relay`.
"""

__version__ = "0.1.0"
