"""Whose pupil it is: the predicate inside every page's SQL that no query can forget (D5, trust.md 1.3)."""

from __future__ import annotations

from diary.people.guardianships import in_force


def pupil_access_sql(*, account: str, pupil: str, at: str, guardian_verdict: str, pupil_verdict: str) -> str:
    """Return a SELECT of at most one row (pupil, school, verdict, whole, teacher) for an account, a pupil, an instant.

    `whole` is false for a teacher who sees only the own lessons; `teacher` is then that teacher. The consent
    fragments come from the left: they may use g.guardian and p.id. An operator runs the service
    and sees nobody's child this way (trust.md: support access is off by default).
    """
    return f"""
        SELECT p.id AS pupil, p.school, source.verdict, source.whole, source.teacher
        FROM pupil p JOIN school s ON s.id = p.school
        CROSS JOIN LATERAL (
            SELECT ({at} AT TIME ZONE s.time_zone)::date AS today
            ) AS local
        CROSS JOIN LATERAL (
            SELECT {guardian_verdict} AS verdict, true AS whole, NULL::uuid AS teacher
            FROM capacity c JOIN guardianship g ON g.guardian = c.guardian AND g.pupil = p.id
            WHERE c.account = {account} AND c.role = 'GUARDIAN' AND {in_force("g", "local.today")}
            UNION ALL
            SELECT {pupil_verdict}, true, NULL
            FROM capacity c WHERE c.account = {account} AND c.role = 'PUPIL' AND c.pupil = p.id
            UNION ALL
            SELECT 'ALLOWED', true, NULL
            FROM capacity c WHERE c.account = {account} AND c.role = 'OFFICE' AND c.school = p.school
            UNION ALL
            SELECT 'ALLOWED', bool_or(k.class_teacher = c.teacher), c.teacher
            FROM capacity c
            JOIN teacher w ON w.id = c.teacher AND (w.left_on IS NULL OR w.left_on >= local.today)
            JOIN membership m ON m.pupil = p.id AND m.valid_from <= local.today
                AND (m.valid_to IS NULL OR m.valid_to >= local.today)
            JOIN teaching_group t ON t.id = m.teaching_group
            LEFT JOIN school_class k ON k.id = t.school_class AND t.kind = 'CLASS'
            LEFT JOIN teaching_assignment a ON a.teaching_group = t.id AND a.teacher = c.teacher
                AND a.valid_from <= local.today AND (a.valid_to IS NULL OR a.valid_to >= local.today)
            WHERE c.account = {account} AND c.role = 'TEACHER' AND (k.class_teacher = c.teacher OR a.id IS NOT NULL)
            GROUP BY c.teacher
        ) AS source
        WHERE p.id = {pupil}
        ORDER BY source.verdict = 'ALLOWED' DESC, source.whole DESC NULLS LAST
        LIMIT 1
    """  # noqa: S608 - built from column names and parameters only


def paper_access_sql(*, readable: str, pupil: str) -> str:
    """Return the same for the service that prints: of the readable pupils it sees everything, of others nothing.

    Consent does not limit paper (D5); who may receive the sheet is asked before it is printed and handed over.
    """
    return f"""
        SELECT p.id AS pupil, p.school, 'ALLOWED' AS verdict, true AS whole, NULL::uuid AS teacher
        FROM pupil p WHERE p.id = {pupil} AND p.id = ANY ({readable}::uuid[])
    """  # noqa: S608 - built from column names and parameters only
