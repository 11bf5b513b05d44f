"""The format of spool files: names, fields, codec, states, defects.  All pure.

    names      directories, letters, numbers
    fields     the field table: every key once
    codec      bytes to lines and back, byte edits that leave the rest alone
    recipient  RCPT lines with fixed-width results
    state      the STATE line
    outline    where the lines of a long envelope stand
    parts      original headers, modified headers, body
    compose    a new file's envelope
    states     standing: what a message is doing, and why it is stuck
    plan       a change as a value
    hosts      DST and ERR_SERVER values
    mailbox    addresses, as the intake takes them
    readdress  another recipient, another sender: lines of an envelope
    reseal     SIZES and DIGEST for what stands there now
    envelope_change  what `set` does to one message
    defects    what is wrong with a file, as data
    document   the tables of docs/spool-format.md

It imports nothing of this project but itself; everything else may import it.
"""
