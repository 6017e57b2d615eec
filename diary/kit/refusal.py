"""Refusals: what the service says no to, each with a code that clients can rely on."""

from __future__ import annotations

from typing import Any, ClassVar

from diary.kit.wording import _, translate


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Raised when a rule says no; carries a stable code, a sentence for the reader and the facts behind it."""

    code: ClassVar[str] = "REFUSED"
    #: The sentence in Russian, with {facts} in braces; translated when it is shown.
    wording: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.code)

    def __str__(self) -> str:
        return translate(self.wording).format(**self._shown())

    @property
    def extensions(self) -> dict[str, Any]:
        """What a GraphQL client reads beside the message."""
        facts = {name: value if isinstance(value, int | bool) else str(value) for name, value in self._shown().items()}
        return {"code": self.code, **({"facts": facts} if facts else {})}

    def _shown(self) -> dict[str, object]:
        # Only a reason is a sentence of ours; a login or a mark may by chance read like one.
        reason = self.facts.get("reason")
        return {**self.facts, "reason": translate(reason)} if isinstance(reason, str) else self.facts


class NotFound(Refusal):
    """The record does not exist, or the asker may not know that it does: both answers are the same (R3.2)."""

    code = "NOT_FOUND"
    wording = _("Запись не найдена или недоступна вам.")


class NotAllowed(Refusal):
    """The asker's role does not include this act."""

    code = "NOT_ALLOWED"
    wording = _("Это действие вам недоступно.")


class BadInput(Refusal):
    """A value does not have the form it must have; `field` names it and `reason` says what is wrong."""

    code = "BAD_INPUT"
    wording = _("Поле «{field}»: {reason}")


def all_refusals() -> list[type[Refusal]]:
    """Return every kind of refusal that is loaded, by code: the source of docs/errors.md."""

    def below(kind: type[Refusal]) -> list[type[Refusal]]:
        return [kind, *(found for child in kind.__subclasses__() for found in below(child))]

    return sorted(set(below(Refusal)) - {Refusal}, key=lambda kind: (kind.code, kind.__module__))
