"""The servers that the service needs, held for as long as a `with` block runs."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.backoff import Backoff
from embedded.error import ServerError
from embedded.home import Home, make_data_directory, settle
from embedded.lock import DirectoryLock
from embedded.postgres import DATABASE, ROLE, SUPERUSER, Postgres
from embedded.valkey import Valkey

#: How long servers get to stop in order when nobody hurries, seconds.
STOP_PATIENCE = 10.0


class EmbeddedServers:
    """PostgreSQL and Valkey on one data directory, children of this thread: they end when it ends, however it ends.

    `durable=False` is for tests: a power cut may then lose or damage the data.
    """

    def __init__(
        self,
        *,
        data: Path,
        postgres: bool = True,
        valkey: bool = True,
        durable: bool = True,
        stop_patience: float = STOP_PATIENCE,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.data = data.absolute()
        self._wanted = (postgres, valkey)
        self._durable = durable
        self._stop_patience = stop_patience
        self._report = report or (lambda _: None)
        self._locks: list[DirectoryLock] = []
        self._home: Home | None = None
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._backoffs: dict[str, Backoff] = {}

    @property
    def database_url(self) -> str:
        """The database as the application: owner of it, may create roles, not a superuser."""
        return self._started_postgres().url(ROLE, DATABASE)

    @property
    def superuser_url(self) -> str:
        """The server as its superuser, for tests and backups."""
        return self._started_postgres().url(SUPERUSER, SUPERUSER)

    @property
    def redis_url(self) -> str:
        """The Valkey server."""
        if self._valkey is None:
            raise RuntimeError("these servers were started without Valkey")
        return self._valkey.url

    @property
    def addresses(self) -> dict[str, str]:
        """The variables that lead a process of the service to these servers."""
        found = {} if self._postgres is None else {"DATABASE_URL": self.database_url}
        return found if self._valkey is None else {**found, "REDIS_URL": self.redis_url}

    @property
    def home(self) -> Home:
        """Where the servers live."""
        if self._home is None:
            raise RuntimeError("these servers are not started")
        return self._home

    def __enter__(self) -> Self:
        """Start what is wanted and wait until it is ready.

        Raises ServerError with one clear line; nothing is left running then.
        """
        try:
            self._start()
        except BaseException as problem:
            self.stop(patience=2.0)
            if isinstance(problem, OSError):
                where = problem.filename or self.data
                raise ServerError(f"{where}: {problem.strerror or problem}") from problem
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the servers in order."""
        self.stop(self._stop_patience)

    def kill(self) -> None:
        """End the servers at once; they recover at the next start. Safe to call from a signal handler."""
        for server in (self._postgres, self._valkey):
            if server is not None:
                server.kill()

    def stop(self, patience: float) -> None:
        """Stop the servers; one that takes longer than `patience` seconds is cut off and recovers at the next start."""
        deadline = time.monotonic() + patience
        if self._valkey is not None:
            self._valkey.stop(min(patience, 2.0))
        if self._postgres is not None:
            self._postgres.stop(max(deadline - time.monotonic(), 0.1))
        if self._home is not None:
            self._home.remove_sockets()
        self._postgres = self._valkey = None
        for lock in reversed(self._locks):
            lock.release()
        self._locks.clear()

    def revive(self) -> list[str]:
        """Start again what has crashed, with growing pauses, without waiting for it; return a line for each event."""
        events = []
        for server in (self._postgres, self._valkey):
            if server is None or server.process is None:
                continue
            backoff = self._backoffs.setdefault(server.title, Backoff())
            code = server.process.poll()
            if code is None:
                continue
            if backoff.due is None:
                events.append(f"{server.title} ended ({code}), starts again in {backoff.fail():.1f} s")
            elif backoff.is_due():
                server.relaunch()
                backoff.started()
        return events

    def _started_postgres(self) -> Postgres:
        if self._postgres is None:
            raise RuntimeError("these servers were started without PostgreSQL")
        return self._postgres

    def _start(self) -> None:
        make_data_directory(self.data)
        self._take(self.data)
        home = settle(self.data)
        if home.folder != self.data:
            self._take(home.folder)
        self._home = home
        wants_postgres, wants_valkey = self._wanted
        postgres = Postgres(home, durable=self._durable) if wants_postgres else None
        valkey = Valkey(home, durable=self._durable) if wants_valkey else None
        # Leftovers of both are waited for before the folder of their sockets is renewed.
        servers = [server for server in (postgres, valkey) if server is not None]
        for server in servers:
            self._report(server.title)
            server.make_data()
        sockets = home.fresh_sockets()
        self._postgres, self._valkey = postgres, valkey
        for server in servers:
            server.configure(sockets)
            server.launch()
        for server in servers:
            server.wait_until_ready()
            self._backoffs[server.title] = Backoff()
            self._backoffs[server.title].started()

    def _take(self, directory: Path) -> None:
        lock = DirectoryLock(directory)
        lock.take()
        self._locks.append(lock)


@contextlib.contextmanager
def temporary_servers(*, postgres: bool = True, valkey: bool = True) -> Iterator[EmbeddedServers]:
    """Hold empty, fast, forgetful servers for tests, and remove every trace of them afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="diary-test-"))
    folder.chmod(0o711)
    try:
        with EmbeddedServers(data=folder, postgres=postgres, valkey=valkey, durable=False) as servers:
            yield servers
    finally:
        shutil.rmtree(folder, ignore_errors=True)
