"""What is tried when, and what becomes of it.  All pure: `now` comes with each call.

    schedule   slots over destinations
    parts      what of a message goes to one destination
    turns      parts of one message, one after the other
    peers      attempts at each next hop
    limits     what it keeps to, and what it tells
    site       one destination: its mail, its attempts, its health
    offer      one mail offered to one host after another
    suspects   messages that were started and never ended
    retry      when a message is tried again
    lifecycle  what becomes of a message after an attempt
    notice_owed  who is told by a notice, and who of them has it already

It may import `relay.smtp`, `relay.config`, `relay.message` and `spooltool.spool`.
"""
