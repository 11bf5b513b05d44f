"""Changes from the screen: a form, the plan, a yes.  Shell.

    kinds/        a change a file: key, verb, fields, and the order that its values make
    change        what a change is, and its fields
    registry      all of them, by key and by verb
    target        the messages, or the host, that a change is about
    form          the fields on the screen
    plan_lines    the plan as lines
    plan_dialog   the modal screen: plan first, always
    hand          the process that plans and changes, as the screen has it
    editing       the envelope in an editor

What is done to mail is done by the hand (`workers`), with the functions of the command line.
"""
