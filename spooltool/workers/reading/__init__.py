"""The reader of the queue without its process: asked, told what was touched, stepped.

    core       the reader: what it is asked, what is due, the pictures
    looking    files to rows, with the clock, the relay and the holders of the moment
    asking     the relay, beside the work: one that hangs holds up nobody
    scanning   a pass over all names: what changed is read, what is missing looked for
    roll       every message that is here: the one place where a row changes
    stock      the columns of all messages, and which slot is whose
    strings    what repeats in them: destinations and reasons
    kept       one message out of the columns, read from its file where they do not tell
    judging    the query: a verdict for each message, made again only where it may differ
    listing    the order of what matches, and its freezing
    counting   messages, bytes, standings, reasons
    grouping   stuck mail by a key against age, and what the relay says of each host
    beside     disk, trash, journal, what came and left
    pictures   what the screen is sent
    memory     the block and the order that a picture hands over
    slices     work in slices, so that what is asked meanwhile is answered
    due        what is to be done when

A million messages are columns: no object of a row is kept.
"""
