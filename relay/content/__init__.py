"""Content is judged in processes of their own, with limits of memory and time.

    judgement  what is asked of a worker and what it answers, as values
    protocol   the same as packets between mdq and a worker; pure
    filter     what a filter gets and gives
    filtering  the filter that mdq's workers run
    pieces     decoded parts in one file
    worker     the program of a worker process
    process    one worker, as mdq sees it
    pool       `ContentPool`: the workers, their number, their end
    scratch    unlinked files for filtered content

All shell but `judgement` and `protocol`.  It may import `relay.policy`, `relay.message`,
`relay.antivirus` and what is below them.
"""

from relay.content.judgement import Judgement, Verdict
from relay.content.pool import ContentPool

__all__ = ["ContentPool", "Judgement", "Verdict"]
