"""The only code that touches spool files.  Shell: it moves bytes, the format decides.

    root        open a spool, directory descriptors, ownership
    regular     opening a regular file with one link, and nothing in its place
    filesystem  what it lies on; making batches durable
    scan        what is in it, without a lock
    message     one message whole: parts, digest
    patient     one message step by step, for a screen that must not wait
    lock        one flock a message, checked against the path
    edit        results in place; verified replacement
    move        renames that refuse to overwrite
    counter     numbers, unique and never reused
    incoming    a message being received; the group commit
    journal     operators' transactions; journal_tail: the last ones;
                journal_pieces: who meant which messages, both ways
    apply       carrying out a plan

It may import `spooltool.spool` and `spooltool.errors`.  Reading never writes; writing
holds the message's lock.
"""
