"""The list of duties: the office's, a guardian's, a pupil's; page by page without reading the whole table (D6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diary.access.viewer import Nobody
from diary.delivery import obligations
from diary.delivery.obligation_pages import Filter, cursor_of, statement
from diary.delivery.tables import MetBy, ObligationKind, ObligationState
from diary.kit import database
from tests.support.service import Service, codes
from tests.support.town import Town, insert

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)
CLOCK = Nobody(route="CLOCK")
LIST = """
query ($pupilId: ID, $state: ObligationState, $kind: ObligationKind, $dueBefore: DateTime, $first: Int,
  $after: String) {
  obligations(pupilId: $pupilId, state: $state, kind: $kind, dueBefore: $dueBefore, first: $first, after: $after) {
    edges { cursor node { about state dueAt guardianId clause evidence { name value } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def open_five(town: Town) -> None:
    """Open five results about Misha towards Anna, two of them due at the same instant, and one towards Misha."""
    school = town.first
    for number, hours in enumerate((0, 1, 1, 2, 3)):
        await obligations.open_result(
            CLOCK, pupil_id=school.pupils["misha"], guardian_id=school.guardians["anna"], about=f"result:{number}",
            received_at=NOON + timedelta(hours=hours),
        )  # fmt: skip
    await obligations.open_result(
        CLOCK, pupil_id=school.pupils["misha"], guardian_id=None, about="result:own", received_at=NOON
    )


async def listed(service: Service, login: str, **variables: Any) -> list[str]:
    """Return what a person's list is about."""
    answer = await service.post(LIST, variables, token=await service.sign_in(login))
    assert "errors" not in answer, answer
    return [edge["node"]["about"] for edge in answer["data"]["obligations"]["edges"]]


async def test_the_office_reads_its_school_and_families_what_is_owed_to_themselves(
    service: Service, town: Town
) -> None:
    await open_five(town)
    misha = str(town.first.pupils["misha"])
    assert len(await listed(service, "daria")) == 6
    assert await listed(service, "elena") == []
    assert await listed(service, "anna") == [f"result:{number}" for number in range(5)]
    assert await listed(service, "misha", pupilId=misha) == ["result:own"]
    assert await listed(service, "galina") == []
    for stranger in ("galina", "boris", "elena", "vera"):
        answer = await service.post(LIST, {"pupilId": misha}, token=await service.sign_in(stranger))
        assert codes(answer) == ["NOT_FOUND"], stranger


async def test_duties_about_a_former_ward_are_hidden_with_the_pupil_named_and_without(
    service: Service, town: Town
) -> None:
    school = town.first
    misha = str(school.pupils["misha"])
    for pupil in ("misha", "liza"):
        await obligations.open_result(
            CLOCK, pupil_id=school.pupils[pupil], guardian_id=school.guardians["anna"], about=pupil, received_at=NOON
        )
    assert await listed(service, "anna") == ["misha", "liza"]
    await database.execute(
        "UPDATE guardianship SET valid_to = $3 WHERE guardian = $1 AND pupil = $2",
        school.guardians["anna"], school.pupils["misha"], NOON.date() - timedelta(days=1),
    )  # fmt: skip
    assert await listed(service, "anna") == ["liza"]
    answer = await service.post(LIST, {"pupilId": misha}, token=await service.sign_in("anna"))
    assert codes(answer) == ["NOT_FOUND"]
    assert sorted(await listed(service, "daria")) == ["liza", "misha"]


async def test_what_proves_that_a_duty_was_met_is_read_by_the_office_alone(service: Service, town: Town) -> None:
    school = town.first
    duty = await obligations.open_result(
        CLOCK, pupil_id=school.pupils["misha"], guardian_id=school.guardians["anna"], about="1", received_at=NOON
    )
    assert duty is not None
    read = []
    for _time in range(2):
        for login in ("daria", "anna"):
            answer = await service.post(LIST, {}, token=await service.sign_in(login))
            (edge,) = answer["data"]["obligations"]["edges"]
            read.append((edge["node"]["state"], edge["node"]["evidence"]))
        await obligations.meet(
            CLOCK, duty, at=NOON, by=MetBy.HAND_OVER, evidence={"to": "бабушка Зинаида Орлова", "by": 7}
        )
    proof = [{"name": "by", "value": "7"}, {"name": "to", "value": "бабушка Зинаида Орлова"}]
    assert read == [("OPEN", None), ("OPEN", None), ("MET", proof), ("MET", None)]


async def test_pages_follow_one_another_without_gap_or_repetition_also_at_equal_deadlines(
    service: Service, town: Town
) -> None:
    await open_five(town)
    token = await service.sign_in("anna")
    seen: list[str] = []
    after, more = None, True
    while more:
        answer = await service.post(LIST, {"first": 2, "after": after}, token=token)
        found = answer["data"]["obligations"]
        seen += [edge["node"]["about"] for edge in found["edges"]]
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
    assert sorted(seen) == [f"result:{number}" for number in range(5)]
    assert len(seen) == 5


async def test_a_list_is_narrowed_by_state_kind_and_deadline(service: Service, town: Town) -> None:
    await open_five(town)
    await obligations.note_breaches(CLOCK, NOON + timedelta(hours=24, seconds=1))
    assert await listed(service, "anna", state="BREACHED") == ["result:0"]
    assert len(await listed(service, "anna", state="OPEN", kind="RESULT")) == 4
    assert await listed(service, "anna", kind="FORECAST") == []
    before = (NOON + timedelta(hours=25)).isoformat()
    assert await listed(service, "anna", dueBefore=before) == ["result:0"]


@pytest.mark.parametrize("wrong", [{"first": 0}, {"first": 101}, {"after": "!"}, {"after": "AAAA"}, {"after": "ж"}])
async def test_a_senseless_page_is_refused_in_one_sentence(service: Service, town: Town, wrong: dict[str, Any]) -> None:
    assert codes(await service.post(LIST, wrong, token=await service.sign_in("anna"))) == ["BAD_INPUT"]


async def fill(town: Town) -> None:
    """Put 40,000 duties into each of two schools."""
    for school in (town.first, town.second):
        guardian, pupil = next(iter(school.guardians.values())), next(iter(school.pupils.values()))
        guardians = [await insert("guardian", school=school.id, family_name=f"Ф{n}", given_name="А") for n in range(20)]
        # In parts: one statement for all runs into its timeout on a busy machine.
        for begin in range(1, 40_001, 5_000):
            await database.execute(
                """
                INSERT INTO obligation
                    (school, kind, clause, pupil, guardian, about, opened_at, due_at, state, breached_at)
                SELECT $1, CASE n % 10 WHEN 0 THEN 'FORECAST' ELSE 'WEEKLY_DIARY' END, '9', $2,
                    CASE WHEN n % 400 = 0 THEN $3 ELSE ($5::uuid[])[1 + n % 20] END, 'bulk:' || n,
                    due - interval '5 days', due, CASE WHEN n % 50 = 0 THEN 'BREACHED' ELSE 'OPEN' END,
                    CASE WHEN n % 50 = 0 THEN due END
                FROM generate_series($6::integer, $6 + 4999) AS n,
                    LATERAL (SELECT $4::timestamptz + (n % 250) * interval '1 day' AS due) AS d
                """,
                school.id,
                pupil,
                guardian,
                NOON,
                guardians,
                begin,
            )
    await database.execute("ANALYZE obligation")


async def test_no_page_reads_the_whole_table_of_a_year(town: Town) -> None:
    await fill(town)
    school = town.first
    anna, misha = school.guardians["anna"], school.pupils["misha"]
    middle = (await database.fetch("SELECT id, due_at FROM obligation ORDER BY due_at, id OFFSET 39999 LIMIT 1"))[0]
    cursor = cursor_of(middle_obligation(middle))
    asked = [
        statement(school.id, None, Filter(), first=50, after=None),
        statement(school.id, None, Filter(), first=50, after=cursor),
        statement(school.id, None, Filter(state=ObligationState.BREACHED), first=50, after=cursor),
        statement(school.id, None, Filter(state=ObligationState.CANCELLED), first=50, after=None),
        statement(school.id, None, Filter(kind=ObligationKind.FORECAST), first=50, after=None),
        statement(
            school.id, None, Filter(kind=ObligationKind.FORECAST, state=ObligationState.OPEN), first=50, after=cursor
        ),
        statement(school.id, None, Filter(due_after=NOON, due_before=NOON + timedelta(days=7)), first=50, after=None),
        statement(None, anna, Filter(), first=50, after=None),
        statement(None, anna, Filter(), first=50, after=cursor, wards=[misha]),
        statement(None, None, Filter(pupil_id=misha), first=50, after=None),
    ]
    for text, arguments in asked:
        plan = "\n".join(row[0] for row in await database.fetch(f"EXPLAIN {text}", *arguments))
        assert "Index" in plan
        assert "Seq Scan" not in plan, plan
    # The assertion can fail: without a usable condition the table is read whole.
    whole = await database.fetch("EXPLAIN SELECT * FROM obligation WHERE cancel_reason = 'x'")
    assert "Seq Scan" in "\n".join(row[0] for row in whole)


def middle_obligation(row: Any) -> Any:
    """Return as much of a duty as a cursor needs."""
    return type("Place", (), {"id": row["id"], "due_at": row["due_at"]})()
