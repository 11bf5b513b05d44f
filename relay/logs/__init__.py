"""Writing log files: asmtpd.elg, mdq.elg, tracker.log.  Shell.

    logfile        one file: buffered, appended to in whole lines, rotated, reopened
    alert_command  the operator's command for alerts
    output         entries for one log server: queue and thread
    transport      the sockets of log servers: syslog, the journal
    parties        sender and recipients as a record names them
    process_log    what one process writes: its .elg file and its share of tracker.log

What a line says is `spooltool.logs`' grammar.  It may import that and `spooltool.spool`.
"""
