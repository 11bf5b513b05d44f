"""Processes beside the screen, so that no key waits for a scan.  Shell.

    wire      objects and file descriptors between two processes of ours
    process   a worker as the screen has it: started, asked, listened to, ended
    serving   a worker as it is itself: asked, telling, ended with the screen
    table     columns of many messages, shared by memory: written once, then frozen
    queue     what the screen asks the reader of the queue, and what it is told
    reader    that process: scans, watches, sorts, queries, counts
    logs      the process that follows the logs
    hand      the process that plans and makes changes

A worker is started by exec, shares nothing but one socket and the memory that it hands
over, and ends when the screen does.  It may import `change`, `look` and what is below them.
"""
