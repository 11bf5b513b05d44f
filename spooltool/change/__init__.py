"""A change on its way to a spool: wished for, planned, carried out, accounted for.  Shell.

    order         a change as it is asked for: what a command line says, as a value
    ordered       the way from an order to its plan
    wish          what a verb wants done; `hold`, `retarget`, … make them, one verb a file
    choosing      the frozen set, and whose rights it is changed with
    work          one plan: made, carried out, accounted for
    carrying      the dequeuer asked, the change made, an interrupt heeded
    letting_go    the dequeuer's side of that
    held_up, left who holds what stayed busy, how the others left
    caution       how carefully a verb asks, and how long undo holds
    actor         who changes, for the journal
    permission    whether changes can be offered at all
    kept_plan     plans in files
    kick, suspend what only the relay does: it changes no file
    errand        the same as plans have it: looked at, agreed to, done
    envelope_text an envelope as text for an editor, and back
    new_host      the host that mail is retargeted to

It may import `look` and what is below it.  The command line and the screen ask in their own
ways; what is done to mail is done here, for both.
"""
