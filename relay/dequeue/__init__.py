"""mdq: takes spooled mail, has it delivered, writes what became of it.  Shell.

    destination  the key mail is scheduled under
    roster       what is known of each spooled message: hints, never the truth
    scan         reading D_sender and D_resend into the roster
    attempt      one message under its lock: checked, read, made ready to send
    finish       writing a decision of `relay.queue.lifecycle` into the spool
    settle       the sync that many deliveries share
    records      the lines of mdq.elg and tracker.log
    mdq          the loop that ties them together

It may import `relay.delivery`, `relay.queue`, `relay.config`, `relay.message`,
`relay.smtp` and the spool library.
"""
