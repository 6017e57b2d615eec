"""The school's Valkey: it wakes workers and carries live events, and forgets nothing acknowledged (D2, D7)."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from embedded.child import Command, end, launch
from embedded.error import ServerError
from embedded.home import VALKEY_SOCKET, Home
from embedded.leftovers import servers_in, wait_for_leftovers
from embedded.server_log import ServerLog

START_PATIENCE = 120.0
_POLL = 0.02
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

SETTINGS = """\
# Written anew at each start. Put changes for this machine into valkey.local.conf beside this file.
databases 4
loglevel notice
appendonly {durable}
appendfsync everysec
aof-load-truncated yes
maxmemory 256mb
maxmemory-policy noeviction
{local}
# Not for this machine to change. Without snapshots, and leaving whatever fails: it must never outlive its supervisor.
save ""
shutdown-on-sigterm nosave force
daemonize no
port 0
unixsocket {socket}
unixsocketperm 700
dir {data}
"""
LOCAL_SETTINGS = "valkey.local.conf"


class Valkey:
    """One Valkey server on one data directory."""

    title = "Valkey"

    def __init__(self, home: Home, *, durable: bool) -> None:
        self._home = home
        self._durable = durable
        self._data = home.folder / "valkey"
        self._log = ServerLog(home.log / "valkey.log")
        self._socket = Path()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def conf(self) -> Path:
        """The settings file of this run."""
        return self._home.conf / "valkey.conf"

    @property
    def url(self) -> str:
        """The server's address."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    def make_data(self) -> None:
        """Make the folder of its data if it is missing, and wait until nothing of a killed predecessor runs there."""
        self._home.server_folder(self._data.name)
        wait_for_leftovers(self._data, "valkey-server")

    def configure(self, sockets: Path) -> None:
        """Write the settings of this run."""
        self._socket = sockets / VALKEY_SOCKET
        local = self._home.conf / LOCAL_SETTINGS
        settings = SETTINGS.format(
            socket=_quoted(self._socket),
            data=_quoted(self._data),
            local=local.read_text(encoding="utf-8") if local.exists() else "",
            durable="yes" if self._durable else "no",
        )
        self.conf.write_text(settings, encoding="utf-8")

    def launch(self) -> None:
        """Start the server without waiting for it."""
        command = Command(
            argv=[str(self._home.engine.valkey_server), "-"],
            directory=self._home.conf,
            environment=ENVIRONMENT,
            account=self._home.account,
            death_signal=signal.SIGTERM,
        )
        # Through its input: Valkey takes special characters of a path for a pattern, and then starts without settings.
        with self._log.open() as log, self.conf.open("rb") as settings:
            self.process = launch(command, output=log, source=settings)

    def relaunch(self) -> None:
        """Start again after a crash, once nothing of the crashed server is left."""
        if not servers_in(self._data, "valkey-server"):
            self._socket.unlink(missing_ok=True)
            self.launch()

    def wait_until_ready(self) -> None:
        """Wait until the server has loaded its data and answers.

        Raises ServerError with the server's own explanation when it ends instead.
        """
        process = self.process
        deadline = time.monotonic() + START_PATIENCE
        while process is not None and process.poll() is None:
            if self._answers():
                return
            if time.monotonic() > deadline:
                raise ServerError(f"Valkey was not ready after {START_PATIENCE:.0f} s; see {self._log.path}")
            time.sleep(_POLL)
        raise ServerError(f"Valkey did not start: {self._log.explanation()} (see {self._log.path})")

    def stop(self, patience: float) -> None:
        """Stop the server, which writes out what it was given."""
        if self.process is not None:
            end(self.process, [(signal.SIGTERM, patience)])
            self.process = None

    def kill(self) -> None:
        """End the server at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
