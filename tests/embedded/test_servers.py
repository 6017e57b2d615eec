"""The servers start, hold what they are given, and are reachable by nobody else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import pytest
import redis

from embedded.error import ServerError
from embedded.servers import EmbeddedServers, temporary_servers
from tests.embedded.conftest import run_sql, servers_of, valkey, wait_until


@pytest.fixture(scope="module")
def servers() -> Iterator[EmbeddedServers]:
    with temporary_servers() as held:
        yield held


def test_the_application_owns_its_database_and_is_no_superuser(servers: EmbeddedServers) -> None:
    assert run_sql(servers.database_url, "SELECT current_user || '@' || current_database()") == "diary@diary"
    assert (
        run_sql(servers.database_url, "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'diary'")
        == "diary"
    )
    rights = "SELECT (rolsuper, rolcreaterole, rolcreatedb, rolbypassrls)::text FROM pg_roles WHERE rolname = 'diary'"
    assert run_sql(servers.database_url, rights) == "(f,t,f,f)"
    assert run_sql(servers.superuser_url, "SELECT usesuper FROM pg_user WHERE usename = current_user") is True


def test_cyrillic_is_compared_without_case_and_pages_carry_checksums(servers: EmbeddedServers) -> None:
    assert run_sql(servers.database_url, "SELECT 'Ёлкин' ILIKE 'ёЛК%'") is True
    locale = "SELECT datlocprovider::text || datlocale || pg_encoding_to_char(encoding) FROM pg_database"
    assert run_sql(servers.database_url, f"{locale} WHERE datname = 'diary'") == "bC.UTF-8UTF8"
    assert run_sql(servers.database_url, "SHOW data_checksums") == "on"


def test_no_tcp_port_is_open_and_the_sockets_are_closed_to_others(servers: EmbeddedServers) -> None:
    assert run_sql(servers.superuser_url, "SHOW listen_addresses") == ""
    assert valkey(servers.redis_url).config_get("port") == {"port": "0"}
    folder = Path(unquote(servers.redis_url.removeprefix("unix://").split("?")[0])).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in (".s.PGSQL.5432", "valkey.sock"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700


def test_servers_run_as_somebody_without_privileges(servers: EmbeddedServers) -> None:
    owner = (servers.home.folder / "postgres").stat().st_uid

    assert owner != 0
    assert owner == os.geteuid() or os.geteuid() == 0
    assert stat.S_IMODE((servers.home.folder / "postgres").stat().st_mode) == 0o700


def test_only_known_users_of_the_machine_are_let_in(servers: EmbeddedServers) -> None:
    with pytest.raises(asyncpg.PostgresError, match=r"Peer authentication failed|no pg_hba|does not exist"):
        run_sql(servers.database_url.replace("//diary@", "//nobody_known@"), "SELECT 1")


def test_valkey_refuses_writes_rather_than_forgetting_when_full(servers: EmbeddedServers) -> None:
    assert valkey(servers.redis_url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_each_part_can_be_left_to_another_server(place: Path) -> None:
    with EmbeddedServers(data=place / "one", postgres=False, durable=False) as only_valkey:
        assert valkey(only_valkey.redis_url).ping()
        with pytest.raises(RuntimeError, match="without PostgreSQL"):
            _ = only_valkey.database_url
    with EmbeddedServers(data=place / "two", valkey=False, durable=False) as only_postgres:
        assert run_sql(only_postgres.database_url, "SELECT 1") == 1
        with pytest.raises(RuntimeError, match="without Valkey"):
            _ = only_postgres.redis_url
    assert not (place / "one" / "postgres").exists()
    assert not (place / "two" / "valkey").exists()


def test_durable_servers_write_through(place: Path) -> None:
    with EmbeddedServers(data=place / "school") as servers:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert run_sql(servers.database_url, f"SHOW {setting}") == "on"
        answers = valkey(servers.redis_url).config_get("appendonly", "appendfsync", "save")
        assert answers == {"appendonly": "yes", "appendfsync": "everysec", "save": ""}


def test_a_path_in_russian_with_spaces_and_quotes_works(place: Path) -> None:
    with EmbeddedServers(data=place / "Школа № 5 'Ёлка', \"дневник\" #1 %41? [a-z]*", durable=False) as servers:
        assert run_sql(servers.database_url, "SELECT 1") == 1
        assert valkey(servers.redis_url).ping()


def test_a_path_too_long_for_a_socket_works_and_leaves_no_folder_behind(place: Path) -> None:
    with EmbeddedServers(data=place / ("deep-" * 20) / ("deeper-" * 20), durable=False) as servers:
        assert run_sql(servers.database_url, "SELECT 1") == 1
        assert valkey(servers.redis_url).ping()
        sockets = Path(unquote(servers.redis_url.removeprefix("unix://").split("?")[0])).parent
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert not sockets.is_relative_to(place)
    assert not sockets.exists()


@pytest.mark.parametrize("spare", [0, 1])
def test_the_longest_path_of_a_socket_is_107_bytes(place: Path, spare: int) -> None:
    room = 107 - len(os.fsencode(place)) - len("//run/.s.PGSQL.5432") + spare
    with EmbeddedServers(data=place / ("d" * room), durable=False) as servers:
        assert run_sql(servers.database_url, "SELECT 1") == 1
        assert ((servers.home.folder / "run").exists()) is (spare == 0)


def test_what_was_written_is_there_after_an_orderly_stop(place: Path) -> None:
    with EmbeddedServers(data=place / "school") as servers:
        run_sql(servers.database_url, "CREATE TABLE kept AS SELECT 5 AS mark")
        valkey(servers.redis_url).set("kept", "yes")
    with EmbeddedServers(data=place / "school") as servers:
        assert run_sql(servers.database_url, "SELECT mark FROM kept") == 5
        assert valkey(servers.redis_url).get("kept") == "yes"


def test_data_of_another_release_are_refused_by_name(place: Path) -> None:
    with EmbeddedServers(data=place / "school", valkey=False, durable=False):
        pass
    (place / "school" / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(ServerError, match=r"made by PostgreSQL 17, and this release carries 18") as refused:
        EmbeddedServers(data=place / "school", valkey=False, durable=False).__enter__()
    assert "\n" not in str(refused.value)


def test_a_wrong_setting_of_the_machine_is_told_in_one_line(place: Path) -> None:
    with EmbeddedServers(data=place / "school", valkey=False, durable=False) as servers:
        conf = servers.home.conf
    (conf / "postgresql.local.conf").write_text("work_mem = 'much'\n")
    (conf / "postgresql.local.conf").chmod(0o644)

    with pytest.raises(ServerError, match=r'invalid value for parameter "work_mem"') as refused:
        EmbeddedServers(data=place / "school", valkey=False, durable=False).__enter__()
    assert "\n" not in str(refused.value)


def test_a_data_directory_that_is_a_file_is_one_line(place: Path) -> None:
    (place / "file").write_text("")

    with pytest.raises(ServerError, match=r"file/data: Not a directory") as refused:
        EmbeddedServers(data=place / "file" / "data").__enter__()
    assert "\n" not in str(refused.value)


def test_an_interrupted_making_of_the_data_is_made_again(place: Path) -> None:
    (place / "school" / "postgres.new" / "base").mkdir(parents=True)

    with EmbeddedServers(data=place / "school", valkey=False, durable=False) as servers:
        assert run_sql(servers.database_url, "SELECT 1") == 1


def test_a_crashed_server_is_started_again(place: Path) -> None:
    with EmbeddedServers(data=place, durable=False) as servers:
        for process in servers_of(place):
            process.kill()
        events: list[str] = []

        def answers() -> bool:
            events.extend(servers.revive())
            try:
                return run_sql(servers.database_url, "SELECT 1") == 1 and bool(valkey(servers.redis_url).ping())
            except (OSError, asyncpg.PostgresError, redis.ConnectionError):
                return False

        wait_until(answers, seconds=15)
        assert sorted(event.split(" ")[0] for event in events) == ["PostgreSQL", "Valkey"]


def test_valkey_takes_the_settings_of_the_machine_but_stays_closed(place: Path) -> None:
    with EmbeddedServers(data=place, postgres=False, durable=False) as servers:
        conf = servers.home.conf
    (conf / "valkey.local.conf").write_text("maxmemory 64mb\nport 7777")

    with EmbeddedServers(data=place, postgres=False, durable=False) as servers:
        answers = valkey(servers.redis_url).config_get("maxmemory", "port")
        assert answers == {"maxmemory": str(64 * 1024 * 1024), "port": "0"}


def test_valkey_ends_at_a_signal_even_when_it_cannot_write(place: Path) -> None:
    with EmbeddedServers(data=place, postgres=False) as servers:
        valkey(servers.redis_url).set("kept", "yes")
        valkey(servers.redis_url).config_set("save", "1 1")
        (place / "valkey").rename(place / "moved")
        process = servers_of(place)[0]
        process.terminate()
        wait_until(lambda: not process.is_running() or process.status() == "zombie", seconds=3)
