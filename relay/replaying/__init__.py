"""`relay replay`: messages of files and spools, read without a lock and without a write.

    command  its options
    work     messages through `relay.replay`, one by one, and what comes of it out
    houses   configurations
    inputs   messages of a spool, and files with one message each
    scanner  what antivirus scanners say, where that is asked for

All shell.
"""
