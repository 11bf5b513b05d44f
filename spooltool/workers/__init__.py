"""Processes beside the screen, so that no key waits for a scan.  Shell.

    wire      objects and file descriptors between two processes of ours
    process   a worker as the screen has it: started, asked, listened to, ended
    serving   a worker as it is itself: asked, telling, ended with the screen
    table     columns of many messages, shared by memory: written once, then frozen
    queue     what the screen asks the reader of the queue, and what it is told
    reader    that process: scans, watches, sorts, queries, counts
    log_messages  what the screen asks about the logs, and what it is told
    logs      that process; log_reader is what it does: it follows, searches (log_search),
              counts (log_rates), and asks the queue (log_matching)
    log_choice, log_operators  which lines are meant, and those of operators
    changes   what the screen asks the hand, and what it is told
    hand      that process: it plans and makes changes
    handling  what it does, without the process
    in_hand   a plan as it holds it

A worker is started by exec, shares nothing but one socket and the memory that it hands
over, and ends when the screen does.  It may import `change`, `look` and what is below them.
"""
