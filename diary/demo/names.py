"""Invented people's names: common Russian ones, put together by chance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Sex(StrEnum):
    """Which form of a name fits, and which of two groups in technology lessons."""

    MALE = "MALE"
    FEMALE = "FEMALE"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: A man's name with the patronymics of his son and his daughter.
FATHERS = tuple(
    tuple(line.split())
    for line in """
    Александр Александрович Александровна
    Алексей Алексеевич Алексеевна
    Андрей Андреевич Андреевна
    Антон Антонович Антоновна
    Артур Артурович Артуровна
    Борис Борисович Борисовна
    Вадим Вадимович Вадимовна
    Валерий Валерьевич Валерьевна
    Виктор Викторович Викторовна
    Виталий Витальевич Витальевна
    Владимир Владимирович Владимировна
    Вячеслав Вячеславович Вячеславовна
    Геннадий Геннадьевич Геннадьевна
    Григорий Григорьевич Григорьевна
    Денис Денисович Денисовна
    Дмитрий Дмитриевич Дмитриевна
    Евгений Евгеньевич Евгеньевна
    Иван Иванович Ивановна
    Игорь Игоревич Игоревна
    Кирилл Кириллович Кирилловна
    Константин Константинович Константиновна
    Максим Максимович Максимовна
    Марат Маратович Маратовна
    Михаил Михайлович Михайловна
    Николай Николаевич Николаевна
    Олег Олегович Олеговна
    Павел Павлович Павловна
    Пётр Петрович Петровна
    Роман Романович Романовна
    Руслан Русланович Руслановна
    Сергей Сергеевич Сергеевна
    Станислав Станиславович Станиславовна
    Юрий Юрьевич Юрьевна
    """.strip().splitlines()
)

WOMEN = _words("""
    Алла Анастасия Анна Валентина Валерия Вера Виктория Галина Дарья Диана Евгения Екатерина Елена Жанна Зоя
    Инна Ирина Карина Кристина Ксения Лариса Лилия Любовь Людмила Марина Мария Надежда Наталья Нина Оксана Ольга
    Полина Регина Светлана Татьяна Тамара Юлия Яна
""")

BOYS = _words("""
    Александр Алексей Андрей Арсений Артём Богдан Вадим Виктор Владимир Владислав Глеб Григорий Даниил Денис
    Дмитрий Егор Захар Иван Игорь Илья Кирилл Константин Лев Макар Максим Марк Матвей Михаил Никита Николай Олег
    Павел Пётр Платон Роман Руслан Семён Сергей Степан Тимофей Тимур Фёдор Ярослав
""")

GIRLS = _words("""
    Агата Александра Алина Алиса Алёна Анастасия Ангелина Анна Арина Валерия Варвара Василиса Вера Вероника
    Виктория Дарья Диана Ева Евгения Екатерина Елена Елизавета Камила Кира Кристина Ксения Маргарита Марина
    Мария Милана Мирослава Надежда Ольга Полина Светлана Софья Стефания Таисия Татьяна Ульяна Эмилия Юлия Яна
    Ярослава
""")

#: Men's forms; a woman's follows by rule.
FAMILIES = _words("""
    Абрамов Агеев Алексеев Андреев Анисимов Антонов Артемьев Афанасьев Баранов Беляев Бирюков Богданов Борисов
    Быков Васильев Виноградов Власов Волков Воробьёв Воронов Гаврилов Голубев Горбунов Григорьев Громов Гусев
    Давыдов Данилов Дементьев Дмитриев Дорофеев Евдокимов Егоров Елисеев Емельянов Ермаков Ершов Ефимов Жданов
    Жуков Зайцев Захаров Зимин Зуев Иванов Игнатьев Ильин Исаев Казаков Калинин Карпов Киселёв Князев Ковалёв
    Козлов Колесников Комаров Кондратьев Королёв Котов Крылов Кудрявцев Кузнецов Куликов Лазарев Логинов Лукин
    Макаров Максимов Марков Мартынов Маслов Матвеев Медведев Мельников Миронов Михайлов Мухин Назаров Наумов
    Никитин Николаев Новиков Носов Овчинников Орлов Осипов Павлов Панов Петров Покровский Поляков Пономарёв
    Попов Прохоров Родионов Романов Рябов Савельев Сазонов Семёнов Сергеев Сидоров Симонов Смирнов Соболев
    Соловьёв Сорокин Степанов Субботин Сухарев Тимофеев Титов Тихонов Третьяков Трофимов Туманов Ушаков Фадеев
    Федотов Филатов Филиппов Фомин Фролов Хохлов Цветков Чернов Чернышёв Чижов Шаповалов Шестаков Широков Шубин
    Щербаков Юдин Яковлев Ясенев
""")

_LATIN = dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)) | {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FullName:
    """A family name, a given name and a patronymic in the person's own form."""

    family: str
    given: str
    patronymic: str


def family_name(family: str, sex: Sex) -> str:
    """Return the form of a family name that fits the person."""
    if sex is Sex.MALE:
        return family
    return f"{family[:-2]}ая" if family.endswith("ий") else f"{family}а"


def patronymic(father: str, sex: Sex) -> str:
    """Return the patronymic of the man's son or daughter."""
    son, daughter = next((line[1], line[2]) for line in FATHERS if line[0] == father)
    return son if sex is Sex.MALE else daughter


def grown_up(dice: Random, sex: Sex, family: str | None = None) -> FullName:
    """Return an adult's name, with the given family name or one by chance."""
    given = dice.choice(FATHERS)[0] if sex is Sex.MALE else dice.choice(WOMEN)
    return FullName(family_name(family or dice.choice(FAMILIES), sex), given, patronymic(dice.choice(FATHERS)[0], sex))


def latin(word: str) -> str:
    """Return the word in Latin letters, for addresses."""
    return "".join(_LATIN.get(letter, letter) for letter in word.lower())
