"""Signing one's own decision over GraphQL: a code that came back, or a signature file (63-FZ, R2.1, D5)."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from diary.consent.signatures import gost
from diary.delivery import signed_files
from diary.delivery.signature_attempts import FILES_AT_MOST, FILES_WITHIN
from diary.kit import database
from diary.kit.clock import SetClock
from tests.api.documents import WEEK
from tests.api.test_contacts import other_than, sent_code
from tests.support import signers
from tests.support.service import Service, codes
from tests.support.town import Town, insert

NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=2)
TERM: dict[str, Any] = {"since": NOON - timedelta(days=30), "until": NOON + timedelta(days=30)}

DOCUMENT = """
query ($pupilId: ID!, $guardianId: ID, $purpose: Purpose!, $decision: Decision!, $told: ParticularsInput) {
  consentDocument(
    pupilId: $pupilId, guardianId: $guardianId, purpose: $purpose, decision: $decision, particulars: $told
  ) { document documentSha256 version } }
"""
TOLD = {
    "signerAddress": "г. Пермь, ул. Ленина, 1", "signerDocument": "паспорт 57 00 000001, выдан 01.02.2020",
    "authority": "свидетельство о рождении I-ВГ № 000001", "pupilAddress": "г. Пермь, ул. Ленина, 1",
    "pupilDocument": "свидетельство о рождении I-ВГ № 000001",
}  # fmt: skip
REQUEST = """
mutation ($input: RequestSigningCodeInput!) { requestSigningCode(input: $input) { requestId expiresAt } }
"""
SIGN = """
mutation ($id: ID!, $code: String!) { signConsent(input: {requestId: $id, code: $code}) {
    id decision purpose form guardianId } }
"""
SUBMIT = """
mutation ($input: SubmitSignedConsentInput!) { submitSignedConsent(input: $input) {
    verdict reason signatureKind statementId decision { id decision form } } }
"""
REGISTER = "mutation ($input: RegisterConsentInput!) { registerConsent(input: $input) { id } }"


class Desk:
    """Galina at her own computer, deciding about Nina without any decision in the ledger yet."""

    def __init__(self, service: Service, town: Town, token: str, contact: UUID) -> None:
        self.service, self.town, self.token, self.contact = service, town, token, contact
        self.pair = {"pupilId": str(town.first.pupils["nina"]), "guardianId": str(town.first.guardians["galina"])}

    async def ask(self, document: str, variables: dict[str, Any], *, token: str | None = None) -> dict[str, Any]:
        """Run an operation as Galina, or as whoever is named."""
        return await self.service.post(document, variables, token=token or self.token)

    async def document(self, decision: str = "GIVEN", purpose: str = "PERSONAL_DATA") -> dict[str, str]:
        """Read the document."""
        answer = await self.ask(DOCUMENT, {**self.pair, "purpose": purpose, "decision": decision, "told": TOLD})
        found: dict[str, str] = answer["data"]["consentDocument"]
        return found

    async def request(self, decision: str = "GIVEN", **change: Any) -> dict[str, Any]:
        """Ask for a code for the document as it stands."""
        given = {
            **self.pair,
            "decision": decision,
            "contactId": str(self.contact),
            "documentSha256": (await self.document(decision))["documentSha256"],
            "particulars": TOLD,
        }
        return await self.ask(REQUEST, {"input": given | change})

    async def requested(self, decision: str = "GIVEN") -> tuple[str, str]:
        """Ask for a code and return the request with the code."""
        answer = await self.request(decision)
        assert codes(answer) == []
        return answer["data"]["requestSigningCode"]["requestId"], await sent_code()

    async def sign(self, request: str, code: str, *, token: str | None = None) -> dict[str, Any]:
        """Enter a code."""
        return await self.ask(SIGN, {"id": request, "code": code}, token=token)

    async def submit(
        self, cms: bytes, document: bytes | None = None, decision: str = "GIVEN", told: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Hand in a signature file under the document as it stands, or under another one."""
        signed = document or (await self.document(decision))["document"].encode()
        given = {
            **self.pair,
            "decision": decision,
            "document": b64encode(signed).decode(),
            "signature": b64encode(cms).decode(),
            "particulars": TOLD if told is None else told,
        }
        return await self.ask(SUBMIT, {"input": given})

    async def signed(self, *, decision: str = "GIVEN", kind: str = "ECDSA", **certificate: Any) -> bytes:
        """Sign the document as it stands, by default as Galina herself."""
        signer = signers.person(kind, **{"name": named("Галкина", "Галина"), **TERM, **certificate})
        return signers.signed(signer, document=(await self.document(decision))["document"].encode())

    async def reads(self) -> list[str]:
        """Read Nina's week and return the refusal."""
        week = {"pupilId": self.pair["pupilId"], "weekOf": "2026-11-24"}
        return codes(await self.ask(WEEK, week))


def named(surname: str, given: str) -> Any:
    """Return a certificate's name."""
    return signers.subject(surname=surname, given_name=given, common_name=f"{surname} {given}")


async def trust(school: UUID, authority: int = 1, **more: Any) -> None:
    """Enter an authority that a school trusts."""
    await insert(
        "trusted_certificate", school=school, name=f"УЦ {authority}",
        pem=signers.pem(signers.authority(authority).certificate), **{"qualified": False, "added_at": NOON, **more},
    )  # fmt: skip


async def authority_of(desk: Desk) -> str:
    """Return the hash of the authority that Galina's school trusts."""
    rows = await database.fetch("SELECT sha256 FROM trusted_certificate WHERE school = $1", desk.town.first.id)
    found: str = rows[0]["sha256"]
    return found


async def agree(school: UUID, **person: UUID) -> UUID:
    """Let a person sign by codes."""
    agreed: UUID = await insert(
        "signing_agreement", school=school, **person, document_reference="Соглашение № 4", signed_on=NOON.date(),
        registered_at=NOON,
    )  # fmt: skip
    return agreed


async def confirmed(school: UUID, account: int, value: str, **more: Any) -> UUID:
    """Enter an own address whose code has come back, long enough ago to carry codes to sign with."""
    contact: UUID = await insert(
        "contact_point", school=school, **{"channel": "EMAIL", "value": value, "provenance": "SELF_ENTERED", **more}
    )
    code = await insert(
        "one_time_code", school=school, purpose="CONFIRM_CONTACT", account=account, contact_point=contact,
        code_hash="", sent_at=LONG_AGO, expires_at=LONG_AGO + timedelta(minutes=10), used_at=LONG_AGO,
    )  # fmt: skip
    await database.execute(
        "UPDATE contact_point SET confirmed_at = $2, confirmed_by_code = $3 WHERE id = $1", contact, LONG_AGO, code
    )
    return contact


async def evidence() -> list[asyncpg.Record]:
    """Return the kept signatures, oldest first."""
    return await database.fetch("SELECT * FROM signature ORDER BY id")


async def ledger(desk: Desk) -> list[asyncpg.Record]:
    """Return Galina's decisions about Nina, oldest first."""
    return await database.fetch(
        "SELECT * FROM consent_decision WHERE guardian = $1 AND pupil = $2 ORDER BY seq",
        UUID(desk.pair["guardianId"]),
        UUID(desk.pair["pupilId"]),
    )


async def seated(service: Service, town: Town) -> Desk:
    """Galina has an address that a code has confirmed and an agreement, and her school trusts one authority."""
    await database.execute("UPDATE school SET address = 'г. Пермь, ул. Мира, 2' WHERE id = $1", town.first.id)
    contact = await confirmed(
        town.first.id, town.accounts["galina"], "galina@families.example", guardian=town.first.guardians["galina"]
    )
    await agree(town.first.id, guardian=town.first.guardians["galina"])
    await trust(town.first.id)
    return Desk(service, town, await service.sign_in("galina"), contact)


@pytest.fixture
async def desk(service: Service, town: Town) -> Desk:
    """Everything that signing needs."""
    return await seated(service, town)


# A simple signature: the account and a code.


async def test_a_guardian_without_any_consent_signs_by_a_code_and_reads_at_once(desk: Desk, clock: SetClock) -> None:
    assert await desk.reads() == ["CONSENT_NOT_REGISTERED"]
    document = await desk.document()
    request, code = await desk.requested()
    clock.move(timedelta(minutes=2))
    answer = await desk.sign(request, code)

    assert answer["data"]["signConsent"]["decision"] == "GIVEN"
    assert await desk.reads() == []
    (kept,) = await evidence()
    assert (kept["kind"], kept["verdict"], kept["signer"]) == ("SIMPLE", "VALID", "Галкина Галина")
    assert kept["document"] == document["document"].encode()
    assert kept["document_sha256"] == hashlib.sha256(kept["document"]).hexdigest() == document["documentSha256"]
    assert kept["account"] == desk.town.accounts["galina"]
    assert (kept["code_sent_to"], kept["address"]) == ("galina@families.example", "127.0.0.1")
    assert (kept["code_sent_at"], kept["code_confirmed_at"]) == (NOON, NOON + timedelta(minutes=2))
    (decision,) = await ledger(desk)
    assert (decision["form"], decision["signature_kind"], decision["signature"]) == (
        "ELECTRONIC", "SIMPLE", kept["id"],
    )  # fmt: skip
    assert decision["text_version"] == document["version"]
    assert len(decision["text_hash"]) == 64


async def test_a_refusal_and_a_withdrawal_are_signed_under_their_own_words(desk: Desk) -> None:
    documents = [(await desk.document(decision))["document"] for decision in ("GIVEN", "REFUSED", "WITHDRAWN")]
    assert [text.split(".")[0] for text in documents[1:]] == ["ОТКАЗ", "ОТЗЫВ СОГЛАСИЯ"]
    assert "НЕ даю согласие" in documents[1]
    assert codes(await desk.request("WITHDRAWN")) == ["NOTHING_TO_WITHDRAW"]

    for decision, read in (("GIVEN", []), ("WITHDRAWN", ["CONSENT_WITHDRAWN"]), ("REFUSED", ["CONSENT_REFUSED"])):
        answer = await desk.sign(*await desk.requested(decision))
        assert answer["data"]["signConsent"]["decision"] == decision
        assert await desk.reads() == read


async def test_five_wrong_codes_spend_the_request_and_each_try_is_kept(desk: Desk) -> None:
    request, code = await desk.requested()
    refused = [codes(await desk.sign(request, other_than(code))) for _ in range(5)]
    assert refused == [["CODE_WRONG"]] * 4 + [["CODE_SPENT"]]
    assert codes(await desk.sign(request, code)) == ["CODE_SPENT"]
    assert (await evidence(), await ledger(desk)) == ([], [])


@pytest.mark.parametrize(
    ("waited", "refused"), [(timedelta(minutes=10), ["CODE_EXPIRED"]), (timedelta(minutes=10, microseconds=-1), [])]
)
async def test_a_code_signs_for_ten_minutes(desk: Desk, clock: SetClock, waited: timedelta, refused: list[str]) -> None:
    request, code = await desk.requested()
    clock.move(waited)
    assert codes(await desk.sign(request, code)) == refused
    assert len(await ledger(desk)) == (0 if refused else 1)


async def test_a_code_signs_once(desk: Desk) -> None:
    request, code = await desk.requested()
    assert codes(await desk.sign(request, code)) == []
    assert codes(await desk.sign(request, code)) == ["CODE_SPENT"]
    assert len(await ledger(desk)) == 1


async def test_two_that_sign_at_once_register_one_decision(desk: Desk) -> None:
    request, code = await desk.requested()
    answers = await asyncio.gather(*(desk.sign(request, code) for _ in range(3)))
    assert sorted(codes(answer) for answer in answers) == [[], ["CODE_SPENT"], ["CODE_SPENT"]]
    assert (len(await ledger(desk)), len(await evidence())) == (1, 1)


async def test_two_requests_for_one_document_sign_it_once(desk: Desk) -> None:
    first, second = await desk.requested(), await desk.requested()
    assert codes(await desk.sign(*first)) == []
    assert codes(await desk.sign(*second)) == ["DOCUMENT_CHANGED"]


async def test_a_leave_for_guardians_is_not_a_guardians_to_sign(desk: Desk) -> None:
    file = b64encode(await desk.signed()).decode()
    for answer in (
        await desk.request(purpose="GUARDIAN_ACCESS"),
        await desk.ask(
            SUBMIT, {"input": {**desk.pair, "purpose": "GUARDIAN_ACCESS", "document": "MA==", "signature": file}}
        ),
    ):
        assert codes(answer) == ["BAD_INPUT"]


async def test_a_request_is_of_one_account_and_a_code_of_one_request(desk: Desk) -> None:
    first, code = await desk.requested()
    for login in ("anna", "daria", "olga", "elena"):
        answer = await desk.sign(first, code, token=await desk.service.sign_in(login))
        assert codes(answer) == ["NOT_FOUND"], login
    second, other = await desk.requested()
    if other != code:
        assert codes(await desk.sign(second, code)) == ["CODE_WRONG"]
    confirming = await insert(
        "one_time_code", school=desk.town.first.id, purpose="CONFIRM_CONTACT", account=desk.town.accounts["galina"],
        contact_point=desk.contact, code_hash="", sent_at=NOON, expires_at=NOON + timedelta(minutes=10),
    )  # fmt: skip
    assert codes(await desk.sign(str(confirming), code)) == ["NOT_FOUND"]
    assert await ledger(desk) == []


async def test_a_code_goes_to_an_own_confirmed_contact_in_use_only(desk: Desk) -> None:
    town = desk.town
    address = {"school": town.first.id, "channel": "EMAIL", "provenance": "PAPER", "document_reference": "Папка 2"}
    others = await insert(
        "contact_point", **address, guardian=town.first.guardians["anna"], value="a@x.example", confirmed_at=NOON
    )
    pupils_own = await insert(
        "contact_point", **address, pupil=town.first.pupils["nina"], value="n@x.example", confirmed_at=NOON
    )
    unconfirmed = await insert("contact_point", **address, guardian=town.first.guardians["galina"], value="g@x.example")
    retired = await insert(
        "contact_point", **address, guardian=town.first.guardians["galina"], value="old@x.example", confirmed_at=NOON,
        retired_at=NOON,
    )  # fmt: skip
    for contact in (others, pupils_own, unconfirmed, retired, "no-such-id"):
        assert codes(await desk.request(contactId=str(contact))) == ["NOT_FOUND"]
    postal = await confirmed(
        town.first.id, town.accounts["galina"], "Пермь", guardian=town.first.guardians["galina"], channel="POSTAL"
    )
    assert codes(await desk.request(contactId=str(postal))) == ["BAD_INPUT"]


async def test_an_address_given_up_meanwhile_signs_nothing(desk: Desk) -> None:
    request, code = await desk.requested()
    await database.execute("UPDATE contact_point SET retired_at = $2 WHERE id = $1", desk.contact, NOON)
    assert codes(await desk.sign(request, code)) == ["NOT_FOUND"]
    assert (await evidence(), await ledger(desk)) == ([], [])


async def test_only_the_document_that_was_read_is_signed(desk: Desk) -> None:
    assert codes(await desk.request(documentSha256="0" * 64)) == ["DOCUMENT_CHANGED"]
    unread = (await desk.document("REFUSED"))["documentSha256"]
    assert codes(await desk.request(documentSha256=unread)) == ["DOCUMENT_CHANGED"]


async def test_a_text_changed_meanwhile_is_not_signed(desk: Desk, clock: SetClock) -> None:
    request, code = await desk.requested()
    await insert(
        "consent_text", school=desk.town.first.id, purpose="PERSONAL_DATA", version="2027-01", title="Новое",
        body="Другой текст", published_at=clock.now() + timedelta(seconds=1),
    )  # fmt: skip
    clock.move(timedelta(seconds=1))
    assert codes(await desk.sign(request, code)) == ["DOCUMENT_CHANGED"]
    assert (await evidence(), await ledger(desk)) == ([], [])
    used = await database.fetch("SELECT used_at, tries FROM one_time_code WHERE id = $1", UUID(request))
    assert (used[0]["used_at"], used[0]["tries"]) == (None, 1)


async def test_a_decision_registered_meanwhile_is_not_overridden(desk: Desk) -> None:
    request, code = await desk.requested()
    await desk.town.first.decide("galina", "nina", "REFUSED")
    assert codes(await desk.sign(request, code)) == ["DOCUMENT_CHANGED"]
    assert await desk.reads() == ["CONSENT_REFUSED"]


async def test_a_guardianship_that_ended_meanwhile_signs_nothing(desk: Desk) -> None:
    request, code = await desk.requested()
    await database.execute(
        "UPDATE guardianship SET restricted = true WHERE guardian = $1", UUID(desk.pair["guardianId"])
    )
    assert codes(await desk.sign(request, code)) == ["NOT_FOUND"]
    assert (await evidence(), await ledger(desk)) == ([], [])


@pytest.mark.parametrize(("born", "code"), [(date(2012, 11, 25), ["OWN_DECISION_TOO_EARLY"]), (date(2012, 11, 24), [])])
async def test_a_pupil_signs_the_own_decision_from_the_fourteenth_birthday_on(
    service: Service, town: Town, born: date, code: list[str]
) -> None:
    misha = town.first.pupils["misha"]
    await database.execute("UPDATE pupil SET birth_date = $2 WHERE id = $1", misha, born)
    await database.execute("UPDATE school SET address = 'г. Пермь, ул. Мира, 2' WHERE id = $1", town.first.id)
    contact = await confirmed(town.first.id, town.accounts["misha"], "m@x.example", pupil=misha)
    await agree(town.first.id, pupil=misha)
    own = Desk(service, town, await service.sign_in("misha"), contact)
    own.pair = {"pupilId": str(misha)}
    answer = await own.request()
    assert codes(answer) == code
    if not code:
        request = answer["data"]["requestSigningCode"]["requestId"]
        assert codes(await own.sign(request, await sent_code())) == []
        assert (
            len(await database.fetch("SELECT FROM consent_decision WHERE guardian IS NULL AND pupil = $1", misha)) == 1
        )


# A signature file.


@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
async def test_a_valid_signature_file_registers_the_decision(desk: Desk, kind: str) -> None:
    cms = await desk.signed(kind=kind)
    document = (await desk.document())["document"]
    answer = (await desk.submit(cms))["data"]["submitSignedConsent"]

    assert (answer["verdict"], answer["signatureKind"], answer["statementId"]) == ("VALID", "ENHANCED", None)
    assert answer["decision"]["form"] == "ELECTRONIC"
    assert await desk.reads() == []
    (kept,) = await evidence()
    assert (kept["kind"], kept["cms"], kept["document"]) == ("ENHANCED", cms, document.encode())
    assert (kept["account"], kept["address"]) == (desk.town.accounts["galina"], "127.0.0.1")
    assert kept["certificate"]
    (decision,) = await ledger(desk)
    assert (decision["signature"], decision["signature_kind"]) == (kept["id"], "ENHANCED")
    assert await database.fetch("SELECT FROM statement") == []


async def test_a_certificate_of_an_accredited_authority_makes_it_qualified(desk: Desk) -> None:
    await trust(desk.town.first.id, 2, qualified=True)
    cms = await desk.signed(issuer=signers.authority(2))
    assert (await desk.submit(cms))["data"]["submitSignedConsent"]["signatureKind"] == "QUALIFIED"
    assert [row["signature_kind"] for row in await ledger(desk)] == ["QUALIFIED"]


async def bad_signature(desk: Desk, what: str) -> bytes:  # noqa: PLR0911 - one way out for each
    """Return a signature file that is no signature of Galina under her document."""
    document = (await desk.document())["document"].encode()
    galina = signers.person(name=named("Галкина", "Галина"), **TERM)
    match what:
        case "another text":
            return signers.signed(galina, document=document + b"!")
        case "expired":
            return await desk.signed(until=NOON - timedelta(seconds=2))
        case "not yet valid":
            return await desk.signed(since=NOON + timedelta(seconds=2))
        case "unknown authority":
            return await desk.signed(issuer=signers.authority(2))
        case "another person":
            return await desk.signed(name=named("Орлова", "Анна"))
        case "another given name":
            return await desk.signed(name=named("Галкина", "Галина Петровна"))
        case "two signers":
            return signers.signed(
                galina, signers.person("RSA", name=named("Орлова", "Анна"), **TERM), document=document
            )
        case "national algorithm":
            return signers.with_algorithms(
                signers.signed(galina, document=document), digest="1.2.643.7.1.1.2.2", signature="1.2.643.7.1.1.3.2"
            )
        case _:
            return signers.with_algorithms(
                signers.signed(galina, document=document), digest="sha1", signature="sha1_ecdsa"
            )


@pytest.mark.parametrize(
    ("what", "verdict"),
    [
        ("another text", "TAMPERED"),
        ("expired", "EXPIRED"),
        ("not yet valid", "EXPIRED"),
        ("unknown authority", "UNTRUSTED"),
        ("another person", "WRONG_SIGNER"),
        ("another given name", "WRONG_SIGNER"),
        ("two signers", "SEVERAL_SIGNERS"),
        pytest.param(
            "national algorithm", "NOT_CHECKED",
            marks=pytest.mark.skipif(gost.gost_arguments() is not None, reason="this computer's openssl knows it"),
        ),
        ("outdated algorithm", "NOT_CHECKED"),
    ],
)  # fmt: skip
async def test_any_other_verdict_is_told_and_kept_for_the_office_and_opens_nothing(
    desk: Desk, what: str, verdict: str
) -> None:
    cms = await bad_signature(desk, what)
    answer = (await desk.submit(cms))["data"]["submitSignedConsent"]

    assert (answer["verdict"], answer["decision"]) == (verdict, None)
    assert answer["reason"]
    assert await ledger(desk) == []
    assert await desk.reads() == ["CONSENT_NOT_REGISTERED"]
    (kept,) = await evidence()
    assert (kept["verdict"], kept["cms"]) == (verdict, cms)
    (draft,) = await database.fetch("SELECT * FROM statement")
    assert (str(draft["id"]), draft["state"], draft["signature"]) == (answer["statementId"], "DRAFT", kept["id"])
    assert (str(draft["guardian"]), str(draft["pupil"])) == (desk.pair["guardianId"], desk.pair["pupilId"])


@pytest.mark.parametrize(
    ("patronymic", "in_certificate", "verdict"),
    [
        ("Петровна", "Галина Петровна", "VALID"),
        ("Петровна", "Галина", "WRONG_SIGNER"),
        ("", "Галина", "VALID"),
        ("", "Галина Петровна", "WRONG_SIGNER"),
    ],
)
async def test_the_patronymic_counts_unless_the_person_has_none(
    desk: Desk, patronymic: str, in_certificate: str, verdict: str
) -> None:
    await database.execute(
        "UPDATE guardian SET patronymic = $2 WHERE id = $1", UUID(desk.pair["guardianId"]), patronymic
    )
    cms = await desk.signed(name=named("Галкина", in_certificate))
    assert (await desk.submit(cms))["data"]["submitSignedConsent"]["verdict"] == verdict


async def test_an_authority_taken_out_of_use_or_of_another_school_is_not_trusted(desk: Desk) -> None:
    await trust(desk.town.second.id, 2)
    foreign = await desk.submit(await desk.signed(issuer=signers.authority(2)))
    await database.execute("UPDATE trusted_certificate SET retired_at = $1", NOON)
    retired = await desk.submit(await desk.signed())
    for answer in (foreign, retired):
        assert answer["data"]["submitSignedConsent"]["verdict"] == "UNTRUSTED"


async def test_a_good_signature_under_other_words_is_no_signature_of_this_decision(desk: Desk) -> None:
    refusal = (await desk.document("REFUSED"))["document"].encode()
    signed_refusal = await desk.signed(decision="REFUSED")
    own_words = "Я согласна".encode()
    signed_words = signers.signed(signers.person(name=named("Галкина", "Галина"), **TERM), document=own_words)
    for document, cms in ((refusal, signed_refusal), (own_words, signed_words)):
        answer = (await desk.submit(cms, document))["data"]["submitSignedConsent"]
        assert (answer["verdict"], answer["decision"]) == ("TAMPERED", None)
        assert "не тот документ" in answer["reason"]
    assert await ledger(desk) == []


async def test_a_signature_file_from_before_a_withdrawal_does_not_consent_again(desk: Desk) -> None:
    document = (await desk.document())["document"].encode()
    cms = await desk.signed()
    await desk.submit(cms)
    withdrawn = await desk.submit(await desk.signed(decision="WITHDRAWN"), decision="WITHDRAWN")
    assert withdrawn["data"]["submitSignedConsent"]["decision"]["decision"] == "WITHDRAWN"

    kept = len(await evidence())
    assert codes(await desk.submit(cms, document)) == ["DOCUMENT_CHANGED"]
    assert len(await evidence()) == kept
    assert [row["decision"] for row in await ledger(desk)] == ["GIVEN", "WITHDRAWN"]
    assert await desk.reads() == ["CONSENT_WITHDRAWN"]


async def test_so_many_signature_files_are_looked_at_in_a_day(desk: Desk, clock: SetClock) -> None:
    for _ in range(FILES_AT_MOST - 1):
        await insert("signature_attempt", account=desk.town.accounts["galina"], started_at=NOON, ended_at=NOON)
    last, one_more = [await desk.signed(issuer=signers.authority(2)) for _ in range(2)]
    assert codes(await desk.submit(last)) == []
    assert codes(await desk.submit(one_more)) == ["TOO_MANY_SIGNATURES"]
    assert len(await evidence()) == 1
    clock.move(FILES_WITHIN)
    assert codes(await desk.submit(one_more)) == []


async def test_what_is_no_signature_file_is_told_at_once_and_neither_counted_nor_kept(desk: Desk) -> None:
    answer = (await desk.submit(b"garbage"))["data"]["submitSignedConsent"]
    assert (answer["verdict"], answer["decision"], answer["statementId"]) == ("MALFORMED", None, None)
    assert await evidence() == []
    assert await database.fetch("SELECT FROM statement UNION ALL SELECT FROM signature_attempt") == []


async def test_what_is_no_file_or_too_large_is_refused_and_not_kept(desk: Desk) -> None:
    document = b64encode(b"text").decode()
    for change in (
        {"document": "кириллица", "signature": "MA=="},
        {"document": document, "signature": "%"},
        {"document": document, "signature": ""},
        {"document": "", "signature": "MA=="},
        {"document": document, "signature": b64encode(b"0" * (signed_files.LARGEST_SIGNATURE + 1)).decode()},
        {"document": b64encode(b"0" * (signed_files.LARGEST_DOCUMENT + 1)).decode(), "signature": "MA=="},
    ):
        assert codes(await desk.ask(SUBMIT, {"input": {**desk.pair, **change}})) == ["BAD_INPUT"]
    stranger = {"input": {**desk.pair, "document": "%", "signature": "%"}}
    assert codes(await desk.ask(SUBMIT, stranger, token=await desk.service.sign_in("anna"))) == ["NOT_FOUND"]
    assert await evidence() == []
    at_most = b"0" * signed_files.LARGEST_SIGNATURE
    assert (await desk.submit(at_most))["data"]["submitSignedConsent"]["verdict"] == "MALFORMED"


# The office registers a decision in electronic form by its signature, never by a word about one.


@pytest.mark.parametrize("kind", ["SIMPLE", "ENHANCED", "QUALIFIED", None])
async def test_a_document_reference_alone_makes_no_electronic_decision(desk: Desk, kind: str | None) -> None:
    given = {**desk.pair, "form": "ELECTRONIC", "signatureKind": kind, "documentReference": "Э-1"}
    daria = await desk.service.sign_in("daria")
    answer = await desk.ask(REGISTER, {"input": given}, token=daria)
    assert codes(answer) == ["SIGNATURE_NOT_VALID"]
    assert answer["errors"][0]["extensions"]["facts"]["verdict"] == "MISSING"
    assert await ledger(desk) == []


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, None),
        ({"verdict": "NOT_CHECKED", "reason": "нечем"}, "NOT_CHECKED"),
        ({"verdict": "UNTRUSTED"}, "UNTRUSTED"),
        ({"kind": "QUALIFIED"}, "VALID"),
        ({"document": "Я согласна.".encode()}, "VALID"),
    ],
    ids=str,
)
async def test_the_office_registers_by_a_valid_signature_of_this_very_document(
    desk: Desk, change: dict[str, Any], verdict: str | None
) -> None:
    document = await desk.document()
    signature = await insert(
        "signature",
        **{
            "school": desk.town.first.id, "kind": "ENHANCED", "verdict": "VALID", "reason": "", "cms": b"0",
            "document": document["document"].encode(), "document_sha256": document["documentSha256"],
            "checked_at": NOON, "authority_sha256": await authority_of(desk),
        }
        | change,
    )  # fmt: skip
    given = {**desk.pair, "form": "ELECTRONIC", "signatureKind": "ENHANCED", "signatureId": str(signature)}
    daria = await desk.service.sign_in("daria")
    answer = await desk.ask(REGISTER, {"input": given}, token=daria)
    if verdict is None:
        assert codes(answer) == []
        again = await desk.ask(REGISTER, {"input": given}, token=daria)
        assert codes(again) == ["SIGNATURE_NOT_VALID"]
        assert "уже стоит" in again["errors"][0]["message"]
        with pytest.raises(asyncpg.UniqueViolationError):
            await desk.town.first.decide("galina", "nina", signature=signature)
    else:
        assert codes(answer) == ["SIGNATURE_NOT_VALID"]
        assert answer["errors"][0]["extensions"]["facts"]["verdict"] == verdict
        assert await ledger(desk) == []


@pytest.mark.parametrize(("login", "refused"), [("galina", []), ("anna", ["SIGNATURE_NOT_VALID"])])
async def test_a_code_confirmed_by_somebody_elses_account_is_not_the_guardians_signature(
    desk: Desk, login: str, refused: list[str]
) -> None:
    document = await desk.document()
    signature = await insert(
        "signature", school=desk.town.first.id, kind="SIMPLE", verdict="VALID", checked_at=NOON,
        document=document["document"].encode(), document_sha256=document["documentSha256"],
        account=desk.town.accounts[login], code_sent_to="g@x.example", code_confirmed_at=NOON,
        agreement=(await database.fetch("SELECT id FROM signing_agreement"))[0]["id"],
    )  # fmt: skip
    given = {**desk.pair, "form": "ELECTRONIC", "signatureKind": "SIMPLE", "signatureId": str(signature)}
    answer = await desk.ask(REGISTER, {"input": given}, token=await desk.service.sign_in("daria"))
    assert codes(answer) == refused


async def test_a_signature_of_another_child_or_school_or_under_paper_is_refused(desk: Desk, service: Service) -> None:
    anna = await service.sign_in("anna")
    town = desk.town
    misha = {"pupilId": str(town.first.pupils["misha"]), "guardianId": str(town.first.guardians["anna"])}
    asked = {**misha, "purpose": "PERSONAL_DATA", "decision": "GIVEN", "told": TOLD}
    shown = await desk.ask(DOCUMENT, asked, token=anna)
    document = shown["data"]["consentDocument"]
    row = {
        "kind": "ENHANCED", "verdict": "VALID", "reason": "", "cms": b"0", "checked_at": NOON,
        "authority_sha256": await authority_of(desk),
        "document": document["document"].encode(), "document_sha256": document["documentSha256"],
    }  # fmt: skip
    own, foreign = [await insert("signature", school=school.id, **row) for school in (town.first, town.second)]
    daria = await service.sign_in("daria")

    async def register(pair: dict[str, str], signature: UUID, **more: Any) -> list[str]:
        given = {**pair, "form": "ELECTRONIC", "signatureKind": "ENHANCED", "signatureId": str(signature), **more}
        return codes(await desk.ask(REGISTER, {"input": given}, token=daria))

    liza = {**misha, "pupilId": str(town.first.pupils["liza"])}
    assert await register(liza, own) == ["SIGNATURE_NOT_VALID"]
    assert await register(misha, foreign) == ["SIGNATURE_NOT_VALID"]
    assert await register(misha, own, purpose="ELECTRONIC_FORM") == ["SIGNATURE_NOT_VALID"]
    assert await register(misha, own, decision="REFUSED") == ["SIGNATURE_NOT_VALID"]
    on_paper = {"form": "PAPER", "signatureKind": "HANDWRITTEN", "documentReference": "Папка 1"}
    assert await register(misha, own, **on_paper) == ["SIGNATURE_MISFITS"]
    assert await register(misha, own) == []


@pytest.mark.parametrize("left_out", sorted(TOLD))
async def test_a_consent_that_leaves_out_whose_papers_are_meant_is_not_signed(desk: Desk, left_out: str) -> None:
    told = {**TOLD, left_out: " "}
    shown = await desk.ask(DOCUMENT, {**desk.pair, "purpose": "PERSONAL_DATA", "decision": "GIVEN", "told": told})
    document = shown["data"]["consentDocument"]
    assert "____, " in document["document"] or "____." in document["document"]
    answer = await desk.request(documentSha256=document["documentSha256"], particulars=told)
    assert codes(answer) == ["DOCUMENT_INCOMPLETE"]


async def test_what_the_signer_puts_in_is_in_the_signed_document_and_nothing_else_may_differ(desk: Desk) -> None:
    request, code = await desk.requested()
    assert codes(await desk.sign(request, code)) == []
    (kept,) = await evidence()
    assert all(value in kept["document"].decode() for value in TOLD.values())

    withdrawal = (await desk.document("WITHDRAWN"))["document"]
    for changed in (
        withdrawal.replace("отзываю согласие", "не отзываю согласие"),
        withdrawal.replace(TOLD["authority"], f"{TOLD['authority']}\nи ещё строка"),
        withdrawal.replace(TOLD["authority"], "\u202eэиножолоп"),
        withdrawal.replace(TOLD["authority"], ""),
        withdrawal.replace(TOLD["authority"], "я" * 301),
    ):
        signer = signers.person("ECDSA", name=named("Галкина", "Галина"), **TERM)
        cms = signers.signed(signer, document=changed.encode())
        answer = await desk.submit(cms, changed.encode(), "WITHDRAWN")
        assert answer["data"]["submitSignedConsent"]["verdict"] == "TAMPERED", changed
    assert [row["decision"] for row in await ledger(desk)] == ["GIVEN"]


async def test_a_signature_file_under_empty_places_is_refused_and_under_filled_ones_is_read(desk: Desk) -> None:
    empty = await desk.ask(DOCUMENT, {**desk.pair, "purpose": "PERSONAL_DATA", "decision": "GIVEN"})
    bare = empty["data"]["consentDocument"]["document"]
    signer = signers.person("ECDSA", name=named("Галкина", "Галина"), **TERM)
    refused = await desk.submit(signers.signed(signer, document=bare.encode()), bare.encode())
    assert codes(refused) == ["DOCUMENT_INCOMPLETE"]
    filled = bare.replace("_" * 32, "г. Пермь, ул. Мира, 2, кв. 1")
    answer = await desk.submit(signers.signed(signer, document=filled.encode()), filled.encode())
    assert answer["data"]["submitSignedConsent"]["verdict"] == "VALID"
    assert answer["data"]["submitSignedConsent"]["statementId"] is not None


async def test_without_the_schools_address_nothing_is_signed(desk: Desk) -> None:
    await database.execute("UPDATE school SET address = ''")
    assert codes(await desk.request()) == ["DOCUMENT_INCOMPLETE"]
    # Nor does the signer say where the school is.
    document = (await desk.document())["document"].replace("_" * 32, "г. Пермь, где-то")
    signer = signers.person("ECDSA", name=named("Галкина", "Галина"), **TERM)
    answer = await desk.submit(signers.signed(signer, document=document.encode()), document.encode())
    assert answer["data"]["submitSignedConsent"]["verdict"] == "TAMPERED"
