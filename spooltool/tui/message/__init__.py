"""The message under the eye, one tab a file.

    tab        what a tab is
    why        verdict, recipients, what was tried, what helps
    envelope   every key with its value and its meaning
    headers    original and modified headers beside each other
    parts      the MIME tree, and the text of one part
    raw        the file by offset
    log        the log lines about the message
    tabs       all of them, in their order
    pane       the pane that shows one of them

Files are opened by `store`, read-only and without a lock, and read in short steps.
"""
