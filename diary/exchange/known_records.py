"""What earlier imports left in the diary, as a file of changes may refer to it."""

from __future__ import annotations

from collections import defaultdict

from diary.exchange.intake import DERIVED
from diary.exchange.oneroster.known import Known, KnownClass, KnownUser
from diary.exchange.oneroster.records import Capacity
from diary.kit import database

_CLASSES = """
    SELECT s.external_id AS school, t.external_id AS key, t.kind = 'CLASS' AS is_homeroom, k.grade_level,
        coalesce((SELECT b.name FROM teaching_assignment a JOIN subject b ON b.id = a.subject
                  WHERE a.teaching_group = t.id ORDER BY a.valid_from DESC, a.id LIMIT 1), t.name) AS subject
    FROM teaching_group t JOIN school s ON s.id = t.school LEFT JOIN school_class k ON k.id = t.school_class
    WHERE s.external_id IS NOT NULL AND t.external_id IS NOT NULL AND NOT starts_with(t.external_id, $1)
"""
_PEOPLE = """
    SELECT s.external_id AS school, p.external_id AS key, p.capacity, p.is_in_a_homeroom
    FROM (
        SELECT school, external_id, 'student' AS capacity, EXISTS (
            SELECT FROM membership m JOIN teaching_group t ON t.id = m.teaching_group AND t.kind = 'CLASS'
            WHERE m.pupil = pupil.id AND m.valid_to IS NULL AND NOT starts_with(coalesce(t.external_id, ''), $1)
        ) AS is_in_a_homeroom FROM pupil
        UNION ALL SELECT school, external_id, 'teacher', false FROM teacher
        UNION ALL SELECT school, external_id, 'guardian', false FROM guardian
    ) AS p JOIN school s ON s.id = p.school
    WHERE s.external_id IS NOT NULL AND p.external_id IS NOT NULL
"""


async def load_known() -> Known:
    """Return the ids of earlier imports with what a file of changes needs to know about them."""
    schools = await database.fetch("SELECT external_id FROM school WHERE external_id IS NOT NULL")
    classes = {
        row["key"]: KnownClass(
            school_id=row["school"],
            is_homeroom=row["is_homeroom"],
            grade_level=row["grade_level"],
            subject=row["subject"],
        )
        for row in await database.fetch(_CLASSES, DERIVED)
    }
    capacities: dict[str, set[Capacity]] = defaultdict(set)
    school_ids: dict[str, set[str]] = defaultdict(set)
    in_homerooms: set[str] = set()
    for row in await database.fetch(_PEOPLE, DERIVED):
        capacities[row["key"]].add(Capacity(row["capacity"]))
        school_ids[row["key"]].add(row["school"])
        if row["is_in_a_homeroom"]:
            in_homerooms.add(row["key"])
    users = {
        key: KnownUser(
            capacities=frozenset(found),
            school_ids=frozenset(school_ids[key]),
            is_in_a_homeroom=key in in_homerooms,
        )
        for key, found in capacities.items()
    }
    return Known(schools=frozenset(row["external_id"] for row in schools), classes=classes, users=users)
