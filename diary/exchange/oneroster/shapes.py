"""The tables of OneRoster 1.1 and 1.2 that the import knows, and the ways in which real exports spell them."""

from __future__ import annotations

from diary.exchange.headers import Column, Shape

_KEY = Column("sourcedId", required=True, spellings=("id", "sourceId"))
_STATUS = Column("status")
_CHANGED = Column("dateLastModified", read=False, spellings=("dataLastModified", "lastModified"))
_BASE = (_KEY, _STATUS, _CHANGED)


def _unread(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, read=False) for name in names)


MANIFEST = Shape("manifest", (Column("propertyName", required=True), Column("value", required=True)))
ORGS = Shape(
    "orgs",
    (
        *_BASE,
        Column("name", required=True),
        Column("type"),
        Column("identifier", read=False),
        Column("parentSourcedId", spellings=("parentOrgSourcedId", "parentId")),
    ),
    spellings=("organizations", "organisations", "schools"),
)
ACADEMIC_SESSIONS = Shape(
    "academicSessions",
    (
        *_BASE,
        Column("title"),
        Column("type"),
        Column("startDate", required=True, spellings=("beginDate",)),
        Column("endDate", required=True),
        Column("parentSourcedId"),
        Column("schoolYear", read=False),
    ),
    spellings=("sessions", "terms"),
)
COURSES = Shape(
    "courses",
    (
        *_BASE,
        Column("schoolYearSourcedId", read=False, spellings=("schoolYearId",)),
        Column("title", required=True),
        Column("courseCode"),
        *_unread("grades", "orgSourcedId"),
        Column("subjects"),
        Column("subjectCodes", read=False),
    ),
)
CLASSES = Shape(
    "classes",
    (
        *_BASE,
        Column("title", required=True),
        Column("grades", spellings=("grade",)),
        Column("courseSourcedId", spellings=("course",)),
        Column("classCode"),
        Column("classType"),
        Column("location", read=False),
        Column("schoolSourcedId", required=True, spellings=("orgSourcedId", "school")),
        Column("termSourcedIds", spellings=("termSourcedId", "terms", "term")),
        Column("subjects", spellings=("subject",)),
        *_unread("subjectCodes", "periods"),
    ),
)
USERS = Shape(
    "users",
    (
        *_BASE,
        Column("enabledUser", read=False),
        Column("orgSourcedIds", spellings=("orgSourcedId",)),
        Column("role", spellings=("roles",)),
        Column("username", spellings=("login",)),
        Column("userIds", read=False, spellings=("userId",)),
        Column("givenName", required=True, spellings=("firstName",)),
        Column("familyName", required=True, spellings=("lastName",)),
        Column("middleName", spellings=("patronymic",)),
        Column("identifier", read=False),
        Column("email"),
        Column("sms"),
        Column("phone"),
        Column("agentSourcedIds", spellings=("agentSourcedId", "agents")),
        Column("grades", spellings=("grade",)),
        Column("password"),
        Column("userMasterIdentifier", read=False),
        Column("preferredGivenName", read=False, spellings=("prefferedGivenName",)),
        Column("preferredMiddleName", read=False, spellings=("prefferedMiddleName",)),
        Column("preferredFamilyName", read=False, spellings=("prefferedFamilyName",)),
        Column("primaryOrgSourcedId"),
        Column("pronouns", read=False),
    ),
)
ROLES = Shape(
    "roles",
    (
        *_BASE,
        Column("userSourcedId", required=True),
        Column("roleType"),
        Column("role", required=True),
        Column("beginDate"),
        Column("endDate"),
        Column("orgSourcedId"),
        Column("userProfileSourcedId", read=False),
    ),
)
ENROLLMENTS = Shape(
    "enrollments",
    (
        *_BASE,
        Column("classSourcedId", required=True),
        Column("schoolSourcedId"),
        Column("userSourcedId", required=True),
        Column("role", required=True),
        Column("primary"),
        Column("beginDate", spellings=("startDate",)),
        Column("endDate"),
    ),
    spellings=("enrolments",),
)
DEMOGRAPHICS = Shape(
    "demographics",
    (
        Column("sourcedId", required=True, spellings=("userSourcedId",)),
        _STATUS,
        _CHANGED,
        Column("birthDate", spellings=("birthdate", "dateOfBirth")),
        *_unread(
            "sex",
            "americanIndianOrAlaskaNative",
            "asian",
            "blackOrAfricanAmerican",
            "nativeHawaiianOrOtherPacificIslander",
            "white",
            "demographicRaceTwoOrMoreRaces",
            "hispanicOrLatinoEthnicity",
            "countryOfBirthCode",
            "stateOfBirthAbbreviation",
            "cityOfBirth",
            "publicSchoolResidenceStatus",
        ),
    ),
)

#: In the order in which they are read: each refers to the ones before.
READ = (ORGS, ACADEMIC_SESSIONS, COURSES, CLASSES, USERS, ROLES, DEMOGRAPHICS, ENROLLMENTS)

#: Tables of the standard that hold nothing the import takes: marks come from the journal, accounts from the office.
NOT_TAKEN = (
    "categories",
    "classResources",
    "courseResources",
    "lineItems",
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resources",
    "results",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "scoreScales",
    "userProfiles",
    "userResources",
)
