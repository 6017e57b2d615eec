"""Was access lawful at a past instant? Asked over GraphQL, at the boundaries of what was registered (R2.4, A12)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from diary.access.viewer import Nobody
from diary.kit import database
from diary.kit.clock import SetClock
from diary.kit.command import transaction
from tests.support.service import Service, codes
from tests.support.town import Town

STATE = """
query ($pupil: ID!, $guardian: ID, $at: DateTime) { accessState(pupilId: $pupil, guardianId: $guardian, at: $at) {
    lawful verdict decisions { guardianId purpose decision documentReference } guardianships { restricted validTo } } }
"""
WITHDRAW = "mutation ($pupil: ID!) { withdrawConsent(input: {pupilId: $pupil}) { registeredAt } }"
WEEK = 'query ($pupil: ID!) { diaryWeek(pupilId: $pupil, weekOf: "2026-11-24") { version } }'
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)


async def state(service: Service, town: Town, who: str, at: datetime, login: str = "daria") -> dict[str, Any]:
    """Ask for the state of a guardian and Misha."""
    answer = await service.post(
        STATE,
        {
            "pupil": str(town.first.pupils["misha"]), "guardian": str(town.first.guardians[who]),
            "at": at.isoformat(),
        },
        token=await service.sign_in(login),
    )  # fmt: skip
    found: dict[str, Any] = answer["data"]["accessState"] if answer.get("data") else {"refused": codes(answer)}
    return found


async def test_before_at_and_after_each_decision(service: Service, town: Town, clock: SetClock) -> None:
    given = clock.now()
    clock.move(timedelta(hours=5))
    anna = await service.sign_in("anna")
    await service.post(WITHDRAW, {"pupil": str(town.first.pupils["misha"])}, token=anna)
    withdrawn = clock.now()
    clock.move(timedelta(hours=1))

    assert (await state(service, town, "anna", given - SECOND))["verdict"] != "ALLOWED"
    assert (await state(service, town, "anna", given))["lawful"] is True
    assert (await state(service, town, "anna", withdrawn - SECOND))["lawful"] is True
    after = await state(service, town, "anna", withdrawn)
    assert (after["lawful"], after["verdict"]) == (False, "CONSENT_WITHDRAWN")
    assert [entry["decision"] for entry in after["decisions"]] == ["WITHDRAWN"]


async def test_a_restriction_counts_from_when_it_was_known(service: Service, town: Town, clock: SetClock) -> None:
    clock.move(timedelta(hours=1))
    since = clock.now()
    async with transaction(Nobody(route="ADMIN")):
        await database.execute(
            "UPDATE guardianship SET restricted = true WHERE guardian = $1 AND pupil = $2",
            town.first.guardians["anna"], town.first.pupils["misha"],
        )  # fmt: skip
    clock.move(timedelta(hours=1))

    assert (await state(service, town, "anna", since - SECOND))["lawful"] is True
    restricted = await state(service, town, "anna", since)
    assert (restricted["lawful"], restricted["verdict"]) == (False, "NOT_FOUND")
    assert restricted["guardianships"] == [{"restricted": True, "validTo": None}]


async def test_a_person_asks_about_themself_only(service: Service, town: Town, clock: SetClock) -> None:
    assert (await state(service, town, "anna", clock.now(), "anna"))["lawful"] is True
    for login in ("galina", "vera", "elena", "misha"):
        assert (await state(service, town, "anna", clock.now(), login)) == {"refused": ["NOT_FOUND"]}


async def of_pupil(service: Service, town: Town, at: datetime, login: str = "misha") -> dict[str, Any]:
    """Ask for the state of Misha himself."""
    answer = await service.post(
        STATE, {"pupil": str(town.first.pupils["misha"]), "at": at.isoformat()}, token=await service.sign_in(login)
    )
    found: dict[str, Any] = answer["data"]["accessState"]
    return found


async def test_a_young_pupils_access_names_the_decisions_of_the_guardians_in_force(
    service: Service, town: Town, clock: SetClock
) -> None:
    """Boris is a guardian until yesterday, so his decision counts no more."""
    anna = str(town.first.guardians["anna"])
    asked = await of_pupil(service, town, clock.now(), "daria")
    assert asked["lawful"] is True
    assert asked["decisions"] == [
        {
            "guardianId": anna, "purpose": "PERSONAL_DATA", "decision": "GIVEN",
            "documentReference": "Папка 7, лист 3",
        }
    ]  # fmt: skip
    own = await of_pupil(service, town, clock.now())
    assert [(entry["guardianId"], entry["documentReference"]) for entry in own["decisions"]] == [(anna, None)]
    assert len(own["guardianships"]) == 1


async def test_of_age_only_the_own_decisions_count(service: Service, town: Town, clock: SetClock) -> None:
    await database.execute(
        "UPDATE pupil SET birth_date = '2008-11-24' WHERE id = $1", town.first.pupils["misha"]
    )  # 18 today
    await town.first.decide(None, "misha")
    today = await of_pupil(service, town, clock.now(), "daria")
    assert [entry["guardianId"] for entry in today["decisions"]] == [None]
    assert today["guardianships"] == []


async def test_where_the_papers_lie_is_told_to_the_office_alone(service: Service, town: Town, clock: SetClock) -> None:
    """The pupil's leave is among what a guardian's access rests on; the pupil's own consent is not the guardian's."""
    await database.execute("UPDATE pupil SET birth_date = '2008-01-01' WHERE id = $1", town.first.pupils["misha"])
    await town.first.decide(None, "misha", document_reference="Личное дело, лист 8")
    await town.first.decide(None, "misha", purpose="GUARDIAN_ACCESS", document_reference="Личное дело, лист 9")

    told = {login: (await state(service, town, "anna", clock.now(), login))["decisions"] for login in ("daria", "anna")}
    counted = [("PERSONAL_DATA", str(town.first.guardians["anna"])), ("GUARDIAN_ACCESS", None)]
    for decisions in told.values():
        assert [(entry["purpose"], entry["guardianId"]) for entry in decisions] == counted
    assert [entry["documentReference"] for entry in told["daria"]] == ["Папка 7, лист 3", "Личное дело, лист 9"]
    assert [entry["documentReference"] for entry in told["anna"]] == [None, None]


async def test_the_ages_of_the_past_are_those_that_the_school_had_set_then(
    service: Service, town: Town, clock: SetClock
) -> None:
    await database.execute("UPDATE pupil SET birth_date = '2008-01-01' WHERE id = $1", town.first.pupils["misha"])
    at_first = clock.now()
    for age in (19, 18):
        clock.move(timedelta(hours=1))
        async with transaction(Nobody(route="ADMIN")):
            await database.execute("UPDATE school SET of_age = $2 WHERE id = $1", town.first.id, age)
    raised, lowered = at_first + timedelta(hours=1), at_first + timedelta(hours=2)
    clock.move(timedelta(hours=1))

    verdicts = [
        (await state(service, town, "anna", at))["verdict"]
        for at in (at_first, raised - SECOND, raised, lowered - SECOND, lowered, clock.now())
    ]
    assert verdicts == ["PUPIL_OF_AGE", "PUPIL_OF_AGE", "ALLOWED", "ALLOWED", "PUPIL_OF_AGE", "PUPIL_OF_AGE"]


async def test_nobody_can_ask_about_the_future(service: Service, town: Town, clock: SetClock) -> None:
    assert (await state(service, town, "anna", clock.now() + SECOND)) == {"refused": ["BAD_INPUT"]}


@pytest.mark.parametrize(("born", "code"), [(date(2008, 11, 25), None), (date(2008, 11, 24), "PUPIL_OF_AGE")])
async def test_a_guardian_reads_until_the_day_before_the_eighteenth_birthday(
    service: Service, town: Town, clock: SetClock, born: date, code: str | None
) -> None:
    assert clock.now().date() == date(2026, 11, 24)
    misha = town.first.pupils["misha"]
    await database.execute("UPDATE pupil SET birth_date = $2 WHERE id = $1", misha, born)
    anna = await service.sign_in("anna")
    assert codes(await service.post(WEEK, {"pupil": str(misha)}, token=anna)) == ([code] if code else [])


async def test_a_pupil_of_age_may_let_the_guardians_go_on_and_take_it_back(
    service: Service, town: Town, clock: SetClock
) -> None:
    misha = town.first.pupils["misha"]
    await database.execute("UPDATE pupil SET birth_date = '2008-01-01' WHERE id = $1", misha)
    anna = await service.sign_in("anna")
    assert codes(await service.post(WEEK, {"pupil": str(misha)}, token=anna)) == ["PUPIL_OF_AGE"]

    await town.first.decide(None, "misha", purpose="GUARDIAN_ACCESS")
    assert codes(await service.post(WEEK, {"pupil": str(misha)}, token=anna)) == []

    clock.move(SECOND)
    await town.first.decide(None, "misha", "WITHDRAWN", purpose="GUARDIAN_ACCESS")
    assert codes(await service.post(WEEK, {"pupil": str(misha)}, token=anna)) == ["PUPIL_OF_AGE"]


async def test_the_ages_are_the_schools(service: Service, town: Town) -> None:
    misha = town.first.pupils["misha"]
    await database.execute("UPDATE pupil SET birth_date = '2008-01-01' WHERE id = $1", misha)
    await database.execute("UPDATE school SET of_age = 19 WHERE id = $1", town.first.id)
    anna = await service.sign_in("anna")
    assert codes(await service.post(WEEK, {"pupil": str(misha)}, token=anna)) == []


async def test_a_deleted_guardianship_stays_in_the_history(town: Town) -> None:
    nina, late = town.first.pupils["nina"], await town.first.add_guardian("late", "Галкин", "Пётр", "nina")
    await database.execute("DELETE FROM guardianship WHERE guardian = $1", late)
    removed = await database.fetch(
        "SELECT removed FROM guardianship_version WHERE guardian = $1 AND pupil = $2 ORDER BY id", late, nina
    )
    assert [row["removed"] for row in removed] == [False, True]


@pytest.mark.parametrize(
    ("at", "answered"),
    [
        (NOON, {"lawful": True, "verdict": "ALLOWED"}),
        (NOON + TICK, {"refused": ["BAD_INPUT"]}),
        (NOON - timedelta(days=365 * 20), {"lawful": False, "verdict": "NOT_FOUND"}),
        (datetime(1990, 1, 1, tzinfo=UTC), {"lawful": False, "verdict": "NOT_FOUND"}),
        (datetime(1990, 1, 1, tzinfo=UTC) - TICK, {"refused": ["BAD_INPUT"]}),
        (datetime(1, 1, 1, tzinfo=UTC), {"refused": ["BAD_INPUT"]}),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), {"refused": ["BAD_INPUT"]}),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))), {"refused": ["BAD_INPUT"]}),
    ],
    ids=str,
)
async def test_an_instant_is_neither_ahead_nor_older_than_any_record(
    service: Service, town: Town, at: datetime, answered: dict[str, Any]
) -> None:
    """Before the school knew anything nobody had access, and nothing is named that it would rest on (R2.4)."""
    asked = await state(service, town, "anna", at)
    assert {name: asked[name] for name in answered} == answered
    if answered.get("lawful") is False:
        assert (asked["decisions"], asked["guardianships"]) == ([], [])
