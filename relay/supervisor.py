"""relay run: binds, starts intake and dequeuer, and starts anew whichever dies.

The supervisor keeps the listening sockets, so that clients wait in the kernel while an
intake is replaced; a child only inherits them.  It does nothing else: no mail and no
file of the spool passes through it.  Signals: SIGTERM and SIGINT end all in good order,
a second one at once; SIGHUP is passed on (logs opened anew, configuration read again);
SIGUSR1 starts the intake anew, SIGUSR2 the dequeuer.  A service manager is told when
every child works, when all read their configuration again, and when the end begins.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from relay.notify import Notifier, told
from spooltool.errors import ExitCode, NotPermitted, NotRegular, RelayUnreachable
from spooltool.spool.names import OWN_DIR
from spooltool.store.lock import OwnLock, holders
from spooltool.store.regular import open_regular
from spooltool.store.root import Spool

LOCK = "supervisor"
"""Name of the supervisor's lock under `.spooltool/`."""

PROCESSES = "processes"
"""File under `.spooltool/` that names the running processes, as a JSON object."""

ASMTPD, MDQ = "asmtpd", "mdq"
RESTART_SIGNAL = {ASMTPD: signal.SIGUSR1, MDQ: signal.SIGUSR2}

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
SETTLED = 10.0
"""Seconds after which a child counts as running: dying later is no start-up trouble."""

_PR_SET_PDEATHSIG = 1
_FATAL = frozenset((ExitCode.USAGE, ExitCode.NO_SPOOL, ExitCode.NOT_PERMITTED, ExitCode.CONFIG))
_SIGNALS = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCHLD,
)


def die_with(parent: int) -> bool:
    """Have the kernel end this process when its parent ends; False if it has already.

    Called by a child of the supervisor, with the supervisor's pid, before anything else.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return os.getppid() == parent


class Backoff:
    """How long a child that died stays down: back at once, slower when it dies at once."""

    def __init__(self) -> None:
        self._early = 0

    def delay(self, lived: float) -> float:
        """Seconds to wait after a life of `lived` seconds: 0.2, 0.4 … 30."""
        self._early = 0 if lived >= SETTLED else self._early + 1
        return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** max(0, min(self._early, 20) - 1))


@dataclass(slots=True)
class Child:
    """A process that must be running.

    `arguments` are those of this program, `fds` the descriptors that it inherits.  One with
    `overlaps` may be replaced before it has ended, as it shares what it works on.
    """

    name: str
    arguments: Sequence[str]
    fds: Sequence[int] = ()
    overlaps: bool = False
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    starts: int = 0
    asked: bool = False
    backoff: Backoff = field(default_factory=Backoff)


class Supervisor:
    """Keeps children running until it is told to stop.

    `say` gets a line for each event, `notifier` what a service manager wants to know;
    `grace` is how many seconds children may take to end in good order.  `renew` is called
    before SIGHUP is passed on: what is handed down to children is renewed first.
    """

    def __init__(
        self,
        spool: Spool,
        children: Sequence[Child],
        grace: float,
        say: Callable[[str], None],
        notifier: Notifier,
        renew: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._children = children
        self._grace = grace
        self._say = say
        self._notifier = notifier
        self._renew = renew
        self._ready_in, self._ready_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._working: set[int] = set()
        self._told_ready = False
        self._alive_at = 0.0
        self._leaving: list[subprocess.Popen[bytes]] = []
        self._stop_by: float | None = None
        self._exit = 0

    def run(self) -> int:
        """Work until a signal, or until a child says that it can never start; the exit code.

        Raises Busy when another supervisor works on this spool.
        """
        lock = OwnLock(self._spool, LOCK)
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        former_fd = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        former = {number: signal.signal(number, _noted) for number in _SIGNALS}
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(reading, selectors.EVENT_READ)
                selector.register(self._ready_in, selectors.EVENT_READ)
                self._loop(selector, reading)
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former_fd)
            for fd in (reading, writing, self._ready_in, self._ready_out):
                os.close(fd)
            lock.close()
        return self._exit

    def _loop(self, selector: selectors.BaseSelector, wakeups: int) -> None:
        self._step()
        while self._stop_by is None or self._running():
            events = selector.select(self._wait())
            if any(key.fd == wakeups for key, _ in events):
                for number in os.read(wakeups, 512):
                    self._signalled(number)
            self._working.update(told(self._ready_in))
            self._step()
            self._inform()
        write_processes(self._spool, {})

    def _step(self) -> None:
        """Bury the dead, start what must run, kill what takes too long to end."""
        now = time.monotonic()
        changed = self._reap(now)
        if self._stop_by is None:
            for child in self._children:
                if child.process is None and child.start_at <= now:
                    self._start(child, now)
                    changed = True
        elif now >= self._stop_by:
            for process in self._running():
                self._say(f"{process.pid} takes too long to end, killed")
                process.kill()
            self._stop_by = now + self._grace
        if changed:
            write_processes(self._spool, self._pids())

    def _wait(self) -> float | None:
        """Seconds until something is due; None when only a signal can bring it."""
        due = [child.start_at for child in self._children if child.process is None]
        if self._stop_by is not None:
            due = [self._stop_by]
        if self._notifier.pause is not None:
            due.append(self._alive_at)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _inform(self) -> None:
        """Tell the service manager what is new."""
        now = time.monotonic()
        if self._notifier.pause is not None and now >= self._alive_at:
            self._alive_at = now + self._notifier.pause
            self._notifier.alive()
        pids = {c.process.pid if c.process is not None else 0 for c in self._children}
        if not self._told_ready and self._stop_by is None and pids <= self._working:
            self._told_ready = True
            self._working &= pids
            self._notifier.ready(", ".join(f"{n} {_listed(p)}" for n, p in self._pids().items()))

    def _pids(self) -> dict[str, list[int]]:
        return {
            name: [c.process.pid for c in self._children if c.process and c.name == name]
            for name in dict.fromkeys(c.name for c in self._children)
        }

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [c.process for c in self._children if c.process is not None] + self._leaving

    def _start(self, child: Child, now: float) -> None:
        if self._stop_by is not None:  # one before it has just shown that none can start
            return
        child.started = now
        child.starts += 1
        try:
            child.process = subprocess.Popen(
                child_command([*child.arguments, "--ready-fd", str(self._ready_out)]),
                stdin=subprocess.DEVNULL,
                pass_fds=(*child.fds, self._ready_out),
                env=child_environment(os.environ),
            )
        except OSError as error:
            child.start_at = now + child.backoff.delay(0.0)
            self._say(f"{child.name} cannot be started: {error.filename}: {error.strerror}")
            if child.starts == 1 and isinstance(error, PermissionError):
                # The account of the spool may not run this interpreter: it never will.
                self._exit = ExitCode.NOT_PERMITTED
                self._stop(now)

    def _reap(self, now: float) -> bool:
        self._leaving = [process for process in self._leaving if process.poll() is None]
        died = False
        for child in self._children:
            if child.process is None or (code := child.process.poll()) is None:
                continue
            died = True
            pid, child.process = child.process.pid, None
            if self._stop_by is not None:
                continue
            if child.asked:
                child.asked = False
                child.start_at = now
                continue
            self._died(child, pid, code, now)
        return died

    def _died(self, child: Child, pid: int, code: int, now: float) -> None:
        how = f"by signal {-code}" if code < 0 else f"with {code}"
        if child.starts == 1 and code in _FATAL:
            self._say(f"{child.name} ({pid}) ended {how}: it cannot run")
            self._exit = code
            self._stop(now)
            return
        delay = child.backoff.delay(now - child.started)
        child.start_at = now + delay
        text = f"{child.name} ({pid}) ended {how}, started anew in {delay:.1f} s"
        self._say(text)
        self._notifier.status(text)
        self._told_ready = False

    def _signalled(self, number: int) -> None:
        now = time.monotonic()
        if number in (signal.SIGTERM, signal.SIGINT):
            if self._stop_by is None:
                self._stop(now)
            else:
                self._stop_by = now
        elif number == signal.SIGHUP and self._stop_by is None:
            self._notifier.reloading()
            self._working.clear()
            self._told_ready = False
            self._renew()
            for process in self._running():
                process.send_signal(signal.SIGHUP)
        else:
            for name, wanted in RESTART_SIGNAL.items():
                if number == wanted:
                    self._restart(name, now)

    def _stop(self, now: float) -> None:
        self._notifier.stopping()
        self._stop_by = now + self._grace
        for process in self._running():
            process.terminate()

    def _restart(self, name: str, now: float) -> None:
        if self._stop_by is not None:
            return
        for child in self._children:
            if child.name != name:
                continue
            child.start_at = now
            if child.process is None:
                continue
            child.process.terminate()
            if child.overlaps:
                self._leaving.append(child.process)
                child.process = None
            else:
                child.asked = True


def _noted(number: int, frame: object) -> None:
    """The wake-up descriptor tells of it."""


def child_command(arguments: Iterable[str]) -> list[str]:
    """This program once more, with other arguments, whatever the working directory is."""
    return [sys.executable, "-P", "-m", "relay", *arguments]


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `child_command` finds this very package."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = dict(environment)
    path = found.get("PYTHONPATH", "")
    if here not in (*site.getsitepackages(), *path.split(os.pathsep)):
        found["PYTHONPATH"] = here + (os.pathsep + path if path else "")
    return found


def write_processes(spool: Spool, pids: Mapping[str, Sequence[int]]) -> None:
    """Name the running children for `relay restart` and for people.

    A file that cannot be written stops nothing: it is no part of the mail's safety.
    """
    own = spool.own_dir()
    text = json.dumps({"supervisor": os.getpid(), **pids}) + "\n"
    new = f"{PROCESSES}.new"
    try:
        try:
            os.unlink(new, dir_fd=own)  # what a supervisor that was killed here left
        except FileNotFoundError:
            pass
        fd = open_regular(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, own)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
        os.rename(new, PROCESSES, src_dir_fd=own, dst_dir_fd=own)
    except OSError as error:
        sys.stderr.write(f"relay: {PROCESSES}: {error.strerror}\n")


def read_processes(spool: Spool) -> dict[str, list[int]]:
    """What `write_processes` wrote; empty where nothing readable is."""
    try:
        fd = spool.open_own(PROCESSES, os.O_RDONLY)
    except (OSError, NotRegular):
        return {}
    try:
        found = json.loads(os.read(fd, 65536))
    except ValueError:
        return {}
    finally:
        os.close(fd)
    if not isinstance(found, dict):
        return {}
    return {
        name: [pid for pid in (pids if isinstance(pids, list) else [pids]) if type(pid) is int]
        for name, pids in found.items()
    }


def _supervisor(spool: Spool) -> int | None:
    """Pid of the running supervisor: the one that holds its lock."""
    try:
        facts = os.stat(f"{LOCK}.lock", dir_fd=spool.dir_fd(OWN_DIR), follow_symlinks=False)
    except OSError:
        return None
    return holders().get((facts.st_dev, facts.st_ino))


def tell_reload(spool: Spool) -> int:
    """Have a running supervisor and its processes read the configuration again; its pid.

    Raises RelayUnreachable and NotPermitted as `restart` does.
    """
    return _signal(spool, [signal.SIGHUP])


def _signal(spool: Spool, numbers: Sequence[int]) -> int:
    """Send signals to the supervisor of a spool; its pid."""
    pid = _supervisor(spool)
    if pid is None:
        raise RelayUnreachable(
            f"no `relay run` works on {spool.path}", hint="processes started alone end by SIGTERM"
        )
    try:
        handle = os.pidfd_open(pid)
        try:
            if _supervisor(spool) != pid:
                raise RelayUnreachable(f"`relay run` of {spool.path} has just ended")
            for number in numbers:
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
    except PermissionError as error:
        raise NotPermitted(f"`relay run` (pid {pid}) belongs to another user") from error
    except ProcessLookupError as error:
        raise RelayUnreachable(f"`relay run` of {spool.path} has just ended") from error
    return pid


def restart(spool: Spool, names: Sequence[str], wait: float, say: Callable[[str], None]) -> None:
    """Have a running supervisor start these processes anew, and see that it did.

    Raises RelayUnreachable when no supervisor runs or the processes are not back within
    `wait` seconds, NotPermitted when it belongs to another user.
    """
    before = read_processes(spool)
    _signal(spool, [RESTART_SIGNAL[name] for name in names])
    until = time.monotonic() + wait
    left = list(names)
    while left:
        now = read_processes(spool)
        for name in list(left):
            new = now.get(name, [])
            if len(new) >= len(before.get(name, [])) and not set(new) & set(before.get(name, [])):
                left.remove(name)
                say(f"{name} started anew: {_listed(before.get(name, []))} -> {_listed(new)}")
        if left and time.monotonic() > until:
            raise RelayUnreachable(f"{' and '.join(left)} not started anew within {wait:g} s")
        time.sleep(0.05)


def _listed(pids: Sequence[int]) -> str:
    return ",".join(map(str, pids)) or "none"
