"""Check Point's files as values: what they mean, and edits that change only their own bytes.

    tree, syntax   the parenthesised syntax: any bytes to a tree of byte ranges and defects
    edits          a value set, an item put in or taken out, by byte range
    sections       the sections of an objects file, by any version's names
    database       an objects file cut into its objects, each with what waits for `update`
    known          classes and fields of objects
    change         one change of one object
    commands, session, printing   the language of `relay dbedit` and its answers
    objects, rulebase, resource_fields, smtp_conf, fwauthd   what the files say, as values
    importing, import_*   files to a `Config`, its text and remarks
    exporting, export_*   a `Config` to files and remarks
    remarks        what could not be carried over

Pure: `relay.checkpoint` reads and writes the files.  What is ours of it stands in
docs/decisions/checkpoint.md.
"""
