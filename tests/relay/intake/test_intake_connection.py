"""One connection over a transport and a clock of the test, into a real spool."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from relay.config.kinds import MinFree
from relay.intake.connection import Connection
from spooltool.spool.names import SENDER, SpoolName
from spooltool.store.message import MessageFile

from .conftest import House, Play, Transport  # type: ignore[import-not-found]
