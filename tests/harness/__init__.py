"""What tests and bench stir the pot with, each a program and a library.

    sink       a next hop told in advance what to answer; logs what it took
    client     a load client; logs each 250 as soon as it has read it
    checker    the one invariant: what was acknowledged is somewhere, whole and once
    sample     messages that carry their own identity and digest
    postfix    a private Postfix in a temporary folder
    process    starting, waiting for and stopping child processes
    images     loop-mounted file systems whose power can be cut
    mounts     mounts that one test alone sees
    power_cut  the cuts: a relay or a Postfix on such an image, judged by the checker
    figures    what must hold before a release: a number for CI, one for a soak

None of it uses the code under test: an oracle that shared its parser would share its bugs.
"""
