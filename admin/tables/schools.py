"""The school itself, its years, periods, bells, holidays and subjects."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from piccolo_api.crud.validators import Validators
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from admin.crud import SchoolCRUD, checked, closed
from admin.problems import CLOSED, READ_ONLY
from admin.tables.listing import listing
from diary.schools.tables import BellPeriod, GradingPeriod, Holiday, School, SchoolYear, Subject

GROUP = "Школа"


class OwnSchoolCRUD(SchoolCRUD):
    """The school's own record: staff correct its names and address, and never open or close a school."""

    def __init__(self, *args: Any, **facts: Any) -> None:
        super().__init__(*args, **facts)
        # New lists: Piccolo's own defaults are shared by every table.
        self.validators = Validators(
            post_single=[closed(READ_ONLY)],
            delete_single=[closed(READ_ONLY)],
            put_single=[closed(CLOSED)],
            delete_all=[closed(CLOSED)],
        )

    @checked
    async def patch_single(self, request: Request, row_id: Any, data: dict[str, Any]) -> Response:
        """Take only a time zone that clocks know: every deadline of the school is counted in it."""
        if "time_zone" in data and data["time_zone"] not in available_timezones():
            raise HTTPException(422, "«Часовой пояс»: укажите, например, Europe/Moscow или Asia/Yekaterinburg")
        patched: Response = await super().patch_single(request, row_id, data)
        return patched


LISTINGS = (
    listing(
        GROUP,
        (School.name, School.short_name, School.address, School.time_zone),
        link=School.name,
        order=School.name,
        writable=True,
        crud=OwnSchoolCRUD,
        hidden=(School.created_at, School.demo, School.external_id),
    ),
    listing(
        GROUP,
        (SchoolYear.name, SchoolYear.starts_on, SchoolYear.ends_on, SchoolYear.school),
        link=SchoolYear.name,
        order=SchoolYear.starts_on,
        newest_first=True,
        writable=True,
    ),
    listing(
        GROUP,
        (
            GradingPeriod.name,
            GradingPeriod.kind,
            GradingPeriod.starts_on,
            GradingPeriod.ends_on,
            GradingPeriod.grade_from,
            GradingPeriod.grade_to,
            GradingPeriod.school_year,
            GradingPeriod.school,
        ),
        link=GradingPeriod.name,
        order=GradingPeriod.starts_on,
        writable=True,
    ),
    listing(
        GROUP,
        (BellPeriod.ordinal, BellPeriod.starts_at, BellPeriod.ends_at, BellPeriod.school),
        link=BellPeriod.ordinal,
        order=BellPeriod.ordinal,
        writable=True,
    ),
    listing(
        GROUP,
        (Holiday.name, Holiday.starts_on, Holiday.ends_on, Holiday.grade_from, Holiday.grade_to, Holiday.school),
        link=Holiday.name,
        order=Holiday.starts_on,
        newest_first=True,
        writable=True,
    ),
    listing(GROUP, (Subject.name, Subject.school), link=Subject.name, order=Subject.name, writable=True),
)
