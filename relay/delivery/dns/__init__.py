"""The DNS, as far as delivery asks it: MX, A and AAAA.  Shell.

    servers   one question to name servers: UDP, then TCP; EDNS; deadlines
    answers   what a response says: records, nothing, no such name, or trouble
    memory    answers kept as long as they say, bounded
    lookup    questions asked once at a time and remembered
    exchange  a domain to the hosts that take its mail, by `relay.policy.mx`

It may import what `relay.delivery` may.
"""
