"""asmtpd: accepts mail by SMTP and spools it, and does nothing else.  Shell.

    asmtpd      the process: sockets, signals, drain
    intake      what all connections of the process share
    listener    accepting; pausing when descriptors run out
    entrance    who a client is and where it was going: PROXY header, original destination
    route       whether an address is one of this machine's
    connection  one client around the pure `relay.smtp.server.Session`
    reception   one message on its way into its spool file
    committer   the group commit
    space       whether there is room: spool_limit and min_free
    wheel       the idle timeouts of all connections on one timer
    cleaner     partial files that nobody writes any more
    wake        the datagram that tells mdq of new mail
    records     the lines of asmtpd.elg and tracker.log
    settings    what the configuration says about all this

It may import `relay.policy`, `relay.config`, `relay.message`, `relay.smtp`, `relay.logs`,
`relay.tls` and the spool library.
"""
