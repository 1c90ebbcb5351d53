"""
The process that children are forked from: `python -m app.processors.forkserver`.

It loads the models once and then only forks, kills and reaps, on orders that
come over a socket. It has no threads and touches no document, and when its
orders end, because the web worker has closed the socket or has died, nothing
that it started outlives it, not even a child that is stuck in C code.

`multiprocessing` has a forkserver too; that one imports the caller's
`__main__`, swallows import errors, must be started from a thread, and cannot
end a child whose parent has died while a computation holds the interpreter.
"""

import faulthandler
import importlib
import os
import select
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from socket import recv_fds, socket
from typing import Final, Never

from app.domain.processing import Execution
from app.processors import child
from app.processors.catalogue import Catalogue
from app.processors.child import Extract
from app.processors.limits import die_with_parent, limit_memory, lower_priority
from app.telemetry import logs

ORDER: Final = struct.Struct("!BI")
NEWS: Final = struct.Struct("!BIi")


class Order(IntEnum):
    """What the web worker can ask for; each names a child by the number that the web worker gave it."""

    FORK = 1
    KILL = 2


class News(IntEnum):
    """What it is told; an `EXITED` child's status is an exit code, or a signal's number below zero."""

    READY = 1
    EXITED = 2


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What each child may take: *memory* in bytes above its size at birth, *cpu_time* for each job."""

    memory: int
    cpu_time: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Forkserver:
    """The family: who is alive, under which number."""

    orders: socket
    catalogue: Catalogue
    extract: Extract
    allowance: Allowance
    pids: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        """Follow orders until they end; then leave nobody behind."""
        deaths, woken = os.pipe()
        for end in (deaths, woken):
            os.set_blocking(end, False)
        _disregard(signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        self._tell(News.READY)
        while self._follow(deaths):
            pass
        for number in self.pids:
            self._kill(number)
        for pid in self.pids.values():
            os.waitpid(pid, 0)

    def _follow(self, deaths: int) -> bool:
        ready, _, _ = select.select([self.orders.fileno(), deaths], [], [])
        if deaths in ready:
            os.read(deaths, 4096)
            self._reap()
        if self.orders.fileno() not in ready:
            return True
        try:
            message, descriptors, _, _ = recv_fds(self.orders, ORDER.size, 1)
        except ConnectionResetError:  # the web worker was killed before it had read all news
            return False
        if len(message) < ORDER.size:
            return False
        order, number = ORDER.unpack(message)
        if order == Order.FORK:
            self._fork(number, socket(fileno=descriptors[0]))
        else:
            self._kill(number)
        return True

    def _fork(self, number: int, connection: socket) -> None:
        me = os.getpid()
        with connection:
            try:
                pid = os.fork()
            except OSError:
                self._tell(News.EXITED, number, -signal.SIGKILL)
                return
            if pid == 0:
                self._become_child(connection, me)
        # The child does it too, so that its group exists whoever comes first.
        with suppress(OSError):
            os.setpgid(pid, pid)
        self.pids[number] = pid

    def _become_child(self, connection: socket, parent: int) -> Never:
        try:
            os.setpgid(0, 0)
            die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.orders.close()
            lower_priority()
            limit_memory(self.allowance.memory)
            child.serve(connection, self.catalogue, self.extract, self.allowance.cpu_time)
            os._exit(0)
        except BrokenPipeError:
            os._exit(1)
        except BaseException as error:  # noqa: BLE001 - a forked child must never return into its parent's code
            name = type(error).__name__
            logs.get_logger().error("processor child broke", error=name, stack_trace=logs.frames_of(error))
            os._exit(1)

    def _kill(self, number: int) -> None:
        """End a child and whatever it has started; one that is gone already is fine."""
        if number in self.pids:
            with suppress(ProcessLookupError):
                os.killpg(self.pids[number], signal.SIGKILL)

    def _reap(self) -> None:
        numbers = {pid: number for number, pid in self.pids.items()}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            number = numbers.get(found.si_pid)
            if number is not None:
                # Before it is reaped, its number cannot be anybody else's.
                self._kill(number)
                del self.pids[number]
            _, status = os.waitpid(found.si_pid, 0)
            if number is not None:
                self._tell(News.EXITED, number, os.waitstatus_to_exitcode(status))

    def _tell(self, news: News, number: int = 0, status: int = 0) -> None:
        with suppress(OSError):
            self.orders.sendall(NEWS.pack(news, number, status))


def _disregard(*signals: signal.Signals) -> None:
    """Outlive *signals*; a handler, unlike `SIG_IGN`, is not handed on to what a processor executes."""
    for number in signals:
        signal.signal(number, lambda *_: None)


def main(  # noqa: PLR0913, PLR0917 - each is a word of the command line
    orders: int, memory: int, cpu_seconds: float, log_level: str, reader: str, statistical_models: str, *modules: str
) -> None:
    """Load the models of *modules* and the *reader* of files, and serve the other end of descriptor *orders*."""
    logs.configure(level=log_level, project=None)
    faulthandler.enable()
    catalogue = Catalogue.load(modules, statistical_models=statistical_models)
    for offered in catalogue:
        if offered.load and offered.execution is Execution.CPU:
            offered.load()
    extraction = importlib.import_module(reader)
    extraction.warm_up()
    allowance = Allowance(memory=memory, cpu_time=timedelta(seconds=cpu_seconds) if cpu_seconds else None)
    Forkserver(orders=socket(fileno=orders), catalogue=catalogue, extract=extraction.extract, allowance=allowance).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:])
