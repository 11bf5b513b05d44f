"""What a relay would do with mail, without doing it.  Pure.

    case          one message: its envelope, where it comes from, its content
    house         what of a configuration decides
    conversation  the message given to the SMTP server's own state machine
    forecast      what becomes of it: the code of intake and content workers, end to end
    comparison    two such forecasts, by two configurations
    text          a forecast, or two side by side, for a person
    record        the same for a program

It may import `relay.policy`, `relay.message`, `relay.smtp` and what is below them, and of
`spooltool.render` what makes text fit to be shown.
"""
