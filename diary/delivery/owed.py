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
from diary.delivery.agreements import current_sql
from diary.delivery.tables import ObligationKind
from diary.delivery.ways import USABLE
from diary.kit.wording import _
from diary.people.ages import age_on
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
# A grade without a due instant has no duty; -1 is the grade of pupils without any. A pupil whose grade is known is owed
# what the grade is owed also while in no group and without one ahead: a gap in the roster silences no duty.
# A duty whose deadline would move into the past keeps the one it has: a holiday entered late erases no week (A8).
_STATEMENT = """
    WITH due AS (
        SELECT * FROM unnest($2::smallint[], $3::date[], $4::timestamptz[]) AS d (grade, day, due_at)
    ), enrolled AS MATERIALIZED (
        SELECT p.id AS pupil, d.due_at, d.on_day, s.of_age, s.own_decision_age,
            {age} AS age
        FROM school s JOIN pupil p ON p.school = s.id CROSS JOIN LATERAL (
            SELECT due.due_at, judged.on_day
            FROM (
                SELECT coalesce(c.grade_level, p.grade_level, -1) AS grade, m.valid_from, m.valid_to,
                    CASE WHEN t.kind = 'CLASS' THEN 1 ELSE 2 END AS place, m.id
                FROM membership m JOIN teaching_group t ON t.id = m.teaching_group
                LEFT JOIN school_class c ON c.id = t.school_class WHERE m.pupil = p.id
                UNION ALL
                SELECT p.grade_level, NULL, NULL, 3, p.id WHERE p.grade_level IS NOT NULL
            ) AS m
            JOIN due ON due.grade = m.grade
            CROSS JOIN LATERAL (
                SELECT least(due.day, ($5::timestamptz AT TIME ZONE s.time_zone)::date) AS on_day
            ) AS judged
            WHERE CASE WHEN m.place < 3 THEN m.valid_from <= judged.on_day
                AND (m.valid_to IS NULL OR m.valid_to >= judged.on_day)
                ELSE NOT EXISTS (SELECT FROM membership f WHERE f.pupil = p.id AND f.valid_from > judged.on_day) END
            ORDER BY m.place, m.valid_from DESC, m.id LIMIT 1
        ) AS d
        WHERE s.id = $1 AND (p.left_on IS NULL OR p.left_on >= d.on_day) {of_pupils}
    ), pairs AS MATERIALIZED (
        SELECT DISTINCT e.pupil, g.guardian, e.due_at, v.verdict, {guardian_is_owed} AS is_owed
        FROM enrolled e JOIN {guardianships} g ON g.pupil = e.pupil AND {in_force}
        CROSS JOIN LATERAL (SELECT {guardian_verdict} AS verdict) AS v
        UNION ALL
        SELECT e.pupil, NULL, e.due_at, '', true FROM enrolled e WHERE {pupil_is_owed}
    ), cancelled AS (
        UPDATE obligation o SET state = 'CANCELLED', cancelled_at = least($5::timestamptz, o.due_at),
            cancel_reason = gone.reason
        FROM (
            SELECT was.id, CASE
                WHEN e.pupil IS NULL THEN ($10::text[])[2]
                WHEN {calendar_changed} THEN ($10::text[])[1]
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
        WHERE o.id = gone.id AND gone.reason IS NOT NULL AND o.state = 'OPEN' {cancelling}
        RETURNING o.id
    ), opened AS (
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


_EXTERNAL = "('EMAIL', 'SMS', 'MESSENGER', 'WEB_PUSH')"


def _has_account(person: str) -> str:
    """Return the condition that an account may sign in as a person, such as `guardian = g.guardian`.

    Accounts keep no history, so about the past it is what is so now.
    """
    return f"EXISTS (SELECT FROM capacity k JOIN account l ON l.id = k.account AND l.active WHERE k.{person})"


def _agreement(as_of: str | None) -> str:
    """Return the agreement of the pair e.pupil and g.guardian, as it is or as it was known."""
    return (
        f"({current_sql('g.guardian', 'e.pupil')})"
        if as_of is None
        else "(SELECT a.* FROM delivery_agreement a WHERE a.guardian = g.guardian AND a.pupil = e.pupil "  # noqa: S608
        f"AND a.registered_at <= {as_of} ORDER BY a.seq DESC LIMIT 1)"
    )


def _reachable(as_of: str | None) -> str:
    """Return the condition that the electronic form can reach the guardian: an account, or an agreed usable contact."""
    usable = (
        USABLE.format(c="c")
        if as_of is None
        else f"c.confirmed_at <= {as_of} AND (c.retired_at IS NULL OR c.retired_at > {as_of}) "
        f"AND (c.failed_at IS NULL OR c.failed_at > {as_of})"
    )
    return f"""({_has_account("guardian = g.guardian")} OR EXISTS (
        SELECT FROM {_agreement(as_of)} AS a
        JOIN contact_point c ON c.guardian = g.guardian AND c.channel = ANY (a.channels)
        WHERE a.form = 'ELECTRONIC' AND a.schedule <> 'SELF_SERVICE' AND c.channel IN {_EXTERNAL} AND {usable}))"""


@cache
def statement(kind: ObligationKind, *, past: bool, opening_only: bool = False) -> str:
    """Return the statement for a kind; about the past it judges by what was registered by the instant judged (R2.4).

    A weekly diary is owed to whom the electronic form is closed, and to whom it is open but cannot be reached by it.
    With `opening_only` nothing is cancelled, and $12 says about which pupils it is.
    """
    as_of = "$5::timestamptz" if past else None
    # The 24:00:00 at which a duty falls due begins the next day, on which a pupil may come of age or a consent end.
    at = "least($5::timestamptz, e.due_at - interval '1 microsecond')"
    if kind is ObligationKind.WEEKLY_DIARY:
        verdict = guardian_verdict(guardian="g.guardian", pupil="e.pupil", at=at, as_of=as_of)
        on_paper = f"coalesce((SELECT a.form FROM {_agreement(as_of)} AS a) = 'PAPER', false)"  # noqa: S608
        guardian_is_owed = (
            f"(v.verdict <> '{PUPIL_OF_AGE}' AND (v.verdict <> '{ALLOWED}' OR {on_paper} OR NOT {_reachable(as_of)}))"
        )
        own = pupil_verdict(pupil="e.pupil", at=at, as_of=as_of)
        pupil_is_owed = (
            f"CASE WHEN e.age >= e.of_age THEN {own} <> '{ALLOWED}' OR NOT {_has_account('pupil = e.pupil')} "
            "ELSE false END"
        )
    else:
        verdict = (
            f"CASE WHEN {represents(pupil='e.pupil', at=at, as_of=as_of)} THEN '{ALLOWED}' ELSE '{PUPIL_OF_AGE}' END"
        )
        guardian_is_owed = f"(v.verdict = '{ALLOWED}')"
        pupil_is_owed = "e.age >= e.own_decision_age"
    guardianships = known_guardianships("$5::timestamptz") if past else "guardianship"
    # Of the past only the calendar of today is known: what was not cancelled by its due instant stays owed.
    calendar_changed = "false" if past else "e.due_at IS NULL OR e.due_at <> was.due_at AND e.due_at >= $5::timestamptz"
    return _STATEMENT.format(
        of_pupils="AND p.id = ANY ($12::uuid[])" if opening_only else "",
        cancelling="AND false" if opening_only else "",
        kind=kind.value,
        guardianships=guardianships,
        in_force=in_force("g", "e.on_day", among=guardianships),
        age=age_on("p", "d.on_day"),
        guardian_verdict=verdict,
        guardian_is_owed=guardian_is_owed,
        pupil_is_owed=pupil_is_owed,
        calendar_changed=calendar_changed,
        of_age=PUPIL_OF_AGE,
        self=PUPIL_SELF,
    )
