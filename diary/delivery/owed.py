"""Who is owed a weekly diary or a forecast: one statement opens what is missing and cancels what has no basis (D6)."""

from __future__ import annotations

from functools import cache

from diary.consent.verdict import (
    ALLOWED,
    PUPIL_OF_AGE,
    guardian_verdict,
    known_guardianships,
    pupil_verdict,
    represents,
)
from diary.delivery.tables import ObligationKind
from diary.kit.wording import _
from diary.people.guardianships import in_force

CALENDAR_CHANGED = _("Изменился учебный календарь.")
PUPIL_LEFT = _("Обучающийся выбыл.")
RIGHTS_ENDED = _("Права представителя прекратились.")
PUPIL_CAME_OF_AGE = _("Обучающийся совершеннолетний.")
ELECTRONIC_AGAIN = _("Действует электронная форма.")
#: A duty cancelled for one of these is owed anew when its basis is back; what a person cancelled stays cancelled.
OWN_REASONS = (CALENDAR_CHANGED, PUPIL_LEFT, RIGHTS_ENDED, PUPIL_CAME_OF_AGE, ELECTRONIC_AGAIN)

#: Stands for the pupil where an addressee is compared.
PUPIL_SELF = "'00000000-0000-0000-0000-000000000000'::uuid"

# $1 school, $2 grades, $3 last days, $4 due instants, $5 the instant judged, $6 what it is about, $7 opened at,
# $8 and $9 between which due instants duties are looked at, $10 the reasons of our own, $11 clause.
# A grade without a due instant has no duty; -1 is the grade of pupils without any.
_STATEMENT = """
    WITH due AS (
        SELECT * FROM unnest($2::smallint[], $3::date[], $4::timestamptz[]) AS d (grade, day, due_at)
    ), enrolled AS MATERIALIZED (
        SELECT p.id AS pupil, d.due_at, d.on_day, s.of_age, s.own_decision_age,
            coalesce(extract(year FROM age(d.on_day, p.birth_date)), 0) AS age
        FROM school s JOIN pupil p ON p.school = s.id CROSS JOIN LATERAL (
            SELECT due.due_at, judged.on_day
            FROM membership m JOIN teaching_group t ON t.id = m.teaching_group
            LEFT JOIN school_class c ON c.id = t.school_class
            JOIN due ON due.grade = coalesce(c.grade_level, p.grade_level, -1)
            CROSS JOIN LATERAL (
                SELECT least(due.day, ($5::timestamptz AT TIME ZONE s.time_zone)::date) AS on_day
            ) AS judged
            WHERE m.pupil = p.id AND m.valid_from <= judged.on_day
                AND (m.valid_to IS NULL OR m.valid_to >= judged.on_day)
            ORDER BY t.kind = 'CLASS' DESC, m.valid_from DESC, m.id LIMIT 1
        ) AS d
        WHERE s.id = $1 AND (p.left_on IS NULL OR p.left_on >= d.on_day) {of_pupils}
    ), pairs AS MATERIALIZED (
        SELECT DISTINCT e.pupil, g.guardian, e.due_at, v.verdict, {guardian_is_owed} AS is_owed
        FROM enrolled e JOIN {guardianships} g ON g.pupil = e.pupil AND {in_force}
        CROSS JOIN LATERAL (SELECT {guardian_verdict} AS verdict) AS v
        WHERE e.due_at IS NOT NULL
        UNION ALL
        SELECT e.pupil, NULL, e.due_at, '', true FROM enrolled e WHERE e.due_at IS NOT NULL AND {pupil_is_owed}
    ), cancelled AS ({cancelled}), opened AS (
        INSERT INTO obligation (school, kind, clause, pupil, guardian, about, opened_at, due_at)
        SELECT $1, '{kind}', $11, p.pupil, p.guardian,
            $6::varchar || CASE WHEN known.number = 0 THEN '' ELSE '/' || known.number + 1 END, $7, p.due_at
        FROM pairs p CROSS JOIN LATERAL (
            SELECT count(*) AS number,
                coalesce(bool_and(o.state = 'CANCELLED' AND o.cancel_reason = ANY ($10::text[])), true) AS is_free
            FROM obligation o
            WHERE o.kind = '{kind}' AND o.pupil = p.pupil
                AND coalesce(o.guardian, {self}) = coalesce(p.guardian, {self})
                AND (o.about = $6::varchar OR starts_with(o.about, $6::varchar || '/'))
        ) AS known
        WHERE p.is_owed AND known.is_free AND p.due_at BETWEEN $8 AND $9
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT (SELECT count(*) FROM opened) AS opened, (SELECT count(*) FROM cancelled) AS cancelled
"""

_CANCELLED = """
        UPDATE obligation o SET state = 'CANCELLED', cancelled_at = least($5::timestamptz, o.due_at),
            cancel_reason = gone.reason
        FROM (
            SELECT was.id, CASE
                WHEN e.pupil IS NULL THEN ($10::text[])[2]
                WHEN e.due_at IS NULL OR e.due_at <> was.due_at THEN ($10::text[])[1]
                WHEN p.verdict = '{of_age}' THEN ($10::text[])[4]
                WHEN p.pupil IS NULL AND was.guardian IS NOT NULL THEN ($10::text[])[3]
                WHEN p.is_owed THEN NULL
                ELSE ($10::text[])[5] END AS reason
            FROM obligation was
            LEFT JOIN enrolled e ON e.pupil = was.pupil
            LEFT JOIN pairs p ON p.pupil = was.pupil
                AND coalesce(p.guardian, {self}) = coalesce(was.guardian, {self})
            WHERE was.school = $1 AND was.kind = '{kind}' AND was.state = 'OPEN'
                AND (was.about = $6::varchar OR starts_with(was.about, $6::varchar || '/'))
                AND was.due_at BETWEEN $8 AND $9
        ) AS gone
        WHERE o.id = gone.id AND gone.reason IS NOT NULL RETURNING o.id
"""


@cache
def statement(kind: ObligationKind, *, past: bool, opening_only: bool = False) -> str:
    """Return the statement for a kind; about the past it judges by what was registered by the instant judged (R2.4).

    With `opening_only` nothing is cancelled, and $12 says about which pupils it is.
    """
    as_of = "$5::timestamptz" if past else None
    if kind is ObligationKind.WEEKLY_DIARY:
        known = f"AND a.registered_at <= {as_of}" if as_of else ""
        paper_agreed = (
            "(SELECT a.form FROM delivery_agreement a WHERE a.guardian = g.guardian AND a.pupil = e.pupil "  # noqa: S608
            f"{known} ORDER BY a.seq DESC LIMIT 1) = 'PAPER'"
        )
        verdict = guardian_verdict(guardian="g.guardian", pupil="e.pupil", at="$5::timestamptz", as_of=as_of)
        guardian_is_owed = (
            f"(v.verdict <> '{PUPIL_OF_AGE}' AND (v.verdict <> '{ALLOWED}' OR coalesce({paper_agreed}, false)))"
        )
        own = pupil_verdict(pupil="e.pupil", at="$5::timestamptz", as_of=as_of)
        pupil_is_owed = f"CASE WHEN e.age >= e.of_age THEN {own} <> '{ALLOWED}' ELSE false END"
    else:
        verdict = (
            f"CASE WHEN {represents(pupil='e.pupil', at='$5::timestamptz', as_of=as_of)} "
            f"THEN '{ALLOWED}' ELSE '{PUPIL_OF_AGE}' END"
        )
        guardian_is_owed = f"(v.verdict = '{ALLOWED}')"
        pupil_is_owed = "e.age >= e.own_decision_age"
    cancelled = (
        "SELECT WHERE false"
        if opening_only
        else _CANCELLED.format(kind=kind.value, of_age=PUPIL_OF_AGE, self=PUPIL_SELF)
    )
    return _STATEMENT.format(
        cancelled=cancelled,
        of_pupils="AND p.id = ANY ($12::uuid[])" if opening_only else "",
        kind=kind.value,
        guardianships=known_guardianships("$5::timestamptz") if past else "guardianship",
        in_force=in_force("g", "e.on_day"),
        guardian_verdict=verdict,
        guardian_is_owed=guardian_is_owed,
        pupil_is_owed=pupil_is_owed,
        self=PUPIL_SELF,
    )
