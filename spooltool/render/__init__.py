"""Displayable text: the only way from a value of a message to a screen.  Pure.

    text       control bytes, escapes and bidi overrides made visible; cutting, padding
    units      ages, sizes, counts, times
    rows       the message list: columns at a width, tabs in a pipe
    record     JSON objects of the schemas in docs/schema
    groups     counts by one or two keys, against age
    summary    the lines below a list
    message    one message: verdict, envelope, headers
    envelope   its lines, unescaped and explained
    header_pairs, parts, body, hexdump   what else a message holds
    verdict    one message in a few lines
    diff       original against modified headers
    screen     the spool on one screen
    health     one line for monitoring
    journal    operators' transactions
    loglines   log lines

Nothing here is ever read as markup.  It may import `diagnose`, `logs`, `control`,
`query`, `spool` and `errors`.
"""
