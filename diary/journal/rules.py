"""What a mark may be, and who may write it."""

from __future__ import annotations

from diary.kit.refusal import BadInput, Refusal
from diary.kit.wording import _

#: The five-point scale and the words that stand beside it (requirements.md 2.4).
MARK_VALUES = ("1", "2", "3", "4", "5", "зачёт", "незачёт", "освоил", "не освоил", "н/а")
LIGHTEST, HEAVIEST = 1, 10
LONGEST_COMMENT = 500


class MarkValueUnknown(Refusal):
    """The value is not on the school's scale."""

    code = "MARK_VALUE_UNKNOWN"
    wording = _("Отметки «{value}» нет. Возможны: 1-5, зачёт, незачёт, освоил, не освоил, н/а.")


class MarkWeightOutOfRange(Refusal):
    """The weight is not between the lightest and the heaviest."""

    code = "MARK_WEIGHT_OUT_OF_RANGE"
    wording = _("Вес отметки - от {lightest} до {heaviest}.")


class LessonNotHeld(Refusal):
    """The lesson was cancelled or moved away, so nobody can have earned a mark in it."""

    code = "LESSON_NOT_HELD"
    wording = _("Урок отменён или перенесён: отметку в нём поставить нельзя.")


class LessonInFuture(Refusal):
    """The lesson is on a later day than today."""

    code = "LESSON_IN_FUTURE"
    wording = _("Урок ещё не состоялся.")


class PupilNotInGroup(Refusal):
    """The pupil was not a member of the lesson's group on that day."""

    code = "PUPIL_NOT_IN_GROUP"
    wording = _("Обучающийся в этот день не входил в группу урока.")


class MarkChangedMeanwhile(Refusal):
    """Somebody corrected the mark after the writer had read it."""

    code = "MARK_CHANGED_MEANWHILE"
    wording = _("Отметку уже исправили: теперь {value}. Обновите страницу и решите снова.")


class ReasonRequired(Refusal):
    """A correction says why (R4.2)."""

    code = "REASON_REQUIRED"
    wording = _("Укажите причину исправления.")


def check_mark(*, value: str, weight: int, comment: str) -> str:
    """Return the value as it is stored, or refuse what is not a mark (A13)."""
    known = value.strip().lower()
    if known not in MARK_VALUES:
        raise MarkValueUnknown(value=value[:32])
    if not LIGHTEST <= weight <= HEAVIEST:
        raise MarkWeightOutOfRange(lightest=LIGHTEST, heaviest=HEAVIEST)
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(field="comment", reason=_("не длиннее 500 символов"))
    return known
