"""Viewer and pupil as GraphQL types."""

from __future__ import annotations

import strawberry

from api.context import Info
from api.enums import describe
from api.limits import SIZE
from diary.access import people
from diary.access.tables import Role
from diary.delivery import pupils

describe(
    Role,
    "In which capacity a person acts.",
    GUARDIAN="A guardian of pupils.",
    PUPIL="A pupil.",
    TEACHER="A teacher.",
    OFFICE="A school's office.",
    OPERATOR="Who runs the service; sees nobody's child.",
)


@strawberry.type(description="A school.")
class School:
    """A school."""

    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="A class of one school year.")
class SchoolClass:
    """A class."""

    name: str = strawberry.field(description="Its name, for example 5А.")


@strawberry.type(description="A pupil as a page is headed with.")
class Pupil:
    """A pupil."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    full_name: str = strawberry.field(description="Family name, given name and patronymic.")
    given_name: str = strawberry.field(description="The given name.")
    school_class: SchoolClass | None = strawberry.field(description="The pupil's class of today, if any.")
    school: School = strawberry.field(description="The pupil's school.")


@strawberry.type(description="The person who is signed in.")
class Viewer:
    """The viewer."""

    role: Role | None = strawberry.field(
        description="The capacity to greet the person with: of several the one with the most work; "
        "null for an account that has none yet."
    )

    @strawberry.field(description="The person's full name, or the login of staff without a person behind it.")
    async def full_name(self, info: Info) -> str:
        """Return the name."""
        return await people.full_name(await info.context.viewer())

    @strawberry.field(
        description="The pupils that the person may ask about: the wards of a guardian, or the pupil itself; oldest "
        "first. A guardian sees the wards' names before any consent is registered: they are what to consent to.",
        graphql_type=list[Pupil],
        metadata={SIZE: 5},
    )
    async def pupils(self, info: Info) -> list[people.PupilOf]:
        """Return the pupils."""
        return await pupils.own_pupils(await info.context.viewer())


@strawberry.type(description="A started session.")
class SignedIn:
    """A sign-in's answer."""

    token: str = strawberry.field(
        description="Send it as `Authorization: Bearer <token>`, or in connection_init as "
        '`{"authorization": "Bearer <token>"}`. It is shown this once.'
    )
    viewer: Viewer = strawberry.field(description="Who is signed in now.")
