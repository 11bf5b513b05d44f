"""What is fast, measured: `make bench` as root; figures and ratios go to RESULTS.md.

run         the one command: what is measured, in which order
disk        a journaled file system on a loop device, made for the run
processes   CPU time and peak memory of a process tree, from /proc
systems     the two that are compared: a tuned Postfix and relay
throughput  smtp-source -> system -> smtp-sink
queues      100,000 deferred messages on either side
listing     how long it takes to list them; start-up
reader      how soon the reader of the queue shows it (a program of its own)
memory      a 100 MB message through intake and delivery
commit      how a batch becomes durable: syncfs or fsync (a program of its own)
report      figures -> RESULTS.md
"""
