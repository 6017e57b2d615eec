"""`diary up`: servers, migrations and every process of the service, held together by one parent."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from embedded.child import Command
from embedded.environment import child_environment, kept_secret
from embedded.home import make_data_directory
from embedded.listening import is_open, reserve
from embedded.preparation import prepare
from embedded.progress import shown
from embedded.running import announce, withdraw
from embedded.servers import EmbeddedServers
from embedded.stop_signals import StopRequested, StopSignals
from embedded.supervision import ChildSpec, Supervisor

#: The servers' share of the five seconds in which everything ends.
SERVERS_PATIENCE = 1.5
#: The argument by which the web process is told of the socket it inherits.
SOCKET_OPTION = "--socket"
WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What one `diary up` holds: its data, its address, and the commands of its processes."""

    data: Path
    host: str
    port: int
    #: The command line that a child's arguments are added to.
    program: Sequence[str]
    #: Each child's name in the log and its arguments; the one named WEB inherits the listening socket.
    children: Sequence[tuple[str, Sequence[str]]]
    #: The arguments of the child that migrates before the others start.
    preparation: Sequence[str]
    environ: Mapping[str, str]
    #: What the children are told beyond the servers' addresses.
    added: Mapping[str, str] = field(default_factory=dict)
    wants_postgres: bool = True
    wants_valkey: bool = True


def up(
    installation: Installation,
    *,
    write: Callable[[str], None],
    when_ready: Callable[[str, float, list[str]], None],
) -> None:
    """Start everything, run until somebody asks to stop, and leave no process behind.

    `when_ready` gets the address, the seconds it took and the notes of the preparation.
    Raises ServerError with one clear line when something cannot start.
    """
    began = time.monotonic()
    with contextlib.suppress(StopRequested), StopSignals() as signals, ExitStack() as held:
        listener = held.enter_context(reserve(installation.host, installation.port))
        port = listener.getsockname()[1]
        host = f"[{installation.host}]" if ":" in installation.host else installation.host
        make_data_directory(installation.data)
        with shown(write) as report:
            servers, addresses = held.enter_context(_servers(installation, lambda step: report(step, None)))
            if servers is not None:
                held.callback(setattr, signals, "kill", servers.kill)
            added = {"DIARY_DATA": str(installation.data), "DIARY_PORT": str(port), **installation.added, **addresses}
            if not (installation.environ.get("DIARY_SECRET_KEY") or installation.environ.get("DIARY_SECRET_KEY_FILE")):
                added["DIARY_SECRET_KEY"] = kept_secret(installation.data)
            environment = child_environment(installation.environ, added)
            preparing = Command(argv=[*installation.program, *installation.preparation], environment=environment)
            notes = prepare(preparing, report=report, log_folder=installation.data)
        specs = []
        for name, arguments in installation.children:
            inherited = [listener.fileno()] if name == WEB else []
            options = [SOCKET_OPTION, str(listener.fileno())] if name == WEB else []
            argv = [*installation.program, *arguments, *options]
            specs.append(ChildSpec(name, Command(argv=argv, environment=environment, pass_fds=inherited)))
        supervisor = Supervisor(specs, write=write)
        if servers is not None:
            announce(installation.data, addresses)
            held.callback(withdraw, installation.data)
        supervisor.run(
            signals,
            tend=tuple if servers is None else servers.revive,
            is_ready=lambda: is_open(listener),
            when_ready=lambda: when_ready(f"http://{host}:{port}", time.monotonic() - began, notes),
        )


@contextmanager
def _servers(
    installation: Installation, report: Callable[[str], None]
) -> Iterator[tuple[EmbeddedServers | None, dict[str, str]]]:
    if not (installation.wants_postgres or installation.wants_valkey):
        yield None, {}
        return
    with EmbeddedServers(
        data=installation.data,
        postgres=installation.wants_postgres,
        valkey=installation.wants_valkey,
        stop_patience=SERVERS_PATIENCE,
        report=report,
    ) as servers:
        yield servers, servers.addresses
