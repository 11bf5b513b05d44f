"""Check Point's files on the disk: reading, editing in place, import and export.  Shell.

    files     one file read under a lock, replaced whole with a backup
    verbs     the commands
    exchange  folders of such files to relay.toml and back
    dbedit    a session at a terminal or of a script

What files mean is in `relay.config.checkpoint`.
"""
