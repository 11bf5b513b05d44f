"""TLS on both sides: handshakes on connections that stand, certificates, authorities.

    handshake    a plain connection becomes an encrypted one; nothing in clear acts after it
    certificate  our own certificate and key: read, proved to fit, made into a context
    handover     a certificate passed from the supervisor to its intake workers
    inspection   mistakes and notes about the files, for `relay config check`
    trust        what a server's certificate is held against

Shell.  It decides nothing about mail and imports nothing of the relay.
"""
