"""How large a document may be: depth, aliases, tokens, cost and time, each at its boundary (trust.md 1.2)."""

from __future__ import annotations

import time

import pytest

from tests.api.documents import WEEK
from tests.support.service import Service, codes
from tests.support.town import Town

FULL_LESSON = """
fragment lesson on Lesson { id ordinal startsAt endsAt status room topic lessonType subject { name }
  teacher { fullName } group { name kind } attendance { code minutesLate } homework { id text dueOn }
  marks { id value weight comment workType recordedAt correctedAt }
  change { kind reason movedTo { date ordinal } movedFrom { date ordinal }
           was { teacher { fullName } subject { name } room } } }
"""
FULL_WEEK = (
    "diaryWeek(pupilId: $pupilId, weekOf: $weekOf) { version days { date holiday { name } lessons { ...lesson } } }"
)


def nested(levels: int) -> str:
    """Return a document of so many nested fields; whether they exist is looked at only when it is not too deep."""
    return "{ a" * levels + " }" * levels


async def test_eight_levels_pass_and_nine_are_too_deep(service: Service) -> None:
    assert "DOCUMENT_TOO_DEEP" not in codes(await service.post(nested(8)))
    assert codes(await service.post(nested(9))) == ["DOCUMENT_TOO_DEEP"]


async def test_depth_is_counted_through_fragments(service: Service) -> None:
    document = "{ a { b { c { d { ...deep } } } } } fragment deep on Query { e { f { g { h %s } } } }"

    assert "DOCUMENT_TOO_DEEP" not in codes(await service.post(document % ""))
    assert codes(await service.post(document % "{ i }")) == ["DOCUMENT_TOO_DEEP"]


async def test_hundreds_of_levels_are_refused_like_nine(service: Service) -> None:
    assert codes(await service.post(nested(190))) == ["DOCUMENT_TOO_DEEP"]
    assert codes(await service.post(nested(320))) == ["GRAPHQL_PARSE_FAILED"]


async def test_fifteen_aliases_pass_and_sixteen_do_not(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    def document(aliases: int) -> str:
        return "{ " + " ".join(f"a{number}: viewer {{ role }}" for number in range(aliases)) + " }"

    fifteen = await service.post(document(15), token=token)
    assert len(fifteen["data"]) == 15
    assert codes(await service.post(document(16), token=token)) == ["TOO_MANY_ALIASES"]


async def test_fields_repeated_under_one_name_count_like_aliases(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")

    assert codes(await service.post("{ viewer {" + " role" * 16 + " } }", token=token)) == []
    assert codes(await service.post("{ viewer {" + " role" * 17 + " } }", token=token)) == ["TOO_MANY_ALIASES"]


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { role } %s }",
        "{ viewer { role } ... { ... { %s } } }",
        "{ ...a ...b } fragment a on Query { viewer { role } } fragment b on Query { %s }",
        "{ viewer { role } ...a } fragment a on Query { ...b } fragment b on Query { %s }",
    ],
    ids=["beside", "inside", "spread", "spread in a spread"],
)
async def test_repeats_count_wherever_they_ask_the_same_parent(service: Service, town: Town, document: str) -> None:
    token = await service.sign_in("anna")

    fifteen = await service.post(document % ("... { viewer { role } }" * 15), token=token)
    sixteen = await service.post(document % ("... { viewer { role } }" * 16), token=token)

    assert fifteen == {"data": {"viewer": {"role": "GUARDIAN"}}}
    assert codes(sixteen) == ["TOO_MANY_ALIASES"]


async def test_one_fragment_spread_again_and_again_repeats_its_fields(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    fragment = "fragment f on Query { viewer { role } }"

    assert codes(await service.post(f"{{ {'...f ' * 16} }} {fragment}", token=token)) == []
    assert codes(await service.post(f"{{ {'...f ' * 17} }} {fragment}", token=token)) == ["TOO_MANY_ALIASES"]


async def test_the_same_name_under_different_parents_is_no_repeat(service: Service, town: Town) -> None:
    week = " ".join(f"c{number}: viewer {{ ... {{ role }} fullName }}" for number in range(15))

    assert codes(await service.post(f"{{ {week} }}", token=await service.sign_in("anna"))) == []


async def test_a_fragment_that_nothing_spreads_is_measured_too(service: Service) -> None:
    unused = "fragment f on Query { " + "... { viewer { role } }" * 17 + " }"

    assert codes(await service.post("{ viewer { role } } " + unused)) == ["TOO_MANY_ALIASES"]


async def test_a_thousand_tokens_pass_and_one_more_does_not(service: Service) -> None:
    def document(tokens: int) -> str:
        # `query q ( ... ) { viewer { role } }` with variables of four tokens each: $ name : Int
        fixed, variables = len(["query", "q", "(", ")", "{", "viewer", "{", "role", "}", "}"]), 247
        fill = tokens - fixed - variables * 4
        return (
            "query q ("
            + " ".join(f"$v{number}: Int" for number in range(variables))
            + ") { viewer { role }"
            + " x" * fill
            + " }"
        )

    thousand = await service.post(document(1000))
    more = await service.post(document(1001))

    assert "GRAPHQL_PARSE_FAILED" not in codes(thousand)
    assert codes(more) == ["GRAPHQL_PARSE_FAILED"]


async def test_the_full_weeks_of_three_children_fit_into_one_document_and_four_do_not(
    service: Service, town: Town
) -> None:
    token = await service.sign_in("anna")
    variables = {"pupilId": str(town.first.pupils["misha"]), "weekOf": "2026-11-24"}

    def weeks(count: int) -> str:
        asked = " ".join(f"child{number}: {FULL_WEEK}" for number in range(count))
        return f"query ($pupilId: ID!, $weekOf: Date!) {{ {asked} }} {FULL_LESSON}"

    three = await service.post(weeks(3), variables, token=token)
    four = await service.post(weeks(4), variables, token=token)

    assert codes(three) == []
    assert len(three["data"]) == 3
    assert codes(four) == ["DOCUMENT_TOO_COSTLY"]
    assert four["data"] is None


async def test_operations_of_one_document_are_counted_together(service: Service, town: Town) -> None:
    token = await service.sign_in("anna")
    week = WEEK.strip().removeprefix("query")
    document = " ".join(f"query {name} {week}" for name in ("one", "two", "three", "four"))

    answer = await service.request(
        "POST",
        "/graphql",
        json={"query": document, "operationName": "one", "variables": {"pupilId": "x", "weekOf": "2026-11-24"}},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert codes(answer.json()) == ["DOCUMENT_TOO_COSTLY"]


async def test_fragments_that_double_at_every_step_are_refused_at_once(service: Service) -> None:
    steps = 80
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(steps)]
    document = "{ ...f0 } " + " ".join(fragments) + f" fragment f{steps} on Query {{ viewer {{ role }} }}"

    started = time.monotonic()
    answer = await service.post(document)

    assert codes(answer) == ["TOO_MANY_ALIASES"]
    assert time.monotonic() - started < 1


async def test_fragments_that_spread_each_other_are_refused(service: Service) -> None:
    answer = await service.post("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a viewer { role } }")

    assert set(codes(answer)) == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer {" + " role" * 900 + " } }",
        "{" + " ".join(f"a{n}: viewer {{ role }}" for n in range(150)) + "}",
        "{ viewer(" + " ".join(f"a{n}: {n}" for n in range(300)) + ") { role } }",
        "query (" + " ".join(f"$v{n}: Int" for n in range(240)) + ") { viewer { role } }",
        "{ viewer " + "@include(if: true) " * 140 + "{ role } }",
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ viewer(a: " + "[" * 450 + "]" * 450 + ") { role } }",
    ],
    ids=["repeats", "aliases", "arguments", "variables", "directives", "introspection", "lists"],
)
async def test_hostile_documents_are_answered_within_a_second(service: Service, document: str) -> None:
    started = time.monotonic()

    answer = await service.post(document)

    assert codes(answer)
    assert "INTERNAL" not in codes(answer)
    assert time.monotonic() - started < 1
