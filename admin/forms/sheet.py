"""Finding the sheet that a clerk names by whose it is and when it was ordered (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from admin.forms.typed import MOST_NAMED, NotOne
from admin.labels import CHOICES
from diary.kit import clock, database
from diary.paper.addressees import may_receive, waits
from diary.paper.tables import SheetKind
from diary.people.names import folded, folded_sql, full_name

MOST_COMPARED = 500
#: A sheet that was handed over is offered so long to who has not received it yet.
RECEIVED_WITHIN = timedelta(days=35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An ordered sheet that somebody has not received yet, with what tells it from the others."""

    id: UUID
    whose: str
    #: Whom it was ordered for, if not for the family as a whole.
    guardian: str
    kind: SheetKind
    week_of: date | None
    requested_at: datetime
    handed_over: bool

    def __str__(self) -> str:
        what = f"неделя с {self.week_of:%d.%m.%Y}" if self.week_of else CHOICES[SheetKind][self.kind].lower()
        to = f", для {self.guardian}" if self.guardian else ""
        given = ", выдано не всем" if self.handed_over else ""
        return f"{self.whose}, {what}{to}, заказано {self.requested_at:%d.%m.%Y %H:%M:%S}{given}"


_NOT_BY_ALL = f"""
    (j.kind = 'WEEK' AND j.guardian IS NULL AND j.handed_over_at > $3 AND EXISTS (
        SELECT FROM (
            SELECT j.pupil AS id
            UNION SELECT jsonb_array_elements_text(x.evidence -> 'pupils')::uuid FROM outbox x WHERE x.print_job = j.id
        ) AS printed
        JOIN obligation o ON o.pupil = printed.id
        WHERE {waits("o", about="'week:' || date_trunc('week', j.week_of)::date")}
            AND {may_receive("o", at="$4::timestamptz", today="($4::timestamptz AT TIME ZONE s.time_zone)::date")}))
"""  # noqa: S608 - constants only


async def sheets(text: str = "") -> list[Sheet]:
    """Return the sheets whose pupil or class begins as typed and that hold all that was typed after commas."""
    whose, *details = (folded(part) for part in text.split(","))
    now = clock.now()
    rows = await database.fetch(
        f"""
        SELECT * FROM (
            SELECT j.id, j.kind, j.week_of, j.requested_at AT TIME ZONE s.time_zone AS requested_at,
                coalesce(nullif({full_name("p")}, ''), k.name, '') AS whose,
                {full_name("g")} AS guardian, j.handed_over_at IS NOT NULL AS handed_over
            FROM print_job j JOIN school s ON s.id = j.school LEFT JOIN pupil p ON p.id = j.pupil
            LEFT JOIN school_class k ON k.id = j.school_class LEFT JOIN guardian g ON g.id = j.guardian
            WHERE j.handed_over_at IS NULL AND j.state NOT IN ('FAILED', 'CANCELLED') OR {_NOT_BY_ALL}
        ) AS waiting
        WHERE starts_with({folded_sql("whose")}, $1) ORDER BY requested_at DESC, id LIMIT $2
        """,  # noqa: S608 - constants only
        whose,
        MOST_COMPARED,
        now - RECEIVED_WITHIN,
        now,
    )
    found = [Sheet(**{**row, "kind": SheetKind(row["kind"])}) for row in rows]
    exact = [sheet for sheet in found if folded(str(sheet)) == folded(text)]
    return exact or [sheet for sheet in found if all(detail in folded(str(sheet)) for detail in details)]


async def sheet_of(text: str) -> Sheet:
    """Return the one sheet that was typed; raises NotOne."""
    fitting = await sheets(text)
    if fitting and len({str(sheet) for sheet in fitting}) == 1:
        # Alike in everything that is shown: recorded one after another.
        return fitting[-1]
    if not fitting:
        raise NotOne(f"Лист: по «{text}» ничего не найдено среди невыданных.")
    named = "; ".join(str(sheet) for sheet in fitting[:MOST_NAMED])
    raise NotOne(f"Лист: подходят несколько: {named}. Введите точнее.")
