"""Who may send what where: decisions as values.  All pure.

    cidr        networks, and whether an address is in one
    networks    the networks that rules name, resolved
    rules       one rule, and what it is about
    resources   what a resource asks of mail that matched it
    explanation what would become of a mail, and why
    rulebase    ordered rules: which one decides, what the envelope says
    rule_policy what they say to one connection
    refusal     who was refused by which rule, for the logs
    acceptance  what a rule decides about accepted mail: the envelope's values
    origin      the server that a client was going to, and loops back to ourselves
    hops        what is asked of each next hop: TLS, soft bounces
    mx          which hosts of a domain are asked, and in which order
    wildcard    patterns of rules and resources, and what they are rewritten to
    rewriting   sender, recipients and one header field made anew, by byte range
    content     what a resource strips from a message, and what blocks it
    html_parts  which parts are weeded, and how they are put back
    pipeline    content through all of it: the plan, the filtered form
    verdict     what may become of content
    scan_outcome  what a scanner can have said
    antivirus   what a message asks of a scanner, and what becomes of it after the scan
    implicit    the rule of a relay that was given a destination and no rules

A rule looks at the connection and answers with a reply or an acceptance; the session in
`relay.smtp.server` asks, the intake writes what was decided into the spool file.
It may import `relay.config`, `relay.message`, `relay.smtp` and `spooltool.spool`.
"""
