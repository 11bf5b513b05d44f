"""A spool as it is looked at: found, asked, read, selected.  Shell.

    sight         which spool, what time it is, what the relay says
    locate        which spool is meant, and how that was found
    settings      the few values of relay.toml that reading needs
    clock         `--as-of`
    relay_view    the running relay, and who holds which message
    selection     from query words to messages
    survey        many files to lines, on both cores
    lookout       single messages again and again, read only when they changed
    open_message  one message read closely, step by step
    sorting       other orders than the queue's
    log_lines     which log lines a query means
    log_places, transactions, disk, ownership

Nothing here takes a lock or writes.  It may import `store`, `live`, `render` and what is
below them; the command line and the screen both stand on it.
"""
