"""The school's records through the panel: what staff may write, what they read when they may not, and the trail."""

from __future__ import annotations

import json
import uuid
from typing import Any

import asyncpg
import httpx
import pytest
from piccolo.constraints import Check, Unique

from admin.labels import CHOICES, TABLES
from admin.problems import constraint_text
from admin.tables import LISTINGS
from diary.kit import database
from diary.kit.announcement import Announcement, announcements
from tests.admin.conftest import SignIn, Worlds

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def trail(record: str, record_id: Any) -> list[dict[str, Any]]:
    """What the trail says of a record."""
    rows = await database.fetch(
        "SELECT actor, route, action, before, after, school FROM audit_entry "
        "WHERE record = $1 AND record_id = $2 ORDER BY id",
        record,
        str(record_id),
    )
    return [dict(row) for row in rows]


async def test_a_new_record_goes_to_the_clerks_school_and_into_the_trail(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    added = await clerk.post("/api/tables/pupil/", json={"family_name": "Ёлкина", "given_name": "Ольга"})
    pupil = added.json()[0]["id"]
    await clerk.patch(f"/api/tables/pupil/{pupil}/", json={"given_name": "Юлия", "family_name": "Ёлкина"})
    await clerk.delete(f"/api/tables/pupil/{pupil}/")

    written = await trail("pupil", pupil)
    assert [(row["action"], row["route"], row["actor"], row["school"]) for row in written] == [
        (action, "ADMIN", worlds.a.accounts["office"], worlds.a.id) for action in ("INSERT", "UPDATE", "DELETE")
    ]
    assert json.loads(written[1]["before"]) == {"given_name": "Ольга"}
    assert json.loads(written[1]["after"]) == {"given_name": "Юлия"}


async def test_a_change_of_one_field_leaves_somebody_elses_fresh_change_of_another(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    path = f"/api/tables/pupil/{worlds.a.ids['pupil']}/"
    seen = (await clerk.get(path)).json()
    await database.execute("UPDATE pupil SET patronymic = 'Иванович' WHERE id = $1", worlds.a.ids["pupil"])

    await clerk.patch(path, json={"given_name": "Миша"})

    now = (await clerk.get(path)).json()
    assert (seen["patronymic"], now["patronymic"], now["given_name"]) == ("Петрович", "Иванович", "Миша")


async def test_saving_an_unchanged_form_changes_nothing(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for table in ("pupil", "statement", "school", "bell_period"):
        path = f"/api/tables/{table}/{worlds.a.ids[table]}/"
        before = await trail(table, worlds.a.ids[table])

        answer = await clerk.patch(path, json=(await clerk.get(path)).json())

        assert answer.status_code == 200, answer.text
        assert await trail(table, worlds.a.ids[table]) == before


async def test_a_record_with_others_hanging_on_it_is_not_deleted(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    answer = await clerk.delete(f"/api/tables/pupil/{worlds.a.ids['pupil']}/")

    assert answer.status_code == 422
    assert answer.text.startswith("Нельзя удалить: есть связанные записи (")
    assert await database.fetch("SELECT FROM pupil WHERE id = $1", worlds.a.ids["pupil"])


async def test_broken_rules_are_named_in_russian_and_nothing_is_kept(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for table, data, said in (
        ("pupil", {"family_name": " ", "given_name": "Ольга"}, "Укажите фамилию и имя."),
        ("subject", {"name": f"Алгебра {worlds.a.secret}"}, "Предмет с таким названием уже есть."),
        ("bell_period", {"ordinal": 2, "starts_at": "10:00", "ends_at": "09:00"}, "Урок должен закончиться позже"),
        (
            "grading_period",
            {
                "school_year": str(worlds.a.ids["school_year"]),
                "kind": "HALF_YEAR",
                "name": "1",
                "starts_on": "2026-09-01",
                "ends_on": "2026-12-30",
                "grade_from": 10,
            },
            "Укажите оба класса отчётного периода",
        ),
        ("statement", {"pupil": str(worlds.a.ids["pupil"]), "decision": "MAYBE"}, "выберите одно из предложенных"),
        ("school_year", {"name": "x" * 40}, "слишком длинное значение"),
        ("school_year", {"name": "2030", "starts_on": "когда-нибудь"}, "укажите дату"),
        ("guardianship", {"guardian": str(worlds.a.ids["guardian"])}, "обязательное поле"),
    ):
        counted = await database.fetch(f'SELECT count(*) AS n FROM "{table}"')

        answer = await clerk.post(f"/api/tables/{table}/", json=data)

        assert answer.status_code == 422, (table, answer.text)
        assert said in answer.text
        assert "Traceback" not in answer.text
        assert "DETAIL" not in answer.text
        assert await database.fetch(f'SELECT count(*) AS n FROM "{table}"') == counted


async def test_addresses_are_read_here_and_changed_by_the_form_alone(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    path = f"/api/tables/contact_point/{worlds.a.ids['contact_point']}/"
    assert (await clerk.get(path)).status_code == 200
    for attempt in (
        clerk.post("/api/tables/contact_point/", json={"guardian": str(worlds.a.ids["guardian"]), "value": "a@b.ru"}),
        clerk.patch(path, json={"value": "stranger@example.org"}),
        clerk.patch(path, json={"retired_at": None}),
        clerk.delete(path),
    ):
        assert (await attempt).status_code == 405
    for change in ("value = 'stranger@example.org'", "guardian = guardian, channel = 'SMS', value = '+79161234567'"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await database.execute(f"UPDATE contact_point SET {change}")


@pytest.mark.parametrize(
    ("table", "column"),
    [("signature", "document"), ("signature", "cms"), ("contact_point", "push_keys")],
)
async def test_what_staff_may_not_read_is_neither_shown_nor_ordered_nor_guessed(
    clerk: httpx.AsyncClient, worlds: Worlds, table: str, column: str
) -> None:
    root = f"/api/tables/{table}/"
    assert column not in (await clerk.get(root)).json()["rows"][0]
    record = f"{root}{worlds.a.ids[table]}/"
    assert column not in (await clerk.get(record)).json()
    for path, asked in (
        (root, {"__visible_fields": column}),
        (root, {"__visible_fields": f"id,{column}"}),
        (record, {"__visible_fields": column}),
        (root, {"__order": f"-{column}"}),
        (root, {column: "x"}),
        (f"{root}count/", {column: "x"}),
        (root, {f"{column}__operator": "is_null"}),
    ):
        answer = await clerk.get(path, params=asked)
        assert answer.status_code == 400, (path, asked, answer.text)
    # The database itself refuses, whatever the panel would ask.
    (granted,) = await database.fetch(
        "SELECT has_column_privilege('diary_staff', $1, $2, 'SELECT') AS column_is, "
        "has_column_privilege('diary_staff', $1, 'id', 'SELECT') AS id_is",
        table,
        column,
    )
    assert (granted["column_is"], granted["id_is"]) == (False, True)


@pytest.mark.parametrize("size", ["1000", "01000", "1_000", " 1000", "+1000"])
async def test_a_long_page_is_an_export_however_its_number_is_written(
    clerk: httpx.AsyncClient, worlds: Worlds, size: str
) -> None:
    before = await database.fetch("SELECT count(*) AS many FROM audit_entry WHERE action = 'EXPORT'")
    answer = await clerk.get("/api/tables/subject/", params={"__page_size": size})
    after = await database.fetch("SELECT count(*) AS many FROM audit_entry WHERE action = 'EXPORT'")
    assert answer.status_code == 200
    assert after[0]["many"] == before[0]["many"] + 1


async def test_the_own_school_is_corrected_but_neither_opened_nor_closed(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    path = f"/api/tables/school/{worlds.a.id}/"

    assert (await clerk.patch(path, json={"address": "ул. Школьная, 1"})).status_code == 200
    assert (await clerk.patch(path, json={"time_zone": "Mars/Olympus"})).status_code == 422
    assert (await clerk.patch(path, json={"demo": True})).status_code == 403
    assert (await clerk.patch(path, json={"external_id": "x"})).status_code == 403
    assert (await clerk.post("/api/tables/school/", json={"name": "Новая"})).status_code == 405
    assert (await clerk.delete(path)).status_code == 405


@pytest.mark.parametrize(
    "table", sorted(one.config.table_class._meta.tablename for one in LISTINGS if not one.writable)
)
async def test_a_table_with_rules_is_only_read(clerk: httpx.AsyncClient, worlds: Worlds, table: str) -> None:
    row = worlds.a.ids[table]
    for method, path in (
        ("POST", f"/api/tables/{table}/"),
        ("PATCH", f"/api/tables/{table}/{row}/"),
        ("PUT", f"/api/tables/{table}/{row}/"),
        ("DELETE", f"/api/tables/{table}/{row}/"),
        ("DELETE", f"/api/tables/{table}/"),
    ):
        answer = await clerk.request(method, path, json={})
        assert answer.status_code == 405
        assert not answer.text.isascii()
    granted = await database.fetch(
        "SELECT has_table_privilege('diary_staff', $1, p) AS may FROM unnest(ARRAY['INSERT','UPDATE','DELETE']) p",
        table,
    )
    assert not any(column["may"] for column in granted)


async def test_a_change_wakes_whoever_listens_after_the_commit_and_a_refused_one_nobody(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    heard: list[Announcement] = []
    stop = announcements.listen(heard.append)
    guardianship = {
        "guardian": str(worlds.a.ids["guardian"]),
        "pupil": str(worlds.a.ids["pupil"]),
        "valid_from": "2022-01-01",
    }

    await clerk.post("/api/tables/guardianship/", json={**guardianship, "valid_to": "2021-01-01"})
    refused = list(heard)
    await clerk.post("/api/tables/guardianship/", json=guardianship)
    stop()

    assert refused == []
    assert any(str(worlds.a.ids["pupil"]) in told.pupils for told in heard)


async def test_taking_many_records_away_is_kept_in_the_trail(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for size in (25, 100):
        await clerk.get("/api/tables/pupil/", params={"__page_size": size})
    looked = await database.fetch("SELECT FROM audit_entry WHERE action = 'EXPORT'")
    await clerk.get("/api/tables/pupil/", params={"__page_size": 101, "family_name": "Ива"})

    (taken,) = await database.fetch("SELECT * FROM audit_entry WHERE action = 'EXPORT'")
    assert looked == []
    assert (taken["record"], taken["actor"], taken["school"]) == ("pupil", worlds.a.accounts["office"], worlds.a.id)
    assert json.loads(taken["after"])["family_name"] == "Ива"


async def test_a_busy_record_is_answered_in_time(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    async with database.engine().transaction():
        await database.execute("UPDATE pupil SET given_name = 'Занят' WHERE id = $1", worlds.a.ids["pupil"])

        answer = await clerk.patch(f"/api/tables/pupil/{worlds.a.ids['pupil']}/", json={"given_name": "Миша"})

    assert answer.status_code == 409
    assert "Повторите" in answer.text


async def test_too_large_a_request_is_refused(clerk: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    declared = await clerk.post("/api/tables/subject/", json={"name": "x" * 1_100_000})
    streamed = await clerk.post("/api/tables/subject/", content=endless())

    assert declared.status_code == 413
    assert streamed.status_code == 413


async def test_records_are_offered_by_name_whatever_the_case(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    offered = await clerk.get("/api/tables/pupil/ids/", params={"search": worlds.a.secret.lower(), "limit": 6})

    assert offered.json() == {str(worlds.a.ids["pupil"]): f"{worlds.a.secret}ов Михаил Петрович"}


async def test_a_clerk_sees_which_logins_the_own_people_have(
    clerk: httpx.AsyncClient, worlds: Worlds, sign_in: SignIn
) -> None:
    rows = (await clerk.get("/api/tables/capacity/", params={"__readable": "true"})).json()["rows"]

    assert {row["account_readable"] for row in rows} == {"office-А", "teacher-А", "guardian-А"}


async def test_tables_columns_and_choices_are_named_in_russian(clerk: httpx.AsyncClient) -> None:
    for listing in LISTINGS:
        schema = (await clerk.get(f"/api/tables/{listing.config.table_class._meta.tablename}/schema/")).json()
        assert not TABLES[listing.config.table_class].isascii()
        for name, described in schema["properties"].items():
            assert described["title"] == "Номер записи" or not described["title"].isascii(), (listing, name)
            for choice in (described["extra"]["choices"] or {}).values():
                assert not choice["display_name"].isascii(), (name, choice)
        shown = set(schema["extra"]["visible_column_names"]) | set(schema["extra"]["visible_filter_names"])
        assert shown - {"id"} <= schema["properties"].keys()


async def test_every_choice_has_a_russian_name() -> None:
    for choices, names in CHOICES.items():
        assert {choice.value for choice in choices} == names.keys(), choices


async def test_every_rule_that_staff_can_break_has_a_sentence() -> None:
    for listing in LISTINGS:
        if listing.writable:
            for constraint in listing.config.table_class._meta.constraints:
                assert isinstance(constraint, Check | Unique)
                assert constraint_text(constraint._meta.name), constraint._meta.name


async def test_an_unknown_column_and_an_unknown_record_are_refused(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    assert (await clerk.patch(f"/api/tables/pupil/{worlds.a.ids['pupil']}/", json={"role": "x"})).status_code == 400
    assert (await clerk.get(f"/api/tables/pupil/{uuid.uuid4()}/")).status_code == 404
    assert (await clerk.get("/api/tables/audit_entry/99999999999999999999/")).status_code == 404


async def test_a_guardianship_with_decisions_is_ended_and_not_deleted(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    school = worlds.a
    await database.execute(
        """
        INSERT INTO consent_decision (school, guardian, pupil, purpose, decision, form, document_reference, received_at,
            registered_at) VALUES ($1, $2, $3, 'PERSONAL_DATA', 'GIVEN', 'PAPER', 'Папка 1', now(), now())
        """,
        school.id,
        school.ids["guardian"],
        school.ids["pupil"],
    )
    found = await database.fetch(
        "SELECT id FROM guardianship WHERE guardian = $1 AND pupil = $2", school.ids["guardian"], school.ids["pupil"]
    )
    path = f"/api/tables/guardianship/{found[0]['id']}/"

    deleted = await clerk.delete(path)
    ended = await clerk.patch(path, json={"valid_to": "2030-01-01"})

    assert deleted.status_code in (409, 422)
    assert "закрывают датой" in deleted.text
    assert ended.status_code == 200


async def test_the_signed_bytes_are_never_read_through_the_panel(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    for path in ("/api/tables/signature/", f"/api/tables/signature/{worlds.a.ids['signature']}/"):
        answer = await clerk.get(path)
        assert answer.status_code == 200
        row = answer.json()["rows"][0] if "rows" in answer.json() else answer.json()
        assert row["signer"] == f"{worlds.a.secret} Анна"
        assert not {"document", "cms", "certificate"} & {name for name, value in row.items() if value is not None}
