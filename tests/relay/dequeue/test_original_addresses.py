"""Where addresses were rewritten: delivery takes the new ones, notices name the old ones."""

from __future__ import annotations

import time
from contextlib import closing
from email import message_from_bytes
from typing import Any

from relay.smtp.reply import Reply
from spooltool.spool.compose import NewMessage
from spooltool.spool.recipient import Path
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit

World = Any
Play = Any
Target = Any


def put_rewritten(world: World, port: int) -> None:
    incoming = Incoming(world.spool, Counter(world.spool).take())
    keys = {"SRC": "192.0.2.7", "SPORT": "3446", "DST": "127.0.0.1", "DPORT": str(port),
            "ERR_SERVER": f"127.0.0.1:{port}"}  # fmt: skip
    incoming.begin(
        NewMessage(
            keys,
            time.time(),
            Path("new-jo@example.net", "", "jo@example.com"),
            [Path("new-anna@example.net", "", "anna@example.org")],
        ),
        b"Subject: a\n",
        b"Subject: a\n",
    )
    incoming.finish()
    with closing(Syncer(world.spool.path)) as syncer:
        assert commit(world.spool, [incoming], syncer) == [None]
    incoming.release()


def test_delivery_takes_the_new_and_the_notice_names_the_old(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        put_rewritten(world, target.port)
        await world.dequeuer().run(once=True)
        assert target.received[0][:2] == ("new-jo@example.net", ("new-anna@example.net",))
        put_rewritten(world, target.port)
        target.plan["new-anna@example.net"] = [Reply(550, "5.1.1", "no such user")]
        mdq = world.dequeuer()
        await mdq.run(once=True)
        await world.dequeuer().run(once=True)
        sender, recipients, content = target.received[1]
        assert (sender, recipients[0]) == ("", "jo@example.com")
        status = message_from_bytes(content).get_payload()[1].get_payload()  # type: ignore[union-attr,index]
        assert status[1]["Final-Recipient"] == "rfc822; anna@example.org"  # type: ignore[index]
        assert b"new-anna" not in content

    play(scenario)
