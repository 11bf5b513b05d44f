"""What is live: the relay's control socket and the logs while they grow.  Shell.

    client      asks the relay: kick, status, yield, done, reload
    generation  one run of a log's content, read from an offset, plain or compressed
    inflate     compressed files in pieces
    siblings    the rotated files beside a log, oldest first
    logfile     one log, followed over rename, truncation and compression
    merge       several logs in time order
    patient     a log that may come and go, and what was read of it
    past        one log from its end to its beginning
    backward    several logs so
    watcher     which messages' files came, moved or went
    probe       a live look at a host: its addresses, one after the other
    visiting    the steps of a visit to one address
    dialogue    one SMTP connection of a visit

It may import `spooltool.control`, `spooltool.logs`, `spooltool.spool`, `spooltool.diagnose`
and `spooltool.errors`.  Nothing heavy is imported before it is needed.
"""
