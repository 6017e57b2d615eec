"""The school's PostgreSQL: made once, started with our settings, stopped in order, recovered after a crash (D1, D2)."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from embedded.account import invoker
from embedded.child import Command, end, launch, run
from embedded.engine import POSTGRES_MAJOR
from embedded.error import ServerError
from embedded.home import Home
from embedded.leftovers import is_alive, servers_in, wait_for_leftovers
from embedded.server_log import ServerLog, telling_line

#: The application's role and database: not a superuser, may create the staff role, owns the database.
ROLE = DATABASE = "diary"
SUPERUSER = "postgres"
PORT = 5432
#: Replaying the log of a busy day after a power cut takes a while; a server that lives is waited for, seconds.
START_PATIENCE = 600.0
_POLL = 0.02
#: Nothing of the invoker's environment (PGHOST, secrets) reaches the server; messages are English for ServerLog.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

SETTINGS = """\
# Written anew at each start. Put changes for this machine into postgresql.local.conf beside this file.
listen_addresses = ''
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
hba_file = {hba}
ident_file = {ident}

# A small machine: everything else of the service runs beside it.
max_connections = 100
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 1GB
random_page_cost = 1.1
max_wal_size = 1GB
wal_compression = on
jit = off
huge_pages = off

# Nobody waits for a lock, or holds a row while doing something else, longer than a page may take.
lock_timeout = 2s
idle_in_transaction_session_timeout = 15s

fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
wal_level = replica

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %a '
# Terse: details of an error hold the rows themselves, that is, people's data.
log_error_verbosity = terse
log_checkpoints = off

include_if_exists = 'postgresql.local.conf'
"""
#: Everything is peer authentication: who connects is told by the operating system.
ACCESS = """\
local all all peer map=diary
local replication all peer map=diary
"""


class Postgres:
    """One PostgreSQL server on one data directory."""

    title = "PostgreSQL"

    def __init__(self, home: Home, *, durable: bool) -> None:
        self._home = home
        self._durable = durable
        self._data = home.folder / "postgres"
        self._log = ServerLog(home.log / "postgres.log")
        self._sockets = Path()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def conf(self) -> Path:
        """The settings file of this run."""
        return self._home.conf / "postgresql.conf"

    def url(self, role: str, database: str) -> str:
        """Return the address of a database for a role; the socket's folder is its host."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._sockets), safe='/')}&port={PORT}"

    def make_data(self) -> None:
        """Make the data if there are none, and wait until nothing of a killed predecessor runs there.

        Raises ServerError when the data cannot be made or are of another release.
        """
        if self._data.exists():
            self._check_release()
        else:
            self._create()
        wait_for_leftovers(self._data, "postgres")
        self._forget_stale_process()

    def configure(self, sockets: Path) -> None:
        """Write the settings of this run."""
        self._sockets = sockets
        self._write_conf()

    def launch(self) -> None:
        """Start the server without waiting for it."""
        command = Command(
            argv=[
                str(self._home.engine.postgres_bin / "postgres"),
                "-D",
                str(self._data),
                "-c",
                f"config_file={self.conf}",
            ],
            environment=ENVIRONMENT,
            account=self._home.account,
            directory=self._home.conf,
            # Fast shutdown: open transactions are rolled back, everything committed is written out.
            death_signal=signal.SIGINT,
        )
        with self._log.open() as log:
            self.process = launch(command, output=log)

    def relaunch(self) -> None:
        """Start again after a crash, once nothing of the crashed server is left."""
        if not servers_in(self._data, "postgres"):
            self._forget_stale_process()
            self.launch()

    def wait_until_ready(self) -> None:
        """Wait until the server accepts connections.

        Raises ServerError with the server's own explanation when it ends instead.
        """
        process = self.process
        deadline = time.monotonic() + START_PATIENCE
        while process is not None and process.poll() is None:
            if self._is_ready(process.pid):
                return
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL was not ready after {START_PATIENCE:.0f} s; see {self._log.path}")
            time.sleep(_POLL)
        raise ServerError(f"PostgreSQL did not start: {self._log.explanation()} (see {self._log.path})")

    def stop(self, patience: float) -> None:
        """Stop the server: in order within `patience` seconds, else at once, with recovery at the next start."""
        if self.process is not None:
            end(self.process, [(signal.SIGINT, patience), (signal.SIGQUIT, 1.0)])
            self.process = None

    def kill(self) -> None:
        """End the server at once, with recovery at the next start."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)

    def _is_ready(self, process: int) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(process) and lines[7].strip() == "ready"

    def _check_release(self) -> None:
        try:
            release = (self._data / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            raise ServerError(f"{self._data} exists but holds no PostgreSQL data: move it away") from None
        if release != POSTGRES_MAJOR:
            raise ServerError(
                f"the data in {self._data} were made by PostgreSQL {release[:20]}, and this release carries "
                f"{POSTGRES_MAJOR}: back them up with the release that made them and restore the backup here"
            )

    def _create(self) -> None:
        # Made under another name, so that an interrupted attempt is never taken for a school's data.
        unfinished = self._home.folder / "postgres.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        self._home.server_folder(unfinished.name)
        bin_folder = self._home.engine.postgres_bin
        self._run_once(
            [
                str(bin_folder / "initdb"),
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
                "--auth=peer",
                "--no-instructions",
                *([] if self._durable else ["--no-sync"]),
            ]
        )
        self._run_once(
            [str(bin_folder / "postgres"), "--single", "-D", str(unfinished), "-c", "exit_on_error=on"]
            + ([] if self._durable else ["-F"])
            + ["postgres"],
            text=f"CREATE ROLE {ROLE} LOGIN CREATEROLE\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        unfinished.rename(self._data)

    def _run_once(self, argv: list[str], text: str = "") -> None:
        command = Command(argv=argv, environment=ENVIRONMENT, account=self._home.account, directory=self._home.conf)
        code, said = run(command, text=text)
        if code != 0:
            raise ServerError(f"PostgreSQL's data could not be made in {self._data}: {telling_line(said)}")

    def _forget_stale_process(self) -> None:
        """Remove a process file whose number now belongs to somebody else, which would keep PostgreSQL from starting.

        Called only when no server runs in the directory; PostgreSQL itself clears a file whose number is free.
        """
        file = self._data / "postmaster.pid"
        try:
            first = file.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
        except FileNotFoundError:
            return
        if not first.lstrip("-").isdigit() or is_alive(abs(int(first))):
            file.unlink()

    def _write_conf(self) -> None:
        hba, ident = self._home.conf / "pg_hba.conf", self._home.conf / "pg_ident.conf"
        users = sorted({invoker().name, self._home.account.name})
        lines = [f'diary "{user}" "{role}"\n' for user in users for role in (SUPERUSER, ROLE)]
        settings = SETTINGS.format(
            port=PORT,
            sockets=_quoted(self._sockets),
            hba=_quoted(hba),
            ident=_quoted(ident),
            durable="on" if self._durable else "off",
        )
        for path, text in ((hba, ACCESS), (ident, "".join(lines)), (self.conf, settings)):
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"
