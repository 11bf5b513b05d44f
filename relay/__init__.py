"""relay: a store-and-forward SMTP gateway whose queue is a folder of plain files.

Intake and delivery share the spool and nothing else.  Pure: `smtp`, `message`, `policy`,
`queue`, `config`.  Shell: `intake`, `dequeue`, `delivery`, `control`, `service`, `supervisor`.
Of spooltool it sees `spool`, `store`, `control`, `logs` and `errors` only.
"""

__version__ = "0.1.0"
