"""What scanners are sent and what they answer: clamd's INSTREAM, ICAP (RFC 3507).  Pure.

    orders         one scan as a conversation: facts in, orders out
    names          findings that mean "not looked at": limits, encryption
    clamd          INSTREAM, PING, VERSION
    chunked        chunked bodies, both ways
    icap_head      status line, fields, Encapsulated
    icap_request   what is asked: OPTIONS, RESPMOD, REQMOD
    icap_response  an answer from its bytes, however they are cut
    icap_findings  the fields that tell of a finding
    icap_options   what a service says about itself
    icap_scan      one RESPMOD or REQMOD from preview to verdict

No bytes make anything here raise; what makes no sense is `NotScanned`, never `Clean`.
It may import `relay.policy` and itself; sockets are `relay.antivirus`'s.
"""
