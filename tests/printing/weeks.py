"""Weeks of invented pupils, each in the exact shape of the answer to the sheet's GraphQL document."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone
from typing import Any

MOSCOW = timezone(timedelta(hours=3))
AT = datetime(2026, 11, 28, 14, 5, tzinfo=MOSCOW)
MONDAY = date(2026, 11, 23)

#: Subject, its teacher, its room, a topic, homework.
SUBJECTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("Алгебра", "Соколова Ирина Павловна", "31", "Линейная функция и её график", "§ 14, № 312 (а, б), 318, 325*"),
    (
        "Русский язык",
        "Жукова Елена Юрьевна",
        "22",
        "Деепричастный оборот. Знаки препинания",
        "§ 31, упр. 187 (письменно), выучить правило на с. 92",
    ),
    (
        "Литература",
        "Жукова Елена Юрьевна",
        "22",
        "Н. В. Гоголь. «Тарас Бульба»: Остап и Андрий",
        "Прочитать главы V-VII, составить сравнительную таблицу героев (не менее пяти черт)",
    ),
    ("Физика", "Орлов Пётр Алексеевич", "17", "Плотность вещества", "§ 22, 23; упражнение 7 (4, 5)"),
    (
        "Английский язык",
        "Белова Анна Сергеевна",
        "41",
        "Present Perfect vs Past Simple",
        "Workbook p. 34 ex. 2-4; learn the words, unit 3",
    ),
    ("История", "Карпов Глеб Олегович", "26", "Внутренняя политика Ивана IV", "§ 8, вопросы 1-4 на с. 71"),
    ("География", "Лапина Ольга Фёдоровна", "35", "Климатические пояса Африки", "§ 19, контурная карта «Африка»"),
    ("Биология", "Мишина Вера Ильинична", "15", "Тип Кольчатые черви", "§ 12, рисунок 38 в тетрадь"),
    ("Геометрия", "Соколова Ирина Павловна", "31", "Первый признак равенства треугольников", "§ 2.1, № 94, 97"),
    ("Физическая культура", "Громов Илья Андреевич", "спортзал", "Баскетбол: ведение мяча", "Принести сменную обувь"),
    ("Информатика", "Зайцев Михаил Львович", "38", "Кодирование текстовой информации", "Задание 5 в рабочей тетради"),
    ("Обществознание", "Карпов Глеб Олегович", "26", "Что значит жить по правилам", "§ 3, привести три примера"),
)
BELLS = ("08:30", "09:25", "10:25", "11:25", "12:30", "13:30", "14:25", "15:15", "16:05", "16:55", "17:45", "18:35")


def lesson(day: date, ordinal: int, subject: int, **changes: Any) -> dict[str, Any]:
    """Return a plain lesson of the day; every keyword replaces one field."""
    name, teacher, room, topic, task = SUBJECTS[subject % len(SUBJECTS)]
    starts = datetime.fromisoformat(f"{day}T{BELLS[(ordinal - 1) % len(BELLS)]}:00+03:00")
    return {
        "ordinal": ordinal,
        "startsAt": starts.isoformat(),
        "endsAt": (starts + timedelta(minutes=45)).isoformat(),
        "status": "HELD",
        "room": room,
        "topic": topic,
        "lessonType": "NEW_MATERIAL",
        "subject": {"name": name},
        "teacher": {"fullName": teacher},
        "group": {"name": "7Б", "kind": "CLASS"},
        "change": None,
        "homework": {"text": task, "dueOn": str(day + timedelta(days=3 if day.isoweekday() >= 5 else 2))},
        "marks": [],
        "attendance": None,
        **changes,
    }


def mark(value: str, *, weight: int = 1, work: str = "ANSWER", comment: str = "") -> dict[str, Any]:
    """Return a mark of a lesson."""
    return {"value": value, "weight": weight, "comment": comment, "workType": work}


def absence(code: str, minutes_late: int | None = None) -> dict[str, Any]:
    """Return why the pupil was not there, or came late."""
    return {"code": code, "minutesLate": minutes_late}


def change(kind: str, **facts: Any) -> dict[str, Any]:
    """Return what was changed about a lesson."""
    return {"kind": kind, "reason": "", "movedTo": None, "movedFrom": None, "was": None, **facts}


def day(when: date, lessons: list[dict[str, Any]], holiday: str | None = None) -> dict[str, Any]:
    """Return a day of the week."""
    return {"date": str(when), "holiday": {"name": holiday} if holiday else None, "lessons": lessons}


def week(
    days: list[dict[str, Any]],
    *,
    pupil: str = "Морозов Михаил Андреевич",
    school_class: str = "7Б",
    school: str = "МБОУ «Средняя общеобразовательная школа № 12 имени А. С. Пушкина» города Заречного",
) -> dict[str, Any]:
    """Return the whole answer for one pupil."""
    return {
        "pupil": {"fullName": pupil, "schoolClass": {"name": school_class}, "school": {"name": school}},
        "diaryWeek": {"version": "118.4", "days": days},
    }


def plain_week(
    lessons_a_day: int = 6, *, monday: date = MONDAY, pupil: str = "Морозов Михаил Андреевич", school_class: str = "7Б"
) -> dict[str, Any]:
    """Return a week with the same number of plain lessons on each day but Sunday."""
    dates = [monday + timedelta(days=shift) for shift in range(7)]
    return week(
        [
            day(when, [lesson(when, ordinal + 1, shift * 5 + ordinal) for ordinal in range(lessons_a_day)])
            for shift, when in enumerate(dates[:6])
        ]
        + [day(dates[6], [])],
        pupil=pupil,
        school_class=school_class,
    )


def real_week(*, pupil: str = "Морозов Михаил Андреевич", school_class: str = "7Б") -> dict[str, Any]:
    """Return a week as it is: marks, absences, a substitution, a move, a cancelled lesson, a short Saturday."""
    answer = plain_week(7, pupil=pupil, school_class=school_class)
    monday, tuesday, wednesday, thursday, friday, saturday, _sunday = (
        one_day["lessons"] for one_day in answer["diaryWeek"]["days"]
    )
    del saturday[4:], wednesday[6:]
    monday[0]["marks"] = [mark("5")]
    monday[1].update(
        lessonType="TEST",
        topic="Контрольный диктант по теме «Причастие»",
        marks=[
            mark("4", weight=2, work="DICTATION", comment="две пунктуационные ошибки, внимательнее с оборотами"),
            mark("3", weight=3, work="TEST", comment="грамматическое задание"),
        ],
    )
    monday[4]["group"] = {"name": "англ. яз., группа 2", "kind": "GROUP"}
    monday[5]["attendance"] = absence("ABSENT")
    tuesday[0]["attendance"] = absence("ILL")
    tuesday[1].update(
        teacher={"fullName": "Никитина Софья Романовна"},
        room="14",
        change=change(
            "SUBSTITUTION",
            reason="болезнь учителя",
            was={"teacher": {"fullName": "Карпов Глеб Олегович"}, "subject": {"name": "Экология"}, "room": "35"},
        ),
    )
    tuesday[6].update(
        status="MOVED",
        change=change("MOVE", reason="городская олимпиада", movedTo={"date": "2026-11-26", "ordinal": 7}),
        homework=None,
    )
    wednesday[5].update(
        status="CANCELLED", change=change("CANCELLATION", reason="карантин в группе"), homework=None, topic=""
    )
    thursday[2].update(marks=[mark("2", work="HOMEWORK", comment="переписать до 1 декабря")], homework=None)
    thursday[3]["attendance"] = absence("LATE", 10)
    thursday[6].update(
        subject={"name": "Обществознание"},
        change=change("MOVE", reason="городская олимпиада", movedFrom={"date": "2026-11-24", "ordinal": 7}),
        marks=[mark("зачёт", work="PROJECT")],
    )
    friday[3]["marks"] = [mark("5", weight=2, work="LAB"), mark("5")]
    return answer


def school_class(pupils: int, *, name: str = "7Б") -> list[dict[str, Any]]:
    """Return a class: the same lessons for all, each pupil's own marks and absences."""
    chance = random.Random(7)
    works = ("ANSWER", "HOMEWORK", "CLASSWORK", "INDEPENDENT", "TEST")
    answers = []
    for number in range(1, pupils + 1):
        answer = real_week(pupil=f"Ученик Тридцать {number}-й", school_class=name)
        for one_day in answer["diaryWeek"]["days"]:
            for one_lesson in one_day["lessons"]:
                if chance.random() < 0.4:
                    comment = f"ошибок: {chance.randrange(9)}" if chance.random() < 0.3 else ""
                    weight, work = chance.choice((1, 1, 2, 3)), chance.choice(works)
                    one_lesson["marks"] = [mark(chance.choice("2345"), weight=weight, work=work, comment=comment)]
                elif chance.random() < 0.05:
                    one_lesson["attendance"] = absence(chance.choice(("ABSENT", "ILL", "EXCUSED")))
        answers.append(answer)
    return answers
