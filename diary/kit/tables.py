"""The feed's counters and the clock's memory."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, BigSerial, Integer, Text, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Feed(Table, tablename="feed", help_text="Счётчик событий ученика или справочников школы"):
    """The counter of one pupil's or one school's events, without gaps; bumped by triggers only (D4)."""

    id = UUID(primary_key=True, default=None, help_text="Ученик или школа")
    version = BigInt(default=0)


class FeedEvent(Table, tablename="feed_event", help_text="Событие ленты ученика"):
    """One numbered event of one pupil's feed; what it shows is read when it is delivered, under the rules of then."""

    id = BigSerial(primary_key=True)
    pupil = UUID(default=None)
    seq = BigInt()
    kind = Varchar(length=32)
    subject_id = UUID(default=None, null=True, help_text="Отметка, урок или задание")
    at = Timestamptz()

    feed_event_one_number_per_pupil = Unique(["pupil", "seq"])


class ScheduleRun(Table, tablename="schedule_run", help_text="Запуск по расписанию"):
    """One due run of one clock entry: the row is what keeps it from running twice (D8)."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=64)
    due_at = Timestamptz()
    started_at = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)
    outcome = Text(default="")
    attempts = Integer(default=0)

    schedule_run_one_run_per_instant = Unique(["name", "due_at"])
    schedule_run_finished_after_start = Check("finished_at IS NULL OR started_at IS NOT NULL")
