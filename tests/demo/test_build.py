"""Building the demo school: into an empty installation, whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diary import demo
from diary.access.tables import Account
from diary.demo.build import DemoLoginsTaken, RealSchoolPresent
from diary.kit import database
from tests.demo.conftest import Databases

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def count(table: str) -> int:
    return int((await database.fetch(f"SELECT count(*) AS found FROM {table}"))[0]["found"])


def silent(_stage: str, _share: float) -> None:
    pass


async def test_it_tells_its_stages_and_how_far_it_is(databases: Databases) -> None:
    async with databases.built(TUESDAY):
        assert await demo.demo_exists()
    built, told = databases.answers[TUESDAY], databases.reports[TUESDAY]

    assert built.is_new
    assert [login.login for login in built.logins] == [
        "anna", "boris", "galina", "misha", "vera", "gleb", "daria", "root",
    ]  # fmt: skip
    shares = [share for _stage, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert {"Отметки", "Домашние задания"} <= {stage for stage, _share in told}


async def test_a_second_build_changes_nothing(databases: Databases) -> None:
    async with databases.built(TUESDAY):
        before = await count("audit_entry"), await count("feed_event"), await count("mark")
        again = await demo.build(silent)

        assert not again.is_new
        assert again.school_id == (await database.fetch("SELECT id FROM school"))[0]["id"]
        assert before == (await count("audit_entry"), await count("feed_event"), await count("mark"))


async def test_a_real_school_is_never_touched(databases: Databases) -> None:
    async with databases.empty():
        await database.execute("INSERT INTO school (id, name, demo) VALUES (gen_random_uuid(), 'Гимназия № 1', false)")

        with pytest.raises(RealSchoolPresent) as refused:
            await demo.build(silent)
        assert not await demo.demo_exists()
        assert refused.value.code == "REAL_SCHOOL_PRESENT"
        assert "«Гимназия № 1»" in str(refused.value)
        assert "\n" not in str(refused.value)
        assert (await count("school"), await count("account"), await count("pupil")) == (1, 0, 0)


async def test_a_real_school_that_came_later_keeps_the_demo_school_from_nothing(databases: Databases) -> None:
    async with databases.empty():
        for name, is_demo in (("Гимназия № 1", "false"), ("Пример", "true")):
            await database.execute(
                f"INSERT INTO school (id, name, demo) VALUES (gen_random_uuid(), '{name}', {is_demo})"
            )

        found = await demo.build(silent)

        assert not found.is_new
        assert (await count("school"), await count("account")) == (2, 0)


async def test_logins_that_somebody_has_are_not_taken_over(databases: Databases) -> None:
    async with databases.empty():
        await database.execute("INSERT INTO account (username, password) VALUES ('root', 'x')")

        with pytest.raises(DemoLoginsTaken) as refused:
            await demo.build(silent)

        assert "root" in str(refused.value)
        assert (await count("school"), await count("account")) == (0, 1)


async def test_a_build_that_breaks_off_leaves_nothing(databases: Databases) -> None:
    def break_off(_stage: str, share: float) -> None:
        if share > 0.6:
            raise ConnectionAbortedError

    async with databases.empty():
        with pytest.raises(ConnectionAbortedError):
            await demo.build(break_off)

        assert not await demo.demo_exists()
        for table in ("school", "account", "pupil", "lesson", "homework", "audit_entry", "feed"):
            assert await count(table) == 0, table


async def test_everybody_of_the_cast_signs_in_with_the_one_password(databases: Databases) -> None:
    async with databases.built(TUESDAY):
        for login in ("anna", "boris", "galina", "misha", "vera", "gleb", "daria", "root"):
            assert await Account.login(login, "diary-demo") is not None, login
        assert await Account.login("anna", "diary-demo ") is None
        rows = await database.fetch("SELECT username, admin, superuser FROM account WHERE admin ORDER BY 1")
        assert [tuple(row) for row in rows] == [("daria", True, False), ("root", True, True)]
