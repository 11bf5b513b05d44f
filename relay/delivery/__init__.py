"""Sockets towards the next hops.  Shell: bytes move here, `relay.smtp.client` decides.

    resolve     host names to addresses
    connection  one connection around the pure client
    mark        the mark of these sockets, and the right to set it
    pool        opening, keeping, timing them
    dns         which hosts take mail for a domain

TLS comes before a connection counts as open, as `relay.policy.hops` asks of its host.
It may import `relay.policy`, `relay.smtp`, `relay.tls` and `spooltool.spool`.
"""
