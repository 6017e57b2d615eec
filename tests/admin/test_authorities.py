"""Whom a school trusts is an operator's to say; the office reads it, and nobody rewrites it (63-FZ)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from admin.scope import act_as_staff
from diary.access.viewer import Nobody
from diary.kit import database
from diary.kit.command import transaction
from tests.admin.conftest import SignIn, Worlds
from tests.admin.test_check_signature import signed_file, trust, under
from tests.admin.test_forms import submit
from tests.admin.world import NOW
from tests.support import signers

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLE = "/api/tables/trusted_certificate/"
PEM = signers.pem(signers.authority(5).certificate)
SHA256 = hashlib.sha256(signers.authority(5).certificate.public_bytes(Encoding.DER)).hexdigest()
ONLY_OPERATORS = "недоступно"


def added(worlds: Worlds, **change: Any) -> dict[str, Any]:
    """The form by which an authority is added."""
    return {"school": f"Школа {worlds.a.secret}", "name": "УЦ новый", "pem": PEM, "qualified": True, **change}


def retired(worlds: Worlds, **change: Any) -> dict[str, Any]:
    """The form by which one is retired."""
    return {"school": f"Школа {worlds.a.secret}", "name": f"УЦ {worlds.a.secret}", **change}


async def authorities(worlds: Worlds) -> list[dict[str, Any]]:
    """Return the authorities of school A, oldest first."""
    rows = await database.fetch("SELECT * FROM trusted_certificate WHERE school = $1 ORDER BY id", worlds.a.id)
    return [dict(row) for row in rows]


@pytest.fixture
async def operator(worlds: Worlds, sign_in: SignIn) -> httpx.AsyncClient:
    """The operator of the service."""
    return await sign_in("root")


async def test_an_operator_adds_an_authority_and_the_office_reads_it(
    operator: httpx.AsyncClient, clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    status, said = await submit(operator, "add-authority", added(worlds))
    assert (status, SHA256 in said) == (200, True), said
    _first, new = await authorities(worlds)
    assert (new["name"], new["qualified"], new["sha256"], new["added_at"]) == ("УЦ новый", True, SHA256, NOW)
    listed = (await clerk.get(TABLE)).json()["rows"]
    assert {(row["name"], row["sha256"]) for row in listed} >= {("УЦ новый", SHA256)}


async def test_the_office_neither_adds_nor_changes_nor_removes_an_authority(
    clerk: httpx.AsyncClient, worlds: Worlds
) -> None:
    before = await authorities(worlds)
    own = f"{TABLE}{before[0]['id']}/"
    for status, said in (
        await submit(clerk, "add-authority", added(worlds)),
        await submit(clerk, "retire-authority", retired(worlds)),
    ):
        assert (status, ONLY_OPERATORS in said) == (422, True), said
    for answer in (
        await clerk.post(TABLE, json={"name": "УЦ", "pem": PEM, "qualified": True}),
        await clerk.patch(own, json={"qualified": True}),
        await clerk.patch(own, json={"retired_at": "2030-01-01T00:00:00Z"}),
        await clerk.put(own, json={"name": "УЦ", "pem": PEM, "qualified": True}),
        await clerk.delete(own),
        await clerk.delete(TABLE),
    ):
        assert answer.status_code == 405, answer.text
    assert await authorities(worlds) == before


async def test_what_was_added_is_not_changed_by_an_operator_either(operator: httpx.AsyncClient, worlds: Worlds) -> None:
    before = await authorities(worlds)
    own = f"{TABLE}{before[0]['id']}/"
    for answer in (
        await operator.post(TABLE, json={"name": "УЦ", "pem": PEM, "school": str(worlds.a.id)}),
        await operator.patch(own, json={"qualified": True}),
        await operator.patch(own, json={"pem": PEM}),
        await operator.delete(own),
    ):
        assert answer.status_code == 405, answer.text
    assert await authorities(worlds) == before


async def test_an_authority_is_retired_by_a_date_and_only_earlier_afterwards(
    operator: httpx.AsyncClient, worlds: Worlds
) -> None:
    until = [
        await submit(operator, "retire-authority", retired(worlds, day=day)) for day in ("2026-12-31", "2026-12-30")
    ]
    later = await submit(operator, "retire-authority", retired(worlds, day="2026-12-31"))
    assert [status for status, _said in until] == [200, 200]
    assert (later[0], "более раннюю" in later[1]) == (422, True)
    assert (await authorities(worlds))[0]["retired_at"] == datetime(2026, 12, 29, 21, tzinfo=UTC)
    now = await submit(operator, "retire-authority", retired(worlds, name=(await authorities(worlds))[0]["sha256"]))
    assert now[0] == 200, now[1]
    assert (await authorities(worlds))[0]["retired_at"] == NOW


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pem": "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----"}, "один сертификат"),
        ({"pem": PEM + signers.pem(signers.authority(6).certificate)}, "один сертификат"),
        ({"pem": "мусор"}, "один сертификат"),
        ({"pem": signers.pem(signers.person().certificate)}, "не сертификат удостоверяющего центра"),
        ({"name": "\u200b"}, "Название"),
        ({"school": ""}, "Школа"),
    ],
)
async def test_what_is_no_authority_is_not_added(
    operator: httpx.AsyncClient, worlds: Worlds, change: dict[str, str], said: str
) -> None:
    before = await authorities(worlds)
    answer = await submit(operator, "add-authority", added(worlds, **change))
    assert (answer[0], said in answer[1]) == (422, True), answer
    assert await authorities(worlds) == before


async def test_the_same_certificate_is_trusted_once_and_anew_after_its_end(
    operator: httpx.AsyncClient, worlds: Worlds
) -> None:
    first = await submit(operator, "add-authority", added(worlds))
    again = await submit(operator, "add-authority", added(worlds, name="другое имя", qualified=False))
    await submit(operator, "retire-authority", retired(worlds, name="УЦ новый"))
    anew = await submit(operator, "add-authority", added(worlds, name="УЦ ещё раз", qualified=False))
    assert (first[0], again[0], anew[0]) == (200, 422, 200)
    assert "УЦ новый" in again[1]


async def test_an_authority_added_anew_under_the_same_name_is_retired_like_the_first(
    operator: httpx.AsyncClient, worlds: Worlds
) -> None:
    for _ in range(2):
        assert (await submit(operator, "add-authority", added(worlds)))[0] == 200
        early = await submit(operator, "retire-authority", retired(worlds, name="УЦ новый", day="2020-01-01"))
        assert (early[0], "ещё не доверяли" in early[1]) == (422, True), early
        status, said = await submit(operator, "retire-authority", retired(worlds, name="УЦ новый"))
        assert status == 200, said
    ended = [row["retired_at"] for row in await authorities(worlds) if row["name"] == "УЦ новый"]
    assert ended == [NOW, NOW]
    assert (await submit(operator, "retire-authority", retired(worlds, name="УЦ новый")))[0] == 422


async def test_a_signature_shows_which_authority_made_it_valid(clerk: httpx.AsyncClient, worlds: Worlds) -> None:
    await trust(worlds)
    await submit(clerk, "check-signature", under(worlds, await signed_file(worlds)))
    wanted = hashlib.sha256(signers.authority().certificate.public_bytes(Encoding.DER)).hexdigest()
    rows = (await clerk.get("/api/tables/signature/", params={"authority_sha256": wanted})).json()["rows"]
    assert [row["kind"] for row in rows] == ["QUALIFIED"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO trusted_certificate (school, name, pem) SELECT school, 'УЦ', pem FROM trusted_certificate",
        "UPDATE trusted_certificate SET retired_at = now()",
        "DELETE FROM trusted_certificate",
        "UPDATE signing_agreement SET ended_at = now()",
        "DELETE FROM signing_agreement",
    ],
)
async def test_the_panels_role_in_the_database_only_reads(worlds: Worlds, statement: str) -> None:
    """Whatever a new route of the panel would let through (D10)."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_staff(worlds, statement)


async def as_staff(worlds: Worlds, statement: str) -> None:
    """Run a statement as the panel does, where the rows that it is about are seen."""
    async with transaction(Nobody(route="ADMIN")):
        await act_as_staff(frozenset({worlds.a.id, worlds.b.id}))
        assert len(await database.fetch("SELECT FROM trusted_certificate")) == 2
        assert len(await database.fetch("SELECT FROM signing_agreement")) == 2
        await database.execute(statement)
