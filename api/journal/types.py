"""The diary week and its events as GraphQL types; each resolves straight from the domain's objects."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.enums import describe
from api.limits import SIZE
from diary.groups.tables import GroupKind
from diary.journal.events import EventKind
from diary.journal.tables import AttendanceCode, WorkType
from diary.timetable.tables import ChangeKind, LessonStatus, LessonType

describe(
    LessonStatus,
    "What became of a lesson.",
    PLANNED="It is in the timetable.",
    HELD="It took place.",
    CANCELLED="It was cancelled (R3.4).",
    MOVED="It was moved to another slot, which `change.movedTo` names (R3.4).",
)
describe(
    LessonType,
    "What kind of lesson it is (R6.3).",
    NEW_MATERIAL="New material.",
    PRACTICE="Practice.",
    LAB="Laboratory work.",
    TEST="A test.",
    REVISION="Revision.",
)
describe(
    GroupKind,
    "The four units that have lessons together (R3.6).",
    CLASS="A class.",
    GROUP="A study group, part of a class.",
    STREAM="A stream of several classes.",
    INDIVIDUAL="One pupil's individual curriculum.",
)
describe(
    ChangeKind,
    "How a lesson was changed (R3.4).",
    SUBSTITUTION="Another teacher, subject or room.",
    MOVE="Another slot; the change stands at the old slot and at the new one.",
    CANCELLATION="It does not take place.",
)
describe(
    WorkType,
    "What a mark was given for.",
    ANSWER="An answer in class.",
    HOMEWORK="Homework.",
    CLASSWORK="Classwork.",
    INDEPENDENT="Independent work.",
    TEST="A test.",
    LAB="Laboratory work.",
    DICTATION="A dictation.",
    PROJECT="A project.",
)
describe(
    AttendanceCode,
    "Why a pupil was not there, or came late.",
    ABSENT="Absent without a known reason (н).",
    ILL="Ill (б).",
    EXCUSED="Absent with a valid reason (у).",
    LATE="Late (оп).",
)
describe(
    EventKind,
    "What happened in a pupil's diary (R3.2-R3.8).",
    MARK_RECORDED="A mark was given.",
    MARK_CORRECTED="A mark was corrected; `mark` is how it stands now (R4.2).",
    MARK_REMOVED="A mark was removed.",
    ATTENDANCE="An absence or a late arrival was entered, changed or removed.",
    HOMEWORK_SET="Homework was set.",
    HOMEWORK_CORRECTED="Homework was changed; `homework` is how it stands now.",
    HOMEWORK_REMOVED="Homework was removed.",
    LESSON_CHANGED="A lesson was substituted, moved, cancelled or otherwise changed (R3.4).",
    TIMETABLE_CHANGED="Lessons were added or removed; read the week again.",
)


@strawberry.type(description="A subject as the school names it.")
class Subject:
    """A subject."""

    name: str = strawberry.field(description="The subject's name.")


@strawberry.type(description="Who teaches a lesson.")
class Teacher:
    """A teacher."""

    full_name: str = strawberry.field(description="Family name, given name and patronymic.")


@strawberry.type(description="Through which unit a pupil has a lesson (R3.6).")
class Group:
    """A teaching group."""

    name: str = strawberry.field(description="The group's name, for a class the class's.")
    kind: GroupKind = strawberry.field(description="Which of the four kinds it is.")


@strawberry.type(description="A day and a place in the bell schedule.")
class Slot:
    """A slot of the timetable."""

    date: dt.date = strawberry.field(description="The day, in the school's time zone.")
    ordinal: int = strawberry.field(description="The lesson's number on that day.")


@strawberry.type(description="What a substitution replaced; a part that stayed is null (R3.4).")
class LessonBefore:
    """A lesson before its substitution."""

    teacher: Teacher | None = strawberry.field(description="Who would have taught it.")
    subject: Subject | None = strawberry.field(description="What would have been taught.")
    room: str | None = strawberry.field(description="Where it would have been.")


@strawberry.type(description="A substitution, a move with both its ends, or a cancellation (R3.4).")
class LessonChange:
    """A change of a lesson."""

    kind: ChangeKind = strawberry.field(description="How the lesson was changed.")
    reason: str = strawberry.field(description="Why, in the school's words; may be empty.")
    moved_to: Slot | None = strawberry.field(description="The new slot, given at the old one.")
    moved_from: Slot | None = strawberry.field(description="The old slot, given at the new one.")
    was: LessonBefore | None = strawberry.field(description="What a substitution replaced.")


@strawberry.type(description="What was set in a lesson and by when it is due (R3.8).")
class Homework:
    """Homework."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    text: str = strawberry.field(description="What to do, in the teacher's words.")
    due_on: dt.date = strawberry.field(description="The day it is due.")


@strawberry.type(description="A mark of a pupil in a lesson (R3.2).")
class Mark:
    """A mark."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    value: str = strawberry.field(description="1 to 5, or a word: зачёт, незачёт, освоил, не освоил, н/а.")
    weight: int = strawberry.field(description="How much it counts, from 1 to 10.")
    comment: str = strawberry.field(description="The teacher's comment; may be empty.")
    work_type: WorkType = strawberry.field(description="What it was given for.")
    recorded_at: dt.datetime = strawberry.field(description="When it was entered.")
    corrected_at: dt.datetime | None = strawberry.field(description="When it was last corrected, if ever (R4.2).")


@strawberry.type(description="An absence or a late arrival; a pupil without one was there (R3.2).")
class Attendance:
    """Attendance."""

    code: AttendanceCode = strawberry.field(description="Why, or late.")
    minutes_late: int | None = strawberry.field(description="Minutes, for a late arrival whose length is known.")


@strawberry.type(description="A dated lesson with everything that belongs to it.")
class Lesson:
    """A lesson."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    ordinal: int = strawberry.field(description="Its number on that day.")
    starts_at: dt.datetime = strawberry.field(description="Start, with the school's offset from UTC.")
    ends_at: dt.datetime = strawberry.field(description="End, with the school's offset from UTC.")
    status: LessonStatus = strawberry.field(description="What became of it.")
    room: str = strawberry.field(description="The room; may be empty.")
    topic: str = strawberry.field(description="The topic; may be empty.")
    lesson_type: LessonType = strawberry.field(description="Its kind (R6.3).")
    subject: Subject = strawberry.field(description="What is taught.")
    teacher: Teacher = strawberry.field(description="Who teaches, after substitutions.")
    group: Group = strawberry.field(description="Through which unit the pupil has it (R3.6).")
    change: LessonChange | None = strawberry.field(description="The latest change, if any (R3.4).")
    attendance: Attendance | None = strawberry.field(description="The pupil's absence or late arrival, if any.")
    homework: Homework | None = strawberry.field(description="What was set in it, if anything (R3.8).")
    marks: list[Mark] = strawberry.field(
        description="The pupil's marks in it, oldest first (R3.2).", metadata={SIZE: 1}
    )


@strawberry.type(description="Why there are no lessons on a day (R3.7).")
class Holiday:
    """A holiday."""

    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="A day of the week.")
class Day:
    """A day."""

    date: dt.date = strawberry.field(description="The day, in the school's time zone.")
    holiday: Holiday | None = strawberry.field(description="The holiday it lies in, if any (R3.7).")
    lessons: list[Lesson] = strawberry.field(
        description="The pupil's lessons in order, of all their groups (R3.3).", metadata={SIZE: 5}
    )


@strawberry.type(description="One pupil's week, Monday to Sunday, as of one moment (R3.2-R3.8).")
class DiaryWeek:
    """A diary week."""

    version: str = strawberry.field(
        description="Changes whenever anything in the pupil's diary or the school's reference data does."
    )
    days: list[Day] = strawberry.field(description="Seven days, Monday first.", metadata={SIZE: 7})


@strawberry.type(description="The lesson that an event is about.")
class EventLesson:
    """A lesson of an event."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    date: dt.date = strawberry.field(description="The day, in the school's time zone.")
    ordinal: int = strawberry.field(description="Its number on that day.")
    starts_at: dt.datetime = strawberry.field(description="Start, with the school's offset from UTC.")
    status: LessonStatus = strawberry.field(description="What became of it.")
    subject: Subject = strawberry.field(description="What is taught.")


@strawberry.type(
    description="One numbered event of one pupil's diary; its parts are as they stand when it is delivered."
)
class DiaryEvent:
    """A diary event."""

    cursor: str = strawberry.field(description="Hand it in as `after` to go on behind this event.")
    kind: EventKind = strawberry.field(description="What happened.")
    at: dt.datetime = strawberry.field(description="When it was entered.")
    lesson: EventLesson | None = strawberry.field(description="The lesson it is about, if any.")
    mark: Mark | None = strawberry.field(description="The mark it is about, if it still stands.")
    homework: Homework | None = strawberry.field(description="The homework it is about, if it still stands.")
