"""Lessons, changes, marks, absences and homework: staff look, teachers write through their own face."""

from admin.tables.listing import listing
from diary.journal.tables import Attendance, Homework, Mark, MarkHistory
from diary.timetable.tables import Lesson, LessonChange

GROUP = "Журнал и расписание"

LISTINGS = (
    listing(
        GROUP,
        (
            Lesson.date,
            Lesson.ordinal,
            Lesson.teaching_group,
            Lesson.subject,
            Lesson.teacher,
            Lesson.room,
            Lesson.topic,
            Lesson.status,
            Lesson.school,
        ),
        link=Lesson.date,
        order=Lesson.date,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            LessonChange.at,
            LessonChange.lesson,
            LessonChange.kind,
            LessonChange.reason,
            LessonChange.moved_to,
            LessonChange.was_teacher,
            LessonChange.was_subject,
            LessonChange.school,
        ),
        link=LessonChange.at,
        order=LessonChange.at,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            Mark.recorded_at,
            Mark.pupil,
            Mark.lesson,
            Mark.value,
            Mark.weight,
            Mark.work_type,
            Mark.comment,
            Mark.author,
            Mark.school,
        ),
        link=Mark.recorded_at,
        order=Mark.recorded_at,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            MarkHistory.at,
            MarkHistory.was_value,
            MarkHistory.became_value,
            MarkHistory.reason,
            MarkHistory.author,
            MarkHistory.school,
        ),
        link=MarkHistory.at,
        order=MarkHistory.at,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            Attendance.code,
            Attendance.pupil,
            Attendance.lesson,
            Attendance.minutes_late,
            Attendance.school,
        ),
        link=Attendance.id,
        order=Attendance.id,
        newest_first=True,
    ),
    listing(
        GROUP,
        (Homework.due_on, Homework.lesson, Homework.text, Homework.set_at, Homework.author, Homework.school),
        link=Homework.due_on,
        order=Homework.due_on,
        newest_first=True,
    ),
)
