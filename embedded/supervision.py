"""Running several children together: one log, crashed ones started again, all ended in order.

One thread does everything, because children die with the thread that started them (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from embedded.backoff import Backoff
from embedded.child import Command, launch, signal_group
from embedded.error import ServerError
from embedded.stop_signals import StopSignals

#: How often the loop looks at the children and at the stop signals, seconds.
TICK = 0.2
#: How long children get to end in order, seconds; together with the servers' share everything ends within five.
STOP_PATIENCE = 3.0
#: A child that crashed so often before everything was ready is not going to start at all.
HOPELESS = 5
_LONGEST_LINE = 64 * 1024
#: A log line must not move the operator's cursor or ring the bell, whatever a child was fed.
_CONTROL = dict.fromkeys((*range(9), *range(10, 32), 127), "�")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One child: the name that stands before its lines in the log, and how to run it."""

    name: str
    command: Command


class _Child:
    def __init__(self, spec: ChildSpec, backoff: Backoff) -> None:
        self.spec = spec
        self.backoff = backoff
        self.process: subprocess.Popen[bytes] | None = None
        self.crashes = 0
        self.pending = b""

    def lines(self, chunk: bytes) -> list[str]:
        *whole, self.pending = (self.pending + chunk).split(b"\n")
        if len(self.pending) > _LONGEST_LINE or (not chunk and self.pending):
            whole.append(self.pending)
            self.pending = b""
        return [line.decode("utf-8", "replace").rstrip("\r").translate(_CONTROL) for line in whole]


class Supervisor:
    """A set of children that lives and ends together."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        *,
        write: Callable[[str], None],
        backoff: Callable[[], Backoff] = Backoff,
        stop_patience: float = STOP_PATIENCE,
        own_name: str = "diary",
    ) -> None:
        self._children = [_Child(spec, backoff()) for spec in specs]
        self._write = write
        self._stop_patience = stop_patience
        self._own_name = own_name
        self._width = max(len(name) for name in (own_name, *(spec.name for spec in specs))) + 1
        self._selector = selectors.DefaultSelector()

    def run(
        self,
        signals: StopSignals,
        *,
        tend: Callable[[], Iterable[str]] = tuple,
        is_ready: Callable[[], bool] = lambda: True,
        when_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Run the children until somebody asks to stop, and end them.

        `tend` is called every tick and returns lines for the log; `when_ready` is called once, after `is_ready` first
        said so. Raises ServerError when a child keeps crashing before that.
        """
        ready = False
        signals.kill = self.kill
        try:
            signals.defer()
            for child in self._children:
                self._start(child)
            while not signals.is_requested:
                self._pump(TICK)
                for event in tend():
                    self.say(event)
                for child in self._children:
                    self._look_after(child, is_starting=not ready)
                if not ready and is_ready():
                    ready = True
                    when_ready()
        finally:
            self._stop()

    def say(self, line: str) -> None:
        """Write a line of the supervisor's own into the log."""
        self._log(self._own_name, line)

    def kill(self) -> None:
        """End all children at once."""
        for child in self._children:
            if child.process is not None:
                signal_group(child.process, signal.SIGKILL)

    def _start(self, child: _Child) -> None:
        child.process = launch(child.spec.command, output=subprocess.PIPE)
        child.backoff.started()
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _look_after(self, child: _Child, *, is_starting: bool) -> None:
        if child.process is None:
            if child.backoff.is_due():
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        signal_group(child.process, signal.SIGKILL)  # what it started must not meet what its successor starts
        self._drain(child)
        child.process = None
        child.crashes += 1
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        if is_starting and child.crashes >= HOPELESS:
            raise ServerError(f"{child.spec.name} does not start ({how}); its own lines above say why")
        self.say(f"{child.spec.name} ended ({how}), starts again in {child.backoff.fail():.1f} s")

    def _pump(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child: _Child = key.data
            self._read(child)

    def _read(self, child: _Child) -> bool:
        assert child.process is not None
        assert child.process.stdout is not None
        try:
            chunk = os.read(child.process.stdout.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        for line in child.lines(chunk):
            self._log(child.spec.name, line)
        if not chunk and child.process.stdout in self._selector.get_map():
            self._selector.unregister(child.process.stdout)
        return bool(chunk)

    def _drain(self, child: _Child) -> None:
        assert child.process is not None
        assert child.process.stdout is not None
        while self._read(child):
            pass
        if child.process.stdout in self._selector.get_map():
            self._selector.unregister(child.process.stdout)
        child.process.stdout.close()

    def _stop(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            assert child.process is not None
            child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_patience
        while any(child.process is not None and child.process.poll() is None for child in running):
            if time.monotonic() > deadline:
                late = [c.spec.name for c in running if c.process is not None and c.process.poll() is None]
                self.say(f"{', '.join(late)} did not end in {self._stop_patience:.0f} s and is cut off")
                break
            self._pump(0.02)
        self.kill()
        for child in running:
            assert child.process is not None
            child.process.wait()
            self._drain(child)
            child.process = None

    def _log(self, name: str, line: str) -> None:
        self._write(f"{name:<{self._width}}| {line}")
