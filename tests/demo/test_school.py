"""What stands in the database once the demo school is built, asked in SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from diary.consent.verdict import guardian_verdict, pupil_verdict
from diary.delivery.agreements import current_sql
from diary.kit import database
from tests.demo.conftest import Databases

DATES = [
    datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    datetime(2027, 1, 1, 9, 0, tzinfo=UTC),
    datetime(2026, 7, 15, 9, 0, tzinfo=UTC),
]

MEMBERS = """
    lesson l JOIN membership m ON m.teaching_group = l.teaching_group
        AND m.valid_from <= l.date AND (m.valid_to IS NULL OR m.valid_to >= l.date)
"""


@pytest.fixture(params=DATES, ids=lambda now: f"{now:%d.%m.%Y}", scope="module")
async def now(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[datetime]:
    """A database with the demo school of that instant, open for the test."""
    instant: datetime = request.param
    async with databases.built(instant):
        yield instant


async def one(sql: str, *args: object) -> Any:
    return (await database.fetch(f"SELECT ({sql}) AS found", *args))[0]["found"]


async def nothing(sql: str, *args: object) -> None:
    found = await database.fetch(f"{sql} LIMIT 5", *args)
    assert not found, [dict(row) for row in found]


async def test_it_has_the_size_of_a_school(now: datetime) -> None:
    assert await one("SELECT count(*) FROM school WHERE demo") == 1
    assert await one("SELECT count(*) FROM school_class") >= 24
    assert await one("SELECT count(DISTINCT grade_level) FROM school_class") == 11
    assert await one("SELECT count(*) FROM pupil") >= 600
    assert await one("SELECT count(*) FROM teacher") >= 45
    assert 55_000 <= await one("SELECT count(*) FROM mark") <= 65_000
    assert await one("SELECT count(*) FROM homework") >= 3_000
    assert await one("SELECT count(*) FROM school_class WHERE class_teacher IS NULL") == 0
    assert await one("SELECT count(DISTINCT class_teacher) FROM school_class") == await one(
        "SELECT count(*) FROM school_class"
    )
    kinds = await database.fetch("SELECT kind, count(*) AS found FROM teaching_group GROUP BY 1")
    assert {row["kind"] for row in kinds} == {"CLASS", "GROUP", "STREAM", "INDIVIDUAL"}


async def test_every_pupil_has_one_class_and_one_or_two_guardians(now: datetime) -> None:
    await nothing(
        """
        SELECT p.id FROM pupil p
        LEFT JOIN membership m ON m.pupil = p.id AND m.valid_from <= $1 AND (m.valid_to IS NULL OR m.valid_to >= $1)
        LEFT JOIN teaching_group g ON g.id = m.teaching_group AND g.kind = 'CLASS'
        GROUP BY p.id HAVING count(g.id) <> 1
        """,
        now.date(),
    )
    await nothing(
        """
        SELECT p.id FROM pupil p
        LEFT JOIN guardianship g ON g.pupil = p.id AND NOT g.restricted AND (g.valid_to IS NULL OR g.valid_to >= $1)
        GROUP BY p.id HAVING count(g.id) NOT BETWEEN 1 AND 2
        """,
        now.date(),
    )
    assert await one("SELECT count(*) FROM (SELECT FROM guardianship GROUP BY guardian HAVING count(*) > 1) s") > 50


async def test_a_stream_unites_two_classes_and_a_pupil_has_an_individual_curriculum(now: datetime) -> None:
    classes = """
        SELECT count(DISTINCT c.id) FROM membership m
        JOIN membership own ON own.pupil = m.pupil
        JOIN teaching_group c ON c.id = own.teaching_group AND c.kind = 'CLASS'
        WHERE m.teaching_group = g.id
    """
    await nothing(f"SELECT g.name FROM teaching_group g WHERE kind = 'STREAM' AND ({classes}) <> 2")
    individual = "teaching_group g WHERE g.kind = 'INDIVIDUAL' AND g.id = teaching_group"
    assert await one(f"SELECT count(*) FROM membership WHERE EXISTS (SELECT FROM {individual})") == 1
    assert await one(f"SELECT count(*) FROM lesson WHERE EXISTS (SELECT FROM {individual})") > 10


@pytest.mark.parametrize("what", ["teacher", "room", "teaching_group"])
async def test_nobody_and_no_room_is_needed_twice_at_one_time(now: datetime, what: str) -> None:
    await nothing(
        f"""
        SELECT {what}, date, ordinal FROM lesson WHERE status IN ('PLANNED', 'HELD')
        GROUP BY 1, 2, 3 HAVING count(*) > 1
        """
    )


async def test_no_pupil_is_needed_in_two_lessons_at_one_time(now: datetime) -> None:
    await nothing(
        f"""
        SELECT m.pupil, l.date, l.ordinal FROM {MEMBERS} WHERE l.status IN ('PLANNED', 'HELD')
        GROUP BY 1, 2, 3 HAVING count(*) > 1
        """
    )


async def test_every_lesson_lies_in_its_periods_at_its_bell_and_on_no_holiday(now: datetime) -> None:
    await nothing(
        """
        SELECT l.id FROM lesson l
        WHERE (SELECT count(*) FROM grading_period p WHERE l.date BETWEEN p.starts_on AND p.ends_on) <> 2
        """
    )
    await nothing(
        """
        SELECT l.id FROM lesson l JOIN bell_period b USING (ordinal)
        WHERE (l.starts_at AT TIME ZONE 'Europe/Moscow') <> l.date + b.starts_at
           OR (l.ends_at AT TIME ZONE 'Europe/Moscow') <> l.date + b.ends_at
        """
    )
    await nothing(
        f"""
        SELECT l.id FROM {MEMBERS}
        JOIN membership own ON own.pupil = m.pupil AND own.valid_to IS NULL
        JOIN teaching_group g ON g.id = own.teaching_group AND g.kind = 'CLASS'
        JOIN school_class c ON c.id = g.school_class
        JOIN holiday h ON l.date BETWEEN h.starts_on AND h.ends_on
            AND (h.grade_from IS NULL OR c.grade_level BETWEEN h.grade_from AND h.grade_to)
        """
    )


async def test_every_class_has_lessons_on_every_weekday_of_the_three_weeks_around_today(now: datetime) -> None:
    await nothing(
        """
        SELECT c.name, d.day FROM school_class c
        CROSS JOIN generate_series(date_trunc('week', $1::date)::date - 7, date_trunc('week', $1::date)::date + 13,
                                   interval '1 day') AS d (day)
        LEFT JOIN teaching_group g ON g.school_class = c.id
        LEFT JOIN lesson l ON l.teaching_group = g.id AND l.date = d.day
        WHERE extract(isodow FROM d.day) < 6
        GROUP BY 1, 2 HAVING count(DISTINCT l.ordinal) < 4
        """,
        now.date(),
    )


async def test_what_is_over_was_held_and_what_comes_is_planned(now: datetime) -> None:
    await nothing("SELECT id FROM lesson WHERE status = 'HELD' AND ends_at > $1", now)
    await nothing("SELECT id FROM lesson WHERE status = 'PLANNED' AND ends_at <= $1", now)
    await nothing("SELECT id FROM lesson WHERE btrim(topic) = '' OR btrim(room) = ''")
    assert await one("SELECT count(DISTINCT lesson_type) FROM lesson") == 5


async def test_changes_are_linked_to_what_they_changed(now: datetime) -> None:
    share = "100.0 * count(*) / (SELECT count(*) FROM lesson WHERE status = 'HELD')"
    assert 1 < await one(f"SELECT {share} FROM lesson_change WHERE kind = 'SUBSTITUTION'") < 4
    await nothing(
        """
        SELECT l.id, l.status, c.kind FROM lesson l FULL JOIN lesson_change c ON c.lesson = l.id
        WHERE (l.status = 'MOVED') <> (c.kind IS NOT DISTINCT FROM 'MOVE')
           OR (l.status = 'CANCELLED') <> (c.kind IS NOT DISTINCT FROM 'CANCELLATION')
        """
    )
    await nothing(
        """
        SELECT c.id FROM lesson_change c JOIN lesson old ON old.id = c.lesson JOIN lesson new ON new.id = c.moved_to
        WHERE old.teaching_group <> new.teaching_group OR old.subject <> new.subject
           OR (old.date, old.ordinal) = (new.date, new.ordinal) OR new.status NOT IN ('PLANNED', 'HELD')
        """
    )
    await nothing(
        """
        SELECT c.id FROM lesson_change c JOIN lesson l ON l.id = c.lesson
        WHERE c.kind = 'SUBSTITUTION' AND (c.was_teacher IS NULL OR c.was_teacher = l.teacher)
        """
    )
    await nothing("SELECT id FROM lesson_change WHERE btrim(reason) = '' OR at >= $1", now)


async def test_marks_go_to_those_who_were_there(now: datetime) -> None:
    await nothing(
        """
        SELECT k.id FROM mark k JOIN lesson l ON l.id = k.lesson
        WHERE l.status <> 'HELD' OR NOT EXISTS (
            SELECT FROM membership m WHERE m.pupil = k.pupil AND m.teaching_group = l.teaching_group
            AND m.valid_from <= l.date AND (m.valid_to IS NULL OR m.valid_to >= l.date))
        """
    )
    await nothing(
        "SELECT k.id FROM mark k JOIN attendance a ON (a.pupil, a.lesson) = (k.pupil, k.lesson) WHERE a.code <> 'LATE'"
    )
    await nothing(
        "SELECT k.id FROM mark k JOIN lesson l ON l.id = k.lesson WHERE recorded_at < starts_at OR recorded_at > $1",
        now,
    )
    await nothing(
        """
        SELECT k.id FROM mark k JOIN membership m ON m.pupil = k.pupil
        JOIN teaching_group g ON g.id = m.teaching_group AND g.kind = 'CLASS'
        JOIN school_class c ON c.id = g.school_class WHERE c.grade_level = 1
        """
    )
    await nothing(
        """
        SELECT k.id FROM mark k JOIN lesson l ON l.id = k.lesson
        LEFT JOIN capacity c ON c.account = k.author AND c.teacher = l.teacher WHERE c.id IS NULL
        """
    )


async def test_marks_are_spread_as_in_a_school(now: datetime) -> None:
    rows = await database.fetch("SELECT value, count(*) * 100.0 / sum(count(*)) OVER () AS share FROM mark GROUP BY 1")
    share = {row["value"]: float(row["share"]) for row in rows}
    assert set(share) == {"2", "3", "4", "5"}
    assert share["2"] < share["3"] < share["4"]
    assert await one("SELECT count(DISTINCT weight) FROM mark") >= 3
    assert await one("SELECT count(*) FROM mark WHERE comment <> ''") > 500
    spread = "SELECT stddev(own) FROM (SELECT avg(value::int) AS own FROM mark GROUP BY pupil) s"
    assert 0.3 < float(await one(spread)) < 0.8


async def test_corrected_marks_keep_their_history(now: datetime) -> None:
    assert await one("SELECT count(*) FROM mark_history") > 50
    await nothing(
        """
        SELECT k.id FROM mark k FULL JOIN mark_history h ON h.mark = k.id
        WHERE (k.corrected_at IS NOT NULL OR h.id IS NOT NULL)
          AND (k.corrected_at IS DISTINCT FROM h.at OR k.value IS DISTINCT FROM h.became_value
               OR h.was_value IS NOT DISTINCT FROM h.became_value OR h.at <= k.recorded_at OR h.at > $1)
        """,
        now,
    )


async def test_homework_is_due_in_a_later_lesson(now: datetime) -> None:
    await nothing(
        "SELECT h.id FROM homework h JOIN lesson l ON l.id = h.lesson WHERE due_on <= l.date OR l.status <> 'HELD'"
    )
    on_time = """
        SELECT 100.0 * count(*) FILTER (WHERE EXISTS (
            SELECT FROM lesson later WHERE later.teaching_group = l.teaching_group AND later.subject = l.subject
            AND later.date = h.due_on)) / count(*)
        FROM homework h JOIN lesson l ON l.id = h.lesson
    """
    assert await one(on_time) > 97


async def test_families_have_decided_in_every_way(now: datetime) -> None:
    verdict = guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$1")
    rows = await database.fetch(f"SELECT {verdict} AS verdict, count(*) AS found FROM guardianship g GROUP BY 1", now)
    found = {row["verdict"]: row["found"] for row in rows}
    # At the end of the year the oldest pupils are of age, and their guardians have no leave.
    found.pop("PUPIL_OF_AGE", None)
    assert set(found) == {
        "ALLOWED", "CONSENT_NOT_REGISTERED", "CONSENT_REFUSED", "CONSENT_WITHDRAWN", "ELECTRONIC_FORM_REFUSED",
    }  # fmt: skip
    assert found["ALLOWED"] > 0.7 * sum(found.values())
    assert min(found.values()) >= 10
    await nothing("SELECT id FROM consent_decision WHERE registered_at > $1 OR document_reference = ''", now)
    await nothing("SELECT id FROM consent_decision WHERE text_version = '' OR length(text_hash) <> 64")
    await nothing(
        "SELECT id FROM consent_decision a WHERE EXISTS (SELECT FROM consent_decision b "
        "WHERE b.seq > a.seq AND b.registered_at < a.registered_at)"
    )
    await nothing(
        "SELECT d.id FROM consent_decision d JOIN pupil p ON p.id = d.pupil "
        "WHERE d.guardian IS NULL AND p.birth_date + interval '14 years' > $1::date",
        now.date(),
    )
    assert await one("SELECT count(*) FROM consent_decision WHERE guardian IS NULL") > 100
    assert await one("SELECT count(*) FROM statement WHERE state = 'DRAFT'") > 0


async def test_addresses_lead_nowhere_and_most_are_confirmed_by_a_document(now: datetime) -> None:
    await nothing("SELECT value FROM contact_point WHERE value !~ '^[a-z0-9]+@example\\.org$'")
    assert await one("SELECT count(*) FROM contact_point WHERE confirmed_at IS NOT NULL") > 600
    assert await one("SELECT count(*) FROM contact_point WHERE confirmed_at IS NULL") > 20


@pytest.mark.parametrize(
    ("login", "verdicts"),
    [
        ("anna", ["ALLOWED", "ALLOWED"]),
        ("boris", ["ELECTRONIC_FORM_REFUSED"]),
        ("galina", ["CONSENT_NOT_REGISTERED"]),
    ],
)
async def test_the_guardians_of_the_cast_stand_as_promised(now: datetime, login: str, verdicts: list[str]) -> None:
    rows = await database.fetch(
        f"""
        SELECT {guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$1")} AS verdict
        FROM account a JOIN capacity c ON c.account = a.id JOIN guardianship g ON g.guardian = c.guardian
        WHERE a.username = $2
        """,
        now,
        login,
    )

    assert [row["verdict"] for row in rows] == verdicts


async def test_misha_reads_his_diary_by_his_mothers_consent(now: datetime) -> None:
    verdict = pupil_verdict(pupil="p.id", at="$1")
    row = (
        await database.fetch(
            f"""
            SELECT p.given_name, s.name, {verdict} AS verdict
            FROM account a JOIN capacity c ON c.account = a.id JOIN pupil p ON p.id = c.pupil
            JOIN membership m ON m.pupil = p.id JOIN teaching_group g ON g.id = m.teaching_group AND g.kind = 'CLASS'
            JOIN school_class s ON s.id = g.school_class
            JOIN capacity v ON v.teacher = s.class_teacher
            JOIN account vera ON vera.id = v.account AND vera.username = 'vera'
            WHERE a.username = 'misha'
            """,
            now,
        )
    )[0]

    assert tuple(row) == ("Михаил", "6Б", "ALLOWED")


async def test_mishas_week_shows_a_substitution_a_move_and_a_cancellation(now: datetime) -> None:
    rows = await database.fetch(
        f"""
        SELECT DISTINCT c.kind FROM {MEMBERS} JOIN lesson_change c ON c.lesson = l.id
        JOIN pupil p ON p.id = m.pupil AND p.given_name = 'Михаил' AND p.family_name = 'Соколов'
        WHERE date_trunc('week', l.date) = date_trunc('week', $1::date)
        """,
        now.date(),
    )

    assert {row["kind"] for row in rows} == {"SUBSTITUTION", "MOVE", "CANCELLATION"}


async def test_both_of_annas_children_have_fresh_marks_in_different_classes(now: datetime) -> None:
    rows = await database.fetch(
        """
        SELECT g.pupil, count(k.id) AS marks,
            count(k.id) FILTER (WHERE l.date > $1::date - 8) AS fresh
        FROM account a JOIN capacity c ON c.account = a.id JOIN guardianship g ON g.guardian = c.guardian
        JOIN mark k ON k.pupil = g.pupil JOIN lesson l ON l.id = k.lesson
        WHERE a.username = 'anna' GROUP BY 1
        """,
        now.date(),
    )

    assert len(rows) == 2
    assert all(row["marks"] > 50 and row["fresh"] >= 3 for row in rows)


async def test_the_feed_numbers_each_pupils_events_without_gaps(now: datetime) -> None:
    await nothing(
        """
        SELECT e.pupil FROM feed_event e JOIN feed f ON f.id = e.pupil
        GROUP BY e.pupil, f.version HAVING max(seq) <> f.version OR count(*) <> f.version OR min(seq) <> 1
        """
    )
    await nothing("SELECT p.id FROM pupil p WHERE NOT EXISTS (SELECT FROM feed f WHERE f.id = p.id)")
    await nothing("SELECT pupil FROM feed_event WHERE kind = 'TIMETABLE_CHANGED' GROUP BY 1 HAVING count(*) > 1")


async def test_the_trail_knows_every_row_and_no_password(now: datetime) -> None:
    for table in ("mark", "lesson", "pupil", "consent_decision", "account"):
        await nothing(
            f"SELECT id FROM {table} t WHERE NOT EXISTS (SELECT FROM audit_entry a "
            f"WHERE a.record = '{table}' AND a.record_id = t.id::text AND a.action = 'INSERT' AND a.route = 'DEMO')"
        )
    await nothing("SELECT id FROM audit_entry WHERE record = 'account' AND after ? 'password'")


async def test_what_a_family_has_agreed_fits_what_it_has_decided(now: datetime) -> None:
    """On paper who refuses or has taken it back, electronically who may read; who is silent has agreed to nothing."""
    pairs = f"""
        SELECT g.guardian, g.pupil, {guardian_verdict(guardian="g.guardian", pupil="g.pupil", at="$1")} AS verdict,
            coalesce(a.form, 'NOTHING') AS form, a.channels, a.document_reference, a.origin, a.registered_at
        FROM guardianship g LEFT JOIN LATERAL ({current_sql("g.guardian", "g.pupil")}) AS a ON true
        WHERE g.valid_to IS NULL
    """
    forms = await database.fetch(f"SELECT DISTINCT verdict, form FROM ({pairs}) AS p ORDER BY verdict", now)
    assert [tuple(row) for row in forms if row["verdict"] != "PUPIL_OF_AGE"] == [
        ("ALLOWED", "ELECTRONIC"), ("CONSENT_NOT_REGISTERED", "NOTHING"), ("CONSENT_REFUSED", "PAPER"),
        ("CONSENT_WITHDRAWN", "PAPER"), ("ELECTRONIC_FORM_REFUSED", "PAPER"),
    ]  # fmt: skip
    await nothing(f"SELECT 1 FROM ({pairs}) AS p WHERE registered_at > $1", now)
    await nothing(f"SELECT 1 FROM ({pairs}) AS p WHERE form = 'ELECTRONIC' AND channels[1] <> 'EMAIL'", now)
    await nothing(f"SELECT 1 FROM ({pairs}) AS p WHERE origin = 'OFFICE' AND document_reference = ''", now)


async def test_most_guardians_have_agreed_that_codes_are_their_signature(now: datetime) -> None:
    guardians = await one("SELECT count(*) FROM guardian")
    assert 0.7 < await one("SELECT count(*) FROM signing_agreement WHERE ended_at IS NULL") / guardians < 0.9
    cast = "SELECT c.guardian FROM account a JOIN capacity c ON c.account = a.id WHERE a.username = ANY ($1)"
    assert (
        await one(f"SELECT count(*) FROM signing_agreement WHERE guardian IN ({cast})", ["anna", "boris", "galina"])
        == 3
    )
    await nothing("SELECT FROM signing_agreement WHERE registered_at > $1 OR signed_on > $1", now)
    await nothing("SELECT FROM account WHERE password_given")
