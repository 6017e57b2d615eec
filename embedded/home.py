"""Where the servers of one data directory live: inside it, or for root where their unprivileged account can reach.

home/            the data directory, or /var/lib/diary/<id>
  postgres/      PostgreSQL's data, of the servers' account, 0700
  valkey/        Valkey's log of messages, likewise
  run/           the unix sockets, likewise (or a short folder under /tmp when the path is too long for a socket)
  conf/  log/    written by the supervisor, never by the servers' account
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from embedded.account import Account, server_account
from embedded.child import can_reach
from embedded.engine import Engine, copied_engine, installed_engine
from embedded.error import ServerError

#: Where root keeps servers whose account cannot reach the data directory.
SYSTEM_HOMES = Path("/var/lib/diary")
#: The file in the data directory that names the folder under SYSTEM_HOMES.
PLACE_FILE = "place"
#: The file in the home that names the folder of the sockets when that is elsewhere.
SOCKETS_FILE = "sockets"
POSTGRES_SOCKET, VALKEY_SOCKET = ".s.PGSQL.5432", "valkey.sock"
#: sockaddr_un.sun_path without its closing zero byte.
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103


@dataclass(frozen=True, slots=True)
class Home:
    """The settled place of one installation's servers."""

    folder: Path
    account: Account
    engine: Engine

    @property
    def conf(self) -> Path:
        """Settings that the servers read and may not write."""
        return self.folder / "conf"

    @property
    def log(self) -> Path:
        """What the servers said."""
        return self.folder / "log"

    def server_folder(self, name: str) -> Path:
        """Return a folder that belongs to the servers' account alone, made if it is missing."""
        folder = self.folder / name
        if not folder.exists():
            folder.mkdir(mode=0o700)
            folder.chmod(0o700)
            if not self.account.is_invoker:
                os.chown(folder, self.account.uid, self.account.gid, follow_symlinks=False)
        return folder

    def fresh_sockets(self) -> Path:
        """Return an empty folder for the sockets; those of a killed predecessor are removed."""
        self.remove_sockets()
        folder = self.folder / "run"
        if _fits_sockets(folder):
            return self.server_folder("run")
        short = Path(tempfile.mkdtemp(prefix="diary-"))
        if not _fits_sockets(short):
            short.rmdir()
            short = Path(tempfile.mkdtemp(prefix="diary-", dir="/tmp"))  # private (0700) and random
        if not self.account.is_invoker:
            os.chown(short, self.account.uid, self.account.gid)
        (self.folder / SOCKETS_FILE).write_text(str(short), encoding="utf-8")
        return short

    def remove_sockets(self) -> None:
        """Remove the folder of the sockets, wherever it was, if it is ours."""
        note = self.folder / SOCKETS_FILE
        candidates = [self.folder / "run"]
        if note.exists():
            candidates.append(Path(note.read_text(encoding="utf-8").strip()))
        for folder in candidates:
            if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == self.account.uid:
                shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


def _fits_sockets(folder: Path) -> bool:
    # PostgreSQL and its clients take a comma for the next folder in a list.
    longest = max(len(os.fsencode(folder / name)) for name in (POSTGRES_SOCKET, VALKEY_SOCKET))
    return longest <= LONGEST_SOCKET_PATH and "," not in str(folder)


def make_data_directory(data: Path) -> None:
    """Make the data directory if it is missing, closed to others but for root, whose servers must pass through it."""
    if data.is_dir():
        return
    data.mkdir(parents=True)
    data.chmod(0o711 if os.geteuid() == 0 else 0o700)


def settle(data: Path) -> Home:
    """Decide where the servers of the data directory live and which programs they run."""
    engine = installed_engine()
    place = data / PLACE_FILE
    folder = SYSTEM_HOMES / place.read_text(encoding="ascii").strip() if place.exists() else data
    if not folder.is_dir():
        raise ServerError(
            f"the servers' data of {data} were in {folder}, which is gone: bring it back, or remove {place}"
        )
    existing = next((part for part in (folder / "postgres", folder / "valkey") if part.exists()), None)
    account = server_account(None if existing is None else existing.stat().st_uid)
    if not account.is_invoker and not can_reach(account, [(folder, os.X_OK)]):
        if existing is not None:
            raise ServerError(f"the user {account.name}, whose data are in {folder}, cannot reach that folder any more")
        folder = _system_home(place)
        if not can_reach(account, [(folder, os.X_OK)]):
            raise ServerError(
                f"the user {account.name}, who runs the servers for root, can reach neither {data} nor {folder}"
            )
    for part in ("conf", "log"):
        (folder / part).mkdir(exist_ok=True)
        (folder / part).chmod(0o755 if part == "conf" else 0o700)
    if not engine.is_reachable(account):
        engine = copied_engine(engine, folder)
    return Home(folder, account, engine)


def _system_home(place: Path) -> Path:
    name = secrets.token_hex(8)
    folder = SYSTEM_HOMES / name
    if not SYSTEM_HOMES.exists():
        SYSTEM_HOMES.mkdir(parents=True)
        SYSTEM_HOMES.chmod(0o711)
    folder.mkdir()
    folder.chmod(0o711)
    # The name is kept only once the folder exists: a place that is named and gone means lost data.
    unfinished = place.with_suffix(".new")
    unfinished.write_text(f"{name}\n", encoding="ascii")
    unfinished.rename(place)
    return folder
