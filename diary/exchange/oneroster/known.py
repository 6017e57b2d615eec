"""What earlier imports left in the diary, as far as a file that holds only changes may refer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diary.exchange.oneroster.records import Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClass:
    """A class of an earlier import: its school, its grade when it is a school class, and the subject taught in it."""

    school_id: str
    is_homeroom: bool
    grade_level: int | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUser:
    """A person of an earlier import: in which capacities, and in which schools."""

    capacities: frozenset[Capacity]
    school_ids: frozenset[str]
    is_in_a_homeroom: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The ids of earlier imports; nothing on a first import."""

    #: The name of each school by its id.
    schools: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: Whether the installation keeps several real schools, wherever they came from.
    is_shared: bool = False
    classes: Mapping[str, KnownClass] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, KnownUser] = field(default_factory=lambda: MappingProxyType({}))

    def titled(self, school: str) -> str:
        """Return a school as messages name it; the id comes first, for a long name is cut."""
        name = self.schools.get(school)
        return f"{school} ({name})" if name else school
