"""mdq: takes spooled mail, has it delivered, writes what became of it.  Shell.

    destination  the key mail is scheduled under
    roster       what is known of each spooled message: hints, never the truth
    attempt      one message under its lock: checked, read, made ready to send
    started      the mark that an attempt has begun
    finish       writing a decision of `relay.queue.lifecycle` into the spool
    settle       the sync that many deliveries share
    desk         takes messages up and writes them off
    down         one failed probe speaks for all mail of a destination
    lanes        one slot at one destination
    ways         its hosts: as it names them, or by MX
    look_up      the same for a person: `relay mx`
    notices      the error mail that an E file owes
    ruling       what content policy says of a message, as values
    judging      content judged before it is sent: filter, scanner, kept verdict
    scanning     the scanners: which there are, which are down
    cure         an infected mail made clean
    text         the octets that were judged, compared as they leave
    contents     what a delivery sends of a message
    quarantine   the end that content policy gives a message
    conversion   a message made 7-bit for a host without 8BITMIME
    records      where events go
    telling      what is written down about an attempt
    mdq          the loop that ties them together
    process      lock, loop, sockets, signals

It may import `relay.delivery`, `relay.logs`, `relay.queue`, `relay.config`, `relay.message`,
`relay.smtp` and the spool library.
"""
