"""Which resources spooled mail names."""

from __future__ import annotations

from pathlib import Path

import pytest

from spooltool.store.in_use import resources_in_use
from spooltool.store.root import Spool

HEAD = """\
SRC:\t192.0.2.7
DST:\t10.1.5.2
{}FROM:\t<a@example.com>
RCPT:\t<b@example.org>

Subject: x

hi
"""


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, {}),
        (
            {
                "D_sender/R00000001": "RESOURCE:\tsmtp_in 0123456789abcdef\n",
                "D_resend/R00000002": "RESOURCE:\tsmtp_in\n",
                "D_hold/R00000003": "RESOURCE:\tother\n",
                "D_sender/R00000004": "RESOURCE:\tnone\n",
                "D_sender/R00000005": "",
                "D_resend/E00000006": "RESOURCE:\tnotice_only\n",
                "D_state/T00000007": "RESOURCE:\tpartial\n",
            },
            {"smtp_in": 2, "other": 1},
        ),
    ],
)
def test_mail_that_is_to_be_delivered_counts(
    tmp_path: Path, files: dict[str, str], wanted: dict[str, int]
) -> None:
    with Spool.create(str(tmp_path / "spool")) as spool:
        for name, line in files.items():
            path = tmp_path / "spool" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(HEAD.format(line))
        assert resources_in_use(spool) == wanted
