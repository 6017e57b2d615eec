"""What earlier imports left in the diary, as a file of changes may refer to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from diary.exchange.intake import DERIVED
from diary.exchange.oneroster.known import Known, KnownClass, KnownUser
from diary.exchange.oneroster.records import Capacity
from diary.kit import database

_CLASSES = """
    SELECT s.external_id AS school, t.external_id AS key, t.kind = 'CLASS' AS is_homeroom, k.grade_level,
        coalesce((SELECT b.name FROM teaching_assignment a JOIN subject b ON b.id = a.subject
                  WHERE a.teaching_group = t.id ORDER BY a.valid_from DESC, a.id LIMIT 1), t.name) AS subject
    FROM teaching_group t JOIN school s ON s.id = t.school LEFT JOIN school_class k ON k.id = t.school_class
    WHERE t.external_id IS NOT NULL AND NOT starts_with(t.external_id, $1)
        AND s.external_id = ANY ($2)
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
    WHERE s.external_id = ANY ($2) AND p.external_id IS NOT NULL
"""


async def load_known(only: Iterable[str] | None = None) -> Known:
    """Return the ids of earlier imports, of all schools or of some, with what a file of changes refers to."""
    rows = await database.fetch("SELECT external_id, name, demo FROM school")
    kept = None if only is None else set(only)
    schools = {
        row["external_id"]: row["name"]
        for row in rows
        if row["external_id"] is not None and (kept is None or row["external_id"] in kept)
    }
    keys = list(schools)
    classes = {
        row["key"]: KnownClass(
            school_id=row["school"],
            is_homeroom=row["is_homeroom"],
            grade_level=row["grade_level"],
            subject=row["subject"],
        )
        for row in await database.fetch(_CLASSES, DERIVED, keys)
    }
    capacities: dict[str, set[Capacity]] = defaultdict(set)
    school_ids: dict[str, set[str]] = defaultdict(set)
    in_homerooms: set[str] = set()
    for row in await database.fetch(_PEOPLE, DERIVED, keys):
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
    is_shared = sum(not row["demo"] for row in rows) > 1
    return Known(schools=schools, is_shared=is_shared, classes=classes, users=users)
