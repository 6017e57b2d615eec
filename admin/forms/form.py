"""How a form stands in the panel: its fields in Russian, its handler, and what helps to fill it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from admin.labels import CHOICES
from admin.scans import ScanStorage
from admin.scope import StaffMember


class Fields(BaseModel):
    """A form's fields; spaces around what is typed do not count, unknown fields are refused."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid", str_max_length=12_000)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a form's handler works with: who acts, and where scans are kept."""

    member: StaffMember
    scans: ScanStorage


Handler = Callable[[Desk, Any], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffForm:
    """One form of the panel."""

    slug: str
    name: str
    description: str
    group: str
    fields: type[Fields]
    handler: Handler

    def config(self) -> FormConfig:
        """Return the form as Piccolo Admin lists it; the panel's own route runs the handler."""
        config = FormConfig(
            name=self.name,
            pydantic_model=self.fields,
            endpoint=lambda _request, _data: None,
            description=self.description,
            form_group=self.group,
        )
        config.slug = self.slug
        return config


def choice(title: str, choices: type[StrEnum], *, default: StrEnum) -> Any:
    """Return a field that the panel shows as a list of Russian choices."""
    offered: list[JsonValue] = [{"value": value.value, "title": CHOICES[choices][value.value]} for value in choices]
    return Field(default=default, title=title, json_schema_extra={"offered": offered})


def typed(title: str, *, suggest: str | None = None, needed: bool = True, widget: str | None = None) -> Any:
    """Return a text field, with a list of suggestions to pick from, or a wider or file-choosing look."""
    extra: dict[str, JsonValue] = {"suggest": suggest, "widget": widget}
    if needed:
        return Field(title=title, min_length=1, json_schema_extra=extra)
    return Field(default="", title=title, json_schema_extra=extra)
