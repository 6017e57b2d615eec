"""No operation of the schema is open by mistake: each is tried by those who must get nothing from it (trust.md 1.3)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLArgument, GraphQLField, GraphQLInputObjectType, GraphQLNonNull, GraphQLObjectType
from graphql.type import GraphQLEnumType, get_named_type

from api.schema import schema
from diary.kit import clock
from tests.support.service import Service, codes
from tests.support.town import Town

SCHEMA = schema(introspection=True)._schema

#: Open on purpose, with the reason; everything else needs a session.
OPEN = {
    "signIn": "whoever has no session starts one here",
    "signOut": "ending no session does no harm and tells nothing",
}
#: Shows only what belongs to the viewer, or to everybody alike, so that everybody with a session may ask.
OWN = {"viewer", "mailbox", "unreadMessages", "pushKey"}
#: Does something to the viewer's own account alone, and asks for its password.
ASKS_PASSWORD = {"changePassword"}

OPERATIONS = [
    (kind, name)
    for kind, root in (
        ("query", SCHEMA.query_type),
        ("mutation", SCHEMA.mutation_type),
        ("subscription", SCHEMA.subscription_type),
    )
    if root
    for name in root.fields
]
STRANGERS = ["stranger", "olga", "elena", "zoya", "gleb", "galina", "boris", "root", "nobody"]


def field_of(kind: str, name: str) -> GraphQLField:
    """Return the definition of an operation."""
    root = {"query": SCHEMA.query_type, "mutation": SCHEMA.mutation_type, "subscription": SCHEMA.subscription_type}[
        kind
    ]
    assert root is not None
    field: GraphQLField = root.fields[name]
    return field


def selection(field: GraphQLField) -> str:
    """Select one leaf of an operation's answer."""
    named = get_named_type(field.type)
    if not isinstance(named, GraphQLObjectType):
        return ""
    leaves = [
        name for name, inner in named.fields.items() if not isinstance(get_named_type(inner.type), GraphQLObjectType)
    ]
    if leaves:
        return f"{{ {leaves[0]} }}"
    name, inner = next(iter(named.fields.items()))
    return f"{{ {name} {selection(inner)} }}"


def value(name: str, kind: Any, ids: dict[str, str]) -> Any:
    """Return a sensible value for an argument, built from its type; an argument we do not know fails the test."""
    required = isinstance(kind, GraphQLNonNull)
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return {inner: value(inner, entry.type, ids) for inner, entry in named.fields.items() if wanted(inner, entry)}
    if named.name == "ID":
        return ids[name]
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    sensible = {"Date": "2026-11-24", "String": "5", "Int": 1, "Boolean": True}
    assert required is False or named.name in sensible, f"teach this test a value for {name}: {named}"
    return sensible.get(named.name)


def wanted(name: str, entry: Any) -> bool:
    """Send what is required, and every id."""
    return isinstance(entry.type, GraphQLNonNull) or get_named_type(entry.type).name == "ID"


def document(kind: str, name: str, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Return a document with its variables that runs one operation."""
    field = field_of(kind, name)
    arguments: dict[str, GraphQLArgument] = {key: entry for key, entry in field.args.items() if wanted(key, entry)}
    head = ", ".join(f"${key}: {entry.type}" for key, entry in arguments.items())
    passed = ", ".join(f"{key}: ${key}" for key in arguments)
    text = f"{kind} {f'({head})' if head else ''} {{ {name} {f'({passed})' if passed else ''} {selection(field)} }}"
    return text, {key: value(key, entry.type, ids) for key, entry in arguments.items()}


async def mishas(town: Town) -> dict[str, str]:
    """Return the ids of Misha's records for every kind of id that the schema asks for."""
    from tests.support.town import TUESDAY, insert  # noqa: PLC0415

    school = town.first
    mark = await insert(
        "mark", school=school.id, pupil=school.pupils["misha"], lesson=school.lessons["algebra_tuesday"], value="3",
        weight=1, work_type="ANSWER", comment="",
    )  # fmt: skip
    contact = await insert(
        "contact_point", school=school.id, guardian=school.guardians["anna"], channel="EMAIL",
        value=f"{mark}@families.example", provenance="SELF_ENTERED", document_reference="", failure="",
    )  # fmt: skip
    code = await insert(
        "one_time_code", school=school.id, purpose="SIGN_DECISION", account=town.accounts["anna"],
        contact_point=contact, code_hash="", document=b"", document_sha256="", facts={}, sent_at=clock.now(),
        expires_at=clock.now() + timedelta(minutes=10), address="",
    )  # fmt: skip
    signature = await insert(
        "signature", school=school.id, kind="ENHANCED", verdict="VALID", reason="", document=b"", document_sha256="",
        cms=b"", signer="", checked_at=clock.now(), checked_by="", code_sent_to="", address="",
    )  # fmt: skip
    job = await insert(
        "print_job", school=school.id, pupil=school.pupils["misha"], kind="WEEK", week_of=TUESDAY, state="RENDERED"
    )
    statement = await insert(
        "statement", school=school.id, guardian=school.guardians["anna"], pupil=school.pupils["misha"],
        purpose="PERSONAL_DATA", decision="GIVEN", form="ELECTRONIC", signature=signature, received_at=clock.now(),
        state="DRAFT",
    )  # fmt: skip
    misha = str(school.pupils["misha"])
    return {
        "id": misha,
        "pupilId": misha,
        "schoolId": str(school.id),
        "guardianId": str(school.guardians["anna"]),
        "lessonId": str(school.lessons["algebra_tuesday"]),
        "markId": str(mark),
        "contactId": str(contact),
        "jobId": str(job),
        "requestId": str(code),
        "signatureId": str(signature),
        "statementId": str(statement),
    }


async def run(service: Service, kind: str, name: str, ids: dict[str, str], token: str | None) -> list[str]:
    """Run an operation over its transport and return the codes of its refusal."""
    text, variables = document(kind, name, ids)
    if kind != "subscription":
        return codes(await service.post(text, variables, token=token))
    if token is None:
        async with service.opened() as socket:
            await socket.send(type="connection_init")
            return [(await socket.closed())[1]]
    async with service.socket(token) as socket:
        await socket.subscribe(text, **variables)
        answer = await socket.receive()
        return codes({"errors": answer["payload"]})


@pytest.mark.parametrize(("kind", "name"), [one for one in OPERATIONS if one[1] not in OPEN])
async def test_nobody_gets_anything_without_a_session(service: Service, town: Town, kind: str, name: str) -> None:
    assert await run(service, kind, name, await mishas(town), None) == ["SIGN_IN_REQUIRED"]
    if kind != "subscription":
        assert await run(service, kind, name, await mishas(town), "no-such-token") == ["SIGN_IN_REQUIRED"]


@pytest.mark.parametrize(("kind", "name"), [one for one in OPERATIONS if one[1] not in {*OPEN, *OWN, *ASKS_PASSWORD}])
async def test_a_stranger_sees_and_does_nothing(service: Service, town: Town, kind: str, name: str) -> None:
    ids = await mishas(town)
    for login in STRANGERS:
        refused = await run(service, kind, name, ids, await service.sign_in(login))
        assert refused == ["NOT_FOUND"], login


@pytest.mark.parametrize(("kind", "name"), [one for one in OPERATIONS if one[1] in OWN])
async def test_what_everybody_may_ask_shows_only_the_own(service: Service, town: Town, kind: str, name: str) -> None:
    names = re.compile("Орлов")
    ids = await mishas(town)
    for login in set(STRANGERS) - {"boris"}:
        answer = await service.post(
            "{ viewer { fullName role pupils { id fullName givenName schoolClass { name } school { name } } } }",
            token=await service.sign_in(login),
        )
        assert not names.search(str(answer)), login
        assert await run(service, kind, name, ids, await service.sign_in(login)) == [], login


@pytest.mark.parametrize("name", sorted(ASKS_PASSWORD))
async def test_what_asks_for_the_password_does_nothing_without_it(service: Service, town: Town, name: str) -> None:
    text, given = document("mutation", name, await mishas(town))
    wrong = dict.fromkeys(given, "not the password")
    for login in STRANGERS:
        answer = await service.post(text, wrong, token=await service.sign_in(login))
        assert codes(answer) == ["SIGN_IN_FAILED"], login


def test_no_operation_was_forgotten() -> None:
    assert {name for _kind, name in OPERATIONS} == {
        "viewer", "pupil", "diaryWeek", "obligations", "deliveryAgreements", "accessState", "consentDocument",
        "consents", "changePassword",
        "contactPoints", "pushKey", "mailbox", "unreadMessages", "markRead",
        "signIn", "signOut", "recordMark", "correctMark", "registerConsent", "withdrawConsent",
        "agreeDelivery", "addContactPoint", "confirmContactPoint", "resendContactCode", "replaceContactPoint",
        "retireContactPoint", "confirmHandOver", "requestSigningCode", "signConsent", "submitSignedConsent",
        "requestExtract", "requestConsentForm",
        "statements", "signingAgreement", "rejectStatement", "agreeToCodes", "endSigningAgreement",
        "diaryEvents",
    }  # fmt: skip
