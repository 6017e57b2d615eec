"""Delivery agreements: what a guardian has agreed about a child; rows are only added, the newest counts (R1, R9.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.access.tables import Role
from diary.access.viewer import Viewer
from diary.consent.verdict import ALLOWED, refusal_of
from diary.delivery.informing import InformingChannel, may_inform
from diary.delivery.rules import DeliveryDays
from diary.delivery.tables import (
    AgreedChannel,
    AgreementOrigin,
    DeliveryForm,
    DeliverySchedule,
    PaperReason,
    PaperReceiver,
)
from diary.kit import clock, database
from diary.kit.command import Actor, command
from diary.kit.refusal import BadInput, NotFound, Refusal
from diary.kit.typed_line import typed_line
from diary.kit.wording import _
from diary.people.guardianships import in_force

#: So many explicit dates may be agreed at once, and no further ahead than this.
DATES_AT_MOST = 60
FURTHEST_DATE = timedelta(days=400)


class AgreementNeedsDocument(Refusal):
    """What the office writes down rests on a document of the family (R8.2, R9.3)."""

    code = "AGREEMENT_NEEDS_DOCUMENT"
    wording = _("Укажите документ, по которому записано соглашение (номер, дата, место хранения).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One agreement as it stands."""

    id: UUID
    guardian_id: UUID
    pupil_id: UUID
    form: DeliveryForm
    reason: PaperReason | None
    handed_to: PaperReceiver
    channels: tuple[AgreedChannel, ...]
    schedule: DeliverySchedule
    weekdays: tuple[int, ...]
    month_days: tuple[int, ...]
    dates: tuple[date, ...]
    quiet_from: time | None
    quiet_to: time | None
    origin: AgreementOrigin
    document_reference: str
    agreed_at: datetime
    registered_at: datetime


def current_sql(guardian: str, pupil: str) -> str:
    """Return the SELECT of the agreement in force for a pair given by columns or parameters; at most one row."""
    return (
        f"SELECT a.* FROM delivery_agreement a WHERE a.guardian = {guardian} AND a.pupil = {pupil} "  # noqa: S608
        "ORDER BY a.seq DESC LIMIT 1"
    )


def carried_by_pupil(guardian: str, pupil: str) -> str:
    """Return the SQL condition that the guardian has agreed to get the printed diary through the pupil (A18)."""
    return f"coalesce((SELECT agreed.handed_to = 'PUPIL' FROM ({current_sql(guardian, pupil)}) AS agreed), false)"  # noqa: S608


#: What days_of() reads of an agreement a, if there is one, and its school s.
DAYS = """
    a.schedule, a.weekdays, a.month_days, a.dates, a.quiet_from, a.quiet_to, s.time_zone, s.delivery_weekdays,
    s.delivery_time, s.quiet_from AS school_quiet_from, s.quiet_to AS school_quiet_to
"""


def days_of(row: Mapping[str, Any]) -> DeliveryDays:
    """Return the days and hours of an agreement, the school's own where nothing else was agreed (R1.2)."""
    schedule = DeliverySchedule(row["schedule"] or DeliverySchedule.SCHOOL_DEFAULT)
    agreed = schedule is DeliverySchedule.AGREED_DAYS
    own_hours = row["quiet_from"] is not None
    return DeliveryDays(
        zone=ZoneInfo(row["time_zone"]),
        schedule=schedule,
        weekdays=frozenset(row["weekdays"] if agreed else row["delivery_weekdays"]),
        month_days=frozenset(row["month_days"] if agreed else ()),
        dates=frozenset(row["dates"] if agreed else ()),
        at=row["delivery_time"],
        quiet_from=row["quiet_from" if own_hours else "school_quiet_from"],
        quiet_to=row["quiet_to" if own_hours else "school_quiet_to"],
    )


_CURRENT = current_sql("$1", "$2")
# A pupil that is neither of the viewer's school nor the viewer's ward has no row, one without agreements an empty one.
_HISTORY = f"""
    SELECT a.* FROM pupil p JOIN school s ON s.id = p.school
    LEFT JOIN LATERAL (
        SELECT d.* FROM delivery_agreement d
        WHERE d.pupil = p.id AND (p.school = ANY ($2) OR d.guardian = ANY ($3))
    ) AS a ON true
    WHERE p.id = $1 AND (p.school = ANY ($2) OR EXISTS (
        SELECT FROM guardianship g WHERE g.pupil = p.id AND g.guardian = ANY ($3)
            AND {in_force("g", "($4 AT TIME ZONE s.time_zone)::date")}))
    ORDER BY a.seq DESC
"""  # noqa: S608 - constants only


async def current(guardian_id: UUID, pupil_id: UUID) -> Agreement | None:
    """Return the agreement in force, None while nothing was agreed."""
    rows = await database.fetch(_CURRENT, guardian_id, pupil_id)
    return _agreement(rows[0]) if rows else None


async def history(viewer: Viewer, pupil_id: UUID) -> list[Agreement]:
    """Return the agreements about a pupil, newest first: the office all of its school, a guardian the own ones.

    Raises NotFound for anybody else's pupil.
    """
    rows = await database.fetch(
        _HISTORY, pupil_id, list(viewer.schools(Role.OFFICE)), list(viewer.people(Role.GUARDIAN)), clock.now()
    )
    if not rows:
        raise NotFound
    return [_agreement(row) for row in rows if row["id"] is not None]


@command
async def agree(
    viewer: Viewer,
    *,
    guardian_id: UUID,
    pupil_id: UUID,
    form: DeliveryForm,
    reason: PaperReason | None = None,
    handed_to: PaperReceiver = PaperReceiver.GUARDIAN,
    channels: Sequence[AgreedChannel] = (),
    schedule: DeliverySchedule = DeliverySchedule.SCHOOL_DEFAULT,
    weekdays: Sequence[int] = (),
    month_days: Sequence[int] = (),
    dates: Sequence[date] = (),
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    document_reference: str = "",
) -> Agreement:
    """Write down what a guardian and the school have agreed; it holds at once (R1.1, R9.3).

    The guardian agrees for the own wards, the office by a document. Paper is always possible; the electronic form
    only where the ledger allows it. On paper they also agree whether the pupil may carry the printed diary home, which
    nobody else decides for the guardian (R9.1, A18).
    Raises NotFound, AgreementNeedsDocument, BadInput, or the consent's refusal.
    """
    now = clock.now()
    rows = await database.fetch(
        "SELECT g.school, s.time_zone FROM guardianship g JOIN school s ON s.id = g.school "
        "WHERE g.guardian = $1 AND g.pupil = $2 FOR NO KEY UPDATE OF g",
        guardian_id,
        pupil_id,
    )
    by_office = bool(rows) and rows[0]["school"] in viewer.schools(Role.OFFICE)
    if not rows or not (by_office or guardian_id in viewer.people(Role.GUARDIAN)):
        raise NotFound
    document_reference = typed_line(document_reference, field="documentReference")
    if by_office and not document_reference:
        raise AgreementNeedsDocument
    if document_reference and not by_office:
        raise BadInput(field="documentReference", reason=_("документ указывает школа"))
    verdict = await may_inform(guardian_id=guardian_id, pupil_id=pupil_id, channel=InformingChannel.PAPER, at=now)
    if verdict == NotFound.code:
        raise NotFound
    if form is DeliveryForm.ELECTRONIC:
        verdict = await may_inform(guardian_id=guardian_id, pupil_id=pupil_id, channel=InformingChannel.CABINET, at=now)
    if verdict != ALLOWED:
        raise refusal_of(verdict)
    _require_form(form, reason, handed_to, channels)
    _require_days(schedule, weekdays, month_days, dates, now.astimezone(ZoneInfo(rows[0]["time_zone"])).date())
    if any(hour is not None and hour.tzinfo is not None for hour in (quiet_from, quiet_to)):
        raise BadInput(field="quietFrom", reason=_("время указывают по часам школы, без часового пояса"))
    if (quiet_from is None) != (quiet_to is None):
        raise BadInput(field="quietTo", reason=_("укажите и начало, и конец тихих часов"))
    return await _append(
        viewer.account_id,
        school=rows[0]["school"],
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        form=form,
        reason=reason,
        handed_to=handed_to,
        channels=tuple(dict.fromkeys(channels)),
        schedule=schedule,
        weekdays=sorted(set(weekdays)),
        month_days=sorted(set(month_days)),
        dates=sorted(set(dates)),
        quiet=(quiet_from, quiet_to),
        origin=AgreementOrigin.OFFICE if by_office else AgreementOrigin.GUARDIAN,
        document_reference=document_reference,
        now=now,
    )


async def consent_ended(actor: Actor, *, guardian_id: UUID, pupil_id: UUID, document_reference: str = "") -> None:
    """Put a family on paper when its consent ends, by the document that ends it; inside that command (R2.3, R9.3)."""
    was = await current(guardian_id, pupil_id)
    if was is not None and was.form is DeliveryForm.PAPER:
        return
    school = (await database.fetch("SELECT school FROM pupil WHERE id = $1", pupil_id))[0]["school"]
    await _append(
        actor.account_id,
        school=school,
        guardian_id=guardian_id,
        pupil_id=pupil_id,
        form=DeliveryForm.PAPER,
        reason=PaperReason.UNWILLING,
        handed_to=PaperReceiver.GUARDIAN,
        channels=(),
        schedule=DeliverySchedule.SCHOOL_DEFAULT,
        weekdays=(),
        month_days=(),
        dates=(),
        quiet=(None, None),
        origin=AgreementOrigin.CONSENT_ENDED,
        document_reference=document_reference,
        now=clock.now(),
    )


def _require_form(
    form: DeliveryForm, reason: PaperReason | None, handed_to: PaperReceiver, channels: Sequence[AgreedChannel]
) -> None:
    if form is DeliveryForm.PAPER and reason is None:
        raise BadInput(field="reason", reason=_("укажите, почему на бумаге: нет возможности или нет желания"))
    if form is DeliveryForm.PAPER and channels:
        raise BadInput(field="channels", reason=_("при бумажной форме каналы не указывают"))
    if form is DeliveryForm.ELECTRONIC and reason is not None:
        raise BadInput(field="reason", reason=_("причину указывают только при бумажной форме"))
    if form is DeliveryForm.ELECTRONIC and handed_to is not PaperReceiver.GUARDIAN:
        raise BadInput(
            field="handedTo", reason=_("кому выдавать печатный дневник, указывают только при бумажной форме")
        )
    if form is DeliveryForm.ELECTRONIC and not channels:
        raise BadInput(field="channels", reason=_("выберите хотя бы один канал"))


def _require_days(
    schedule: DeliverySchedule,
    weekdays: Sequence[int],
    month_days: Sequence[int],
    dates: Sequence[date],
    today: date,
) -> None:
    named = bool(weekdays or month_days or dates)
    if (schedule is DeliverySchedule.AGREED_DAYS) != named:
        raise BadInput(field="schedule", reason=_("дни указывают только вместе с согласованными днями, и хотя бы один"))
    if any(not 1 <= day <= 7 for day in weekdays):
        raise BadInput(field="weekdays", reason=_("дни недели от 1 (понедельник) до 7"))
    if any(not 1 <= day <= 31 for day in month_days):
        raise BadInput(field="monthDays", reason=_("числа месяца от 1 до 31"))
    if len(dates) > DATES_AT_MOST or any(not today <= day <= today + FURTHEST_DATE for day in dates):
        raise BadInput(field="dates", reason=_("не больше 60 дат, от сегодняшней и не дальше года вперёд"))


async def _append(
    account_id: int | None,
    *,
    school: UUID,
    guardian_id: UUID,
    pupil_id: UUID,
    form: DeliveryForm,
    reason: PaperReason | None,
    handed_to: PaperReceiver,
    channels: Sequence[AgreedChannel],
    schedule: DeliverySchedule,
    weekdays: Sequence[int],
    month_days: Sequence[int],
    dates: Sequence[date],
    quiet: tuple[time | None, time | None],
    origin: AgreementOrigin,
    document_reference: str,
    now: datetime,
) -> Agreement:
    rows = await database.fetch(
        """
        INSERT INTO delivery_agreement (id, school, guardian, pupil, form, reason, channels, schedule, weekdays,
            month_days, dates, quiet_from, quiet_to, origin, document_reference, agreed_at, registered_at, author,
            handed_to)
        VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17) RETURNING *
        """,
        school,
        guardian_id,
        pupil_id,
        form.value,
        reason.value if reason else None,
        [channel.value for channel in channels],
        schedule.value,
        list(weekdays),
        list(month_days),
        list(dates),
        quiet[0],
        quiet[1],
        origin.value,
        document_reference,
        now,
        account_id,
        handed_to.value,
    )
    return _agreement(rows[0])


def _agreement(row: Mapping[str, Any]) -> Agreement:
    return Agreement(
        id=row["id"],
        guardian_id=row["guardian"],
        pupil_id=row["pupil"],
        form=DeliveryForm(row["form"]),
        reason=PaperReason(row["reason"]) if row["reason"] else None,
        handed_to=PaperReceiver(row["handed_to"]),
        channels=tuple(AgreedChannel(channel) for channel in row["channels"]),
        schedule=DeliverySchedule(row["schedule"]),
        weekdays=tuple(row["weekdays"]),
        month_days=tuple(row["month_days"]),
        dates=tuple(row["dates"]),
        quiet_from=row["quiet_from"],
        quiet_to=row["quiet_to"],
        origin=AgreementOrigin(row["origin"]),
        document_reference=row["document_reference"],
        agreed_at=row["agreed_at"],
        registered_at=row["registered_at"],
    )
