"""The `diary` command: the composition root of everything that is started from a shell.

Each command imports what it runs inside its function, so that `diary --help` is quick and the parent of `diary up`
stays small.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from embedded.error import ServerError
from embedded.launch import die_with_parent
from embedded.listening import free_loopback_port, reserve
from embedded.preparation import note, tell
from embedded.progress import shown
from embedded.running import announced
from embedded.servers import EmbeddedServers
from embedded.up import WEB, Installation
from embedded.up import up as hold
from settings import SettingError, Settings, read_settings

#: `diary` again, wherever the shell stands: the folder of this file comes first on the import path, never the shell's.
PROGRAM = (sys.executable, str(Path(__file__).resolve()))
#: What is not a page may take its time.
NO_TIMEOUT = 0
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

Answer = TypeVar("Answer")


class _OneLine(click.Group):
    """A command whose expected failures are one line each."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ServerError, SettingError) as problem:
            raise click.ClickException(str(problem)) from None
        except OSError as problem:
            if problem.strerror is None:
                raise
            where = f"{problem.filename}: " if problem.filename else ""
            raise click.ClickException(f"{where}{problem.strerror}") from None


@click.group(cls=_OneLine, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """School diary that proves who was informed, when and how."""


@main.command()
@click.option("--demo", is_flag=True, help="Build the demo school at the first start and catch its letters.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Worker processes.")
@click.option("--with-parent", is_flag=True, hidden=True, help="Stop when the calling process ends.")
def up(*, demo: bool, host: str | None, port: int | None, workers: int, with_parent: bool) -> None:
    """Run everything: servers, migrations, web, workers and the clock, until Ctrl-C."""
    if with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    settings = read_settings(os.environ)
    added = {"DIARY_MODE": _mode(settings, demo=demo), "DIARY_HOST": host or settings.host}
    children = [(WEB, ["web"]), *((f"worker-{n + 1}", ["worker"]) for n in range(workers)), ("clock", ["clock"])]
    letters = settings.data / "mail"
    if settings.smtp_url is not None or settings.channels.is_any_named:
        from tasks.channels.providers import providers

        providers(settings)  # a slip in an address or a key is told now, not by a worker that dies again and again
    catches = demo and settings.smtp_url is None
    if catches:
        mail_port = free_loopback_port()
        added["SMTP_URL"] = f"smtp://127.0.0.1:{mail_port}"
        children.append(("mail", ["mail-catcher", "--port", str(mail_port), str(letters)]))
    hold(
        Installation(
            data=settings.data,
            host=host or settings.host,
            port=settings.port if port is None else port,
            program=PROGRAM,
            children=children,
            preparation=["prepare", *(["--demo"] if demo else [])],
            environ=os.environ,
            added=added,
            wants_postgres=settings.database_url is None,
            wants_valkey=settings.redis_url is None,
        ),
        write=_write,
        when_ready=partial(_welcome, catches=catches),
    )


def _mode(settings: Settings, *, demo: bool) -> str:
    if not demo:
        return settings.mode
    if os.environ.get("DIARY_MODE") == "production":
        raise SettingError("--demo and DIARY_MODE=production exclude each other")
    return "development" if settings.mode == "development" else "demo"


def _write(line: str) -> None:
    # A closed pipe or terminal must not keep the children from being ended in order.
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def _welcome(address: str, seconds: float, notes: list[str], *, catches: bool) -> None:
    places = [("Начало", "/"), ("Канцелярия", "/admin/"), ("GraphQL", "/graphql")]
    places += [("Письма", "/demo/mail")] if catches else []
    lines = ["", f"Готово за {seconds:.1f} с. Ctrl-C останавливает всё.", ""]
    lines += [f"  {name:<12}{address}{path}" for name, path in places]
    lines += ["", *(f"  {note}" for note in notes), ""] if notes else [""]
    _write("\n".join(lines))


@main.command(hidden=True)
@click.option("--demo", is_flag=True)
def prepare(*, demo: bool) -> None:
    """Bring the database up to date, telling the parent how far it is."""

    async def work() -> None:
        from diary.migrations import migrate

        tell("Миграции", None)
        await migrate(lambda name: tell(f"Миграция {name}", None))
        await _check_redis()
        if demo:
            from diary.demo import build

            tell("Учебный пример", None)
            async with _pool(statement_timeout_ms=NO_TIMEOUT):
                school = await build(tell)
            for login in school.logins:
                note(f"{login.login:<12}{login.password:<12}{login.shows}")

    _run(work())


@main.command()
@click.option("--socket", "descriptor", type=int, hidden=True)
def web(descriptor: int | None) -> None:
    """Serve families, teachers and the office over HTTP."""
    import uvicorn

    settings = _connected()
    listener = reserve(settings.host, settings.port) if descriptor is None else socket.socket(fileno=descriptor)
    config = uvicorn.Config(
        "asgi:app",
        loop="uvloop",
        http="httptools",
        ws_max_size=65536,
        ws_ping_interval=25,
        # Addresses of the calendar and of extracts carry secrets, which must not end up in a log.
        access_log=False,
        log_config=None,
        server_header=False,
        # Clients' addresses come from the proxies that FORWARDED_ALLOW_IPS names, by default those on loopback.
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])


@main.command()
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Jobs done at a time.")
def worker(threads: int) -> None:
    """Send letters and print sheets that are due."""
    _connected()
    from tasks.worker import run

    run(threads)


@main.command()
def clock() -> None:
    """Start what is due at its hour."""
    _connected()
    from tasks.clock import run

    run()


@main.command("mail-catcher", hidden=True)
@click.option("--port", type=int, required=True)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def mail_catcher(port: int, directory: Path) -> None:
    """Keep the demo school's letters as files instead of sending them."""
    from tasks.mail_catcher import serve

    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(serve("127.0.0.1", port, directory))


@main.command()
def migrate() -> None:
    """Bring the database to this release."""
    with _servers(is_migrated=False):
        from diary.migrations import migrate as run_migrations

        count = _run(run_migrations(click.echo))
    click.echo(f"{count} migrations applied" if count else "The database is up to date")


@main.group("import")
def import_() -> None:
    """Take over a school's data from another system."""


@import_.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--apply", is_flag=True, help="Write the changes; without it they are only shown.")
@click.option("--school", help="Take this school only: its sourcedId; needed to change one of several.")
def oneroster(path: Path, *, apply: bool, school: str | None) -> None:
    """Import OneRoster 1.1 or 1.2 from a zip or a folder."""
    with _servers():
        from diary.exchange.command import ImportOutcome, import_oneroster

        async def work() -> ImportOutcome:
            with shown(partial(click.echo, err=True)) as report:
                async with _pool(statement_timeout_ms=NO_TIMEOUT):
                    return await import_oneroster(path, apply=apply, school=school, report=report)

        outcome = _run(work())
    for line in outcome.lines():
        click.echo(line)
    sys.exit(outcome.exit_status)


@main.group()
def account() -> None:
    """Accounts of people and staff."""


@account.command()
@click.argument("login")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["GUARDIAN", "PUPIL", "TEACHER", "OFFICE", "OPERATOR"], case_sensitive=False),
)
@click.option("--school", help="The school: its id or its OneRoster identifier. Needed for OFFICE.")
@click.option("--person", help="The guardian, pupil or teacher: id or OneRoster identifier.")
def create(login: str, role: str, school: str | None, person: str | None) -> None:
    """Open an account and print its password, once. With DIARY_PASSWORD set, that is the password."""
    with _servers():
        from diary.access.accounts import NewAccount
        from diary.access.tables import Role
        from diary.access.viewer import Nobody
        from diary.delivery.given_passwords import create_account

        async def work() -> NewAccount:
            async with _pool():
                return await create_account(
                    Nobody(route="COMMAND_LINE"),
                    login=login,
                    role=Role(role),
                    school_id=await _identified("school", school),
                    person_id=await _identified(role.lower(), person),
                    password=os.environ.get("DIARY_PASSWORD"),
                )

        made = _run(work())
    click.echo(f"login     {made.login}\npassword  {made.password}")


@account.command()
@click.argument("login")
def close(login: str) -> None:
    """Close an account: nobody signs in with it any more, and its sessions end at once."""
    with _servers():
        from diary.access.accounts import close_account
        from diary.access.viewer import Nobody

        async def work() -> None:
            async with _pool(), _speaking():
                await close_account(Nobody(route="COMMAND_LINE"), login)

        _run(work())
    click.echo(f"{login} is closed")


@account.command()
@click.argument("login")
def password(login: str) -> None:
    """Give an account a new password and print it, once; its sessions end at once."""
    with _servers():
        from diary.access.accounts import NewAccount
        from diary.access.viewer import Nobody
        from diary.delivery.given_passwords import give_new_password

        async def work() -> NewAccount:
            async with _pool(), _speaking():
                return await give_new_password(Nobody(route="COMMAND_LINE"), login)

        made = _run(work())
    click.echo(f"login     {made.login}\npassword  {made.password}")


@contextlib.asynccontextmanager
async def _speaking() -> AsyncIterator[None]:
    """Let the web process hear at once whose sessions have ended."""
    from diary.kit.announcement import announcements

    async with announcements.connected(os.environ.get("REDIS_URL"), hear=False):
        yield


async def _identified(table: str, text: str | None) -> Any:
    if text is None or table in {"office", "operator"}:
        return None
    from diary.kit import database

    found = await database.fetch(
        f"SELECT id FROM {table} WHERE id::text = $1 OR external_id = $1",  # noqa: S608 - one of our own table names
        text.strip(),
    )
    if len(found) != 1:
        raise click.ClickException(f"{'no' if not found else 'more than one'} {table} is known as {text}")
    return found[0]["id"]


def _connected() -> Settings:
    """Begin the log and return the settings of a process that needs servers: given ones or those of `diary up`."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    settings = read_settings(os.environ)
    if settings.database_url is None or settings.redis_url is None:
        addresses = announced(settings.data)
        for name, known in (("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url)):
            if known is None and name not in addresses:
                raise SettingError(f"{name} is not set, and no `diary up` runs on {settings.data}")
        _remember(settings, addresses)
    return settings


def _remember(settings: Settings, addresses: dict[str, str]) -> None:
    known = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    os.environ.update({name: address for name, address in addresses.items() if known[name] is None})


@contextlib.contextmanager
def _servers(*, is_migrated: bool = True) -> Iterator[None]:
    """Lead this process to the installation's servers: the running ones, or its own for as long as the block runs.

    A database of our own is migrated by the way; somebody else's only by `diary migrate`.
    """
    settings = read_settings(os.environ)
    wants = (settings.database_url is None, settings.redis_url is None)
    running = announced(settings.data)
    if not any(wants) or running:
        _remember(settings, running)
        yield
        return
    with EmbeddedServers(data=settings.data, postgres=wants[0], valkey=wants[1]) as servers:
        _remember(settings, servers.addresses)
        if is_migrated and wants[0]:
            from diary.migrations import migrate as run_migrations

            _run(run_migrations(lambda _: None))
        yield


@contextlib.asynccontextmanager
async def _pool(**options: int) -> AsyncIterator[None]:
    from diary.kit import database

    async with database.pool(**options):
        yield


async def _check_redis() -> None:
    from redis import RedisError
    from redis.asyncio import Redis

    try:
        client = Redis.from_url(os.environ["REDIS_URL"])
        await client.ping()
        await client.aclose()
    except (RedisError, ValueError, OSError) as problem:
        raise ServerError(f"REDIS_URL: {problem}") from None


def _run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run the work to its end; what can be expected to go wrong with it is one line."""
    import asyncpg

    from diary.kit.refusal import Refusal
    from diary.migrations import MigrationFailed

    try:
        return asyncio.run(work)
    except (Refusal, MigrationFailed) as problem:
        raise click.ClickException(" ".join(str(problem).split())) from None
    except asyncpg.UndefinedTableError:
        raise click.ClickException("the database is not of this release yet: run `diary migrate`") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as problem:
        raise click.ClickException(f"the database refuses: {' '.join(str(problem).split())}") from None


if __name__ == "__main__":
    main(prog_name="diary")
