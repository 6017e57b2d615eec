"""Forms of consent on paper, to be signed by hand: one person's, a whole class's, or blank (R2.2, 152-FZ art. 9)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent import texts
from diary.consent.tables import Decision, Purpose
from diary.consent.verdict import represents
from diary.delivery.consent_documents import ConsentDocument, issued
from diary.kit import clock, database
from diary.kit.command import command
from diary.kit.refusal import BadInput, NotFound
from diary.kit.wording import _
from diary.paper.addressees import class_in_week, may_be_given, own_guardian
from diary.paper.print_jobs import Requested, one_at_a_time, queue, require_room, school_of_office
from diary.paper.tables import PrintState, SheetKind
from diary.people.ages import age_on
from diary.people.guardianships import in_force
from diary.people.names import folded_sql, full_name


@command
async def request_consent_form(viewer: Viewer, *, pupil_id: UUID, purpose: Purpose) -> Requested:
    """Have a form of consent printed for a guardian, or for the pupil themself, to be signed on paper.

    No consent is needed to ask for what one is to agree to; asking again while the form is on its way returns the same
    one. Raises NotFound, PupilOfAge, TooManySheets, BadInput for a leave of access that only the pupil can give.
    """
    now = clock.now()
    if pupil_id in viewer.people(Role.PUPIL):
        guardian_id, found = None, await database.fetch("SELECT school FROM pupil WHERE id = $1", pupil_id)
        school_id = found[0]["school"]
    else:
        own = await own_guardian(viewer, pupil_id, at=now)
        guardian_id, school_id = own["guardian"], own["school"]
    _require_own_decision(guardian_id, purpose)
    await one_at_a_time(viewer)
    waiting = await database.fetch(
        """
        SELECT id, state, requested_at FROM print_job
        WHERE kind = 'CONSENT_FORM' AND purpose = $1 AND pupil = $2 AND guardian IS NOT DISTINCT FROM $3
            AND requested_by = $4 AND state IN ('QUEUED', 'RENDERED', 'PRINTED') ORDER BY requested_at DESC LIMIT 1
        """,
        purpose.value,
        pupil_id,
        guardian_id,
        viewer.account_id,
    )
    if waiting:
        return Requested(
            job_id=waiting[0]["id"],
            state=PrintState(waiting[0]["state"]),
            requested_at=waiting[0]["requested_at"],
        )
    await require_room(viewer)
    job_id = await queue(
        viewer,
        school_id=school_id,
        kind=SheetKind.CONSENT_FORM,
        pupil_id=pupil_id,
        guardian_id=guardian_id,
        purpose=purpose,
    )
    return Requested(job_id=job_id, state=PrintState.QUEUED, requested_at=now)


@command
async def order_consent_forms(
    viewer: Viewer,
    *,
    school_id: UUID,
    purpose: Purpose,
    pupil_id: UUID | None = None,
    guardian_id: UUID | None = None,
    class_id: UUID | None = None,
) -> UUID:
    """Have forms printed for the office: one person's, those of a whole class, or without any of them a blank one.

    Raises NotFound for people of another school or a guardian without rights, BadInput for a pupil and a class, or for
    a leave of access that only the pupil can give.
    """
    if pupil_id is not None and class_id is not None:
        raise BadInput(field="pupil", reason=_("укажите обучающегося или класс"))
    if pupil_id is not None or class_id is not None:
        school_id = await school_of_office(viewer, pupil_id=pupil_id, class_id=class_id)
    elif school_id not in viewer.schools(Role.OFFICE):
        raise NotFound
    if pupil_id is not None:
        _require_own_decision(guardian_id, purpose)
        if not await may_be_given(guardian_id=guardian_id, pupil_id=pupil_id, at=clock.now()):
            raise NotFound
    return await queue(
        viewer,
        school_id=school_id,
        kind=SheetKind.CONSENT_FORM,
        pupil_id=pupil_id,
        class_id=class_id,
        guardian_id=guardian_id if pupil_id else None,
        purpose=purpose,
    )


def _require_own_decision(guardian_id: UUID | None, purpose: Purpose) -> None:
    if purpose is Purpose.GUARDIAN_ACCESS and guardian_id is not None:
        raise BadInput(field="purpose", reason=_("это решение принимает только сам обучающийся"))


async def documents_of(job: Any, *, today: date) -> list[ConsentDocument]:
    """Return the documents of a job as they are at this moment, inside a command; nobody's is an empty list.

    A guardian whose rights have ended since gets none.
    """
    purpose = Purpose(job["purpose"])
    if job["pupil"] is None and job["school_class"] is None:
        return [await _blank(job["school"], purpose)]
    if job["school_class"] is not None:
        signers = await _signers(job["school_class"], purpose, today)
    elif await may_be_given(guardian_id=job["guardian"], pupil_id=job["pupil"], at=clock.now()):
        signers = [(job["guardian"], job["pupil"])]
    else:
        signers = []
    return [
        (await issued(guardian_id=guardian_id, pupil_id=pupil_id, purpose=purpose, decision=Decision.GIVEN)).text
        for guardian_id, pupil_id in signers
    ]


async def _blank(school_id: UUID, purpose: Purpose) -> ConsentDocument:
    school = (await database.fetch("SELECT name, address, processor FROM school WHERE id = $1", school_id))[0]
    text = await texts.current_text(school_id, purpose)
    document = texts.filled(
        text,
        texts.ConsentFacts(
            signer="",
            pupil="",
            school=school["name"],
            school_address=school["address"],
            processor=school["processor"],
        ),
    )
    return ConsentDocument(
        purpose=purpose,
        version=text.version,
        title=text.title,
        document=document,
        document_sha256=texts.sha256(document),
        text_sha256=text.sha256,
    )


# The guardians of each pupil of the class, and the pupil from the age of an own decision on; of age the pupil alone.
_SIGNERS = f"""
    WITH member AS MATERIALIZED (
        SELECT p.id, {folded_sql(full_name("p"))} AS name,
            {age_on("p", "$2::date")} AS age, s.of_age, s.own_decision_age
        FROM pupil p JOIN school s ON s.id = p.school
        CROSS JOIN LATERAL ({class_in_week("p.id", monday="date_trunc('week', $2::date)::date")}) AS k
        WHERE k.id = $1 AND (p.left_on IS NULL OR p.left_on >= $2)
    )
    SELECT NULL::uuid AS guardian, m.id AS pupil, m.name, '' AS signer FROM member m
    WHERE m.age >= CASE WHEN $3 = 'GUARDIAN_ACCESS' THEN m.of_age ELSE m.own_decision_age END
    UNION ALL
    SELECT DISTINCT r.id, m.id, m.name, {full_name("r")}
    FROM member m JOIN guardianship g ON g.pupil = m.id AND {in_force("g", "$2::date")}
    JOIN guardian r ON r.id = g.guardian
    WHERE $3 <> 'GUARDIAN_ACCESS' AND {represents(pupil="m.id", at="$4")}
    ORDER BY name, pupil, signer, guardian
"""  # noqa: S608 - constants only


async def _signers(class_id: UUID, purpose: Purpose, today: date) -> list[tuple[UUID | None, UUID]]:
    rows = await database.fetch(_SIGNERS, class_id, today, purpose.value, clock.now())
    return [(row["guardian"], row["pupil"]) for row in rows]
