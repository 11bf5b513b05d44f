"""What a message is doing, and what the queue looks like.  Pure.

    quick     the facts a listing needs, straight from the bytes of a head
    row       one message, as the query, the lists, the counts and the screen see it
    headers   header fields of a message: unfolded, decoded
    mime      parts of a message as byte ranges; content_fields, decoding: what they say
    grouping  counts by one or two keys, against age
    tally     counts by standing, reason and host over many rows
    health    what a monitoring check measures, its limits, its verdict
    relay     what is known of the running relay
    suspension, down  what its orders and its probes mean for a message
    logrow, logkind  a log line as a query sees it, and what it means
    flows     how much mail goes by, counted from log lines
    probing   what a live look at a host found; certificate: what its certificate says

It may import `spooltool.spool` and `spooltool.errors`.
"""
