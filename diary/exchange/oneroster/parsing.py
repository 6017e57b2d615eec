"""One row of each table into its record; what is wrong with a cell is noted with its row and column."""

from __future__ import annotations

from sys import intern

from diary.exchange.oneroster import values
from diary.exchange.oneroster.records import (
    AcademicSession,
    Capacity,
    Course,
    Demographics,
    Enrollment,
    Org,
    RoleGrant,
    RosterClass,
    Standing,
    User,
)
from diary.exchange.table_file import Row


def org_of(row: Row) -> Org:
    """Read a row of orgs.csv."""
    standing = values.standing_of(row)
    return Org(
        id=values.key_of(row),
        row=row.number,
        standing=standing,
        name=values.text_of(row, "name", limit=255, required=standing is Standing.ACTIVE),
        kind=values.squeezed(row["type"]) or "school",
        parent_id=row["parentSourcedId"],
    )


def session_of(row: Row) -> AcademicSession | None:
    """Read a row of academicSessions.csv; None when its dates cannot be read."""
    standing = values.standing_of(row)
    starts_on, ends_on = values.span_of(row, "startDate", "endDate")
    key, kind = values.key_of(row), values.session_kind_of(row)
    if starts_on is None or ends_on is None:
        for column in ("startDate", "endDate"):
            if not row[column] and standing is Standing.ACTIVE:
                row.complain(values.EMPTY_VALUE, column)
        return None
    return AcademicSession(
        id=key,
        row=row.number,
        standing=standing,
        title=row["title"],
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        parent_id=row["parentSourcedId"],
    )


def course_of(row: Row) -> Course:
    """Read a row of courses.csv."""
    return Course(
        id=values.key_of(row),
        row=row.number,
        standing=values.standing_of(row),
        title=row["title"],
        subjects=values.list_of(row["subjects"]),
    )


def class_of(row: Row) -> RosterClass:
    """Read a row of classes.csv."""
    standing = values.standing_of(row)
    return RosterClass(
        id=values.key_of(row),
        row=row.number,
        standing=standing,
        title=values.text_of(row, "title", limit=120, required=standing is Standing.ACTIVE),
        code=row["classCode"],
        grades=values.list_of(row["grades"]),
        is_homeroom=values.squeezed(row["classType"]) == "homeroom",
        course_id=intern(row["courseSourcedId"]),
        school_id=intern(row["schoolSourcedId"]),
        session_ids=values.list_of(row["termSourcedIds"]),
        subjects=values.list_of(row["subjects"]),
    )


def user_of(row: Row) -> User:
    """Read a row of users.csv."""
    standing = values.standing_of(row)
    in_force = standing is Standing.ACTIVE
    capacities = {values.capacity_of(row, role) for role in values.list_of(row["role"])}
    primary_org = values.list_of(row["primaryOrgSourcedId"])
    return User(
        id=intern(values.key_of(row)),
        row=row.number,
        standing=standing,
        family_name=values.text_of(row, "familyName", limit=values.LONGEST_NAME, required=in_force),
        given_name=values.text_of(row, "givenName", limit=values.LONGEST_NAME, required=in_force),
        middle_name=values.text_of(row, "middleName", limit=values.LONGEST_NAME, required=False),
        capacities=frozenset(capacity for capacity in capacities if capacity is not None),
        org_ids=tuple(map(intern, dict.fromkeys(primary_org + values.list_of(row["orgSourcedIds"])))),
        agent_ids=tuple(map(intern, values.list_of(row["agentSourcedIds"]))),
        grades=tuple(map(intern, values.list_of(row["grades"]))),
        email=row["email"],
        sms=row["sms"],
        phone=row["phone"],
    )


def role_of(row: Row) -> RoleGrant | None:
    """Read a row of roles.csv; None when the role is unknown."""
    standing = values.standing_of(row)
    if standing is not Standing.ACTIVE:
        return None
    capacity = values.capacity_of(row, row["role"])
    if capacity is None:
        return None
    return RoleGrant(
        id=values.key_of(row),
        row=row.number,
        user_id=intern(values.key_of(row, "userSourcedId")),
        capacity=capacity,
        org_id=intern(row["orgSourcedId"]),
        ends_on=values.span_of(row, "beginDate", "endDate")[1],
    )


def demographics_of(row: Row) -> Demographics:
    """Read a row of demographics.csv."""
    return Demographics(
        id=values.key_of(row),
        row=row.number,
        standing=values.standing_of(row),
        birth_date=values.date_of(row, "birthDate"),
    )


def enrollment_of(row: Row) -> Enrollment | None:
    """Read a row of enrollments.csv; of one that is not in force only the id counts; None when the role is unknown."""
    standing = values.standing_of(row)
    if standing is not Standing.ACTIVE:
        return Enrollment(
            id=values.key_of(row),
            row=row.number,
            standing=standing,
            class_id=row["classSourcedId"],
            school_id=row["schoolSourcedId"],
            user_id=row["userSourcedId"],
            capacity=Capacity.STAFF,
            primary=False,
            begins_on=None,
            ends_on=None,
        )
    capacity = values.capacity_of(row, row["role"])
    begins_on, ends_on = values.span_of(row, "beginDate", "endDate")
    if capacity is None:
        return None
    return Enrollment(
        id=values.key_of(row),
        row=row.number,
        class_id=intern(values.key_of(row, "classSourcedId")),
        school_id=intern(row["schoolSourcedId"]),
        user_id=intern(values.key_of(row, "userSourcedId")),
        capacity=capacity,
        primary=values.is_true(row["primary"]),
        begins_on=begins_on,
        ends_on=ends_on,
    )
