"""Many deferred messages on either side, made without waiting for as many deliveries.

Ours are composed by the product's own encoder.  Postfix's are copies of messages that a
private Postfix deferred itself: its short queue ids are the microsecond and the inode of
the file, so each copy gets the name that Postfix would have given it, its place in the
hashed folders, and the record of its reason beside it.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from spooltool.spool.compose import NewMessage, encode_digest, encode_envelope, encode_sizes
from spooltool.spool.names import format_number
from spooltool.spool.recipient import Path as Mailbox
from spooltool.spool.recipient import Recipient
from spooltool.spool.state import State
from tests.harness.client import AckLog, run_load
from tests.harness.postfix import Postfix
from tests.harness.process import wait_until
from tests.harness.sample import make_sample

SIZE = 4096
TEMPLATES = 50
PERIOD = 600
REFUSED = "connect port 25"
DOMAINS = ("example.com", "example.net", "example.org", "lab.example.org", "mail.example.net")
HOSTS = ("10.1.5.2", "10.1.5.3", "mx1.example.net", "mx2.example.net", "192.0.2.40")


def fill_spool(
    spool: Path, count: int, now: float, *, hosts: Sequence[str] = HOSTS, ahead: float = PERIOD
) -> None:
    """Fills D_resend with `count` messages whose next hop, one of `hosts`, refuses connections.

    Each was tried within the last ten minutes and is tried again `ahead` seconds after that.
    """
    for name in ("D_state", "D_sender", "D_resend"):
        (spool / name).mkdir(parents=True, exist_ok=True)
    chance = random.Random(count)
    contents = [make_sample(f"t-{n}", size=SIZE).content for n in range(TEMPLATES)]
    for number in range(1, count + 1):
        content = contents[number % TEMPLATES].replace(b"\r\n", b"\n")
        path = spool / "D_resend" / f"R{format_number(number)}"
        path.write_bytes(_message(content, chance, now, hosts, ahead))


def _message(
    content: bytes, chance: random.Random, now: float, hosts: Sequence[str], ahead: float
) -> bytes:
    """One refused message: envelope with results, both header sets, body."""
    arrived = now - chance.uniform(3600, 86400)
    attempts = max(1, int((now - arrived) / PERIOD))
    last = int(now - chance.uniform(0, PERIOD))
    host = chance.choice(hosts)
    to = Mailbox(f"user{chance.randrange(10_000)}@{chance.choice(DOMAINS)}")
    composed = encode_envelope(
        NewMessage(
            {"SRC": "192.0.2.24", "SPORT": "3446", "DST": host, "ERR_SERVER": host},
            arrived,
            Mailbox(f"billing@{chance.choice(DOMAINS)}", "BODY=8BITMIME"),
            [
                Recipient(
                    to,
                    attempts=attempts,
                    last_try=last,
                    next_try=int(last + ahead),
                    host=host,
                    text=REFUSED,
                )
            ],
            helo="mail.example.com",
            state=State(
                "refused",
                attempts,
                last_try=last,
                next_try=int(last + ahead),
                term=int(arrived),
                pending=1,
                host=host,
                text=REFUSED,
            ),
        )
    )
    head, _, body = content.partition(b"\n\n")
    head += b"\n"
    rest = head + b"\n" + head + b"\n" + body
    sizes = encode_sizes(len(head), len(head), len(body))
    digest = encode_digest(hashlib.sha256(rest).hexdigest())
    envelope = bytearray(composed.head)
    envelope[composed.sizes_at : composed.sizes_at + len(sizes)] = sizes
    envelope[composed.digest_at : composed.digest_at + len(digest)] = digest
    return bytes(envelope) + rest


async def fill_postfix(postfix: Postfix, count: int) -> None:
    """Fills the deferred queue of a Postfix that defers everything; it is stopped on return.

    Its next attempts lie a day ahead, so that the queue stays as it is when it is started.
    """
    samples = (
        make_sample(f"t-{n}", size=SIZE, recipients=(f"user{n}@{DOMAINS[n % len(DOMAINS)]}",))
        for n in range(TEMPLATES)
    )
    postfix.start()
    tally = await run_load(postfix.port, samples, AckLog(None), sessions=5)
    wait_until(lambda: postfix.queued("deferred") == tally.acked, what="all are deferred")
    postfix.stop()
    originals = [
        Path(folder, name)
        for folder, _, names in os.walk(postfix.queue / "deferred")
        for name in names
    ]
    for number in range(count - len(originals)):
        _copy(postfix.queue, originals[number % len(originals)], number)
    later = time.time() + 86400
    for folder, _, names in os.walk(postfix.queue / "deferred"):
        for name in names:
            os.utime(Path(folder, name), (later, later))


def _copy(queue: Path, original: Path, number: int) -> None:
    """One more deferred message, named by its inode, owned and permitted as the original."""
    fresh = queue / "deferred" / "fresh"
    shutil.copyfile(original, fresh)
    was, inode = original.stat(), fresh.stat().st_ino
    os.chown(fresh, was.st_uid, was.st_gid)
    fresh.chmod(was.st_mode & 0o777)
    queue_id = f"{number * 7919 % 1_000_000:05X}{inode:X}"
    for area in ("deferred", "defer"):
        folder = queue / area / queue_id[0]
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, was.st_uid, was.st_gid)
    fresh.rename(queue / "deferred" / queue_id[0] / queue_id)
    reason = queue / "defer" / original.name[0] / original.name
    if reason.exists():
        copied = queue / "defer" / queue_id[0] / queue_id
        shutil.copyfile(reason, copied)
        os.chown(copied, was.st_uid, was.st_gid)
        copied.chmod(reason.stat().st_mode & 0o777)
