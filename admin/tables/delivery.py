"""Statements with their registering, the read-only ledger of decisions, and contact points (R2, R8)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from admin.crud import SchoolCRUD, checked, staff_of
from admin.labels import CHOICES, WEEKDAYS
from admin.problems import CONSTRAINTS, refuse
from admin.scans import ScanStorage
from admin.scope import as_application
from admin.tables.listing import listing
from diary.consent.tables import ConsentDecision, ConsentText
from diary.delivery.statements import register_statement, reject_statement
from diary.delivery.tables import AgreedChannel, ContactPoint, DeliveryAgreement, Statement, StatementState
from diary.kit import clock

GROUP = "Заявления и контакты"


class StatementCRUD(SchoolCRUD):
    """Drafts are edited freely; setting one to REGISTERED or to REJECTED runs the command that closes it (D10)."""

    scans: ScanStorage

    @checked
    async def get_new(self, request: Request) -> Response:
        """Begin a draft with the service's own time, which is also the one that registering judges it by."""
        begun = orjson.loads((await SchoolCRUD.get_new(self, request)).body)
        return Response(orjson.dumps({**begun, "received_at": clock.now()}), media_type="application/json")

    @checked
    async def post_single(self, request: Request, data: dict[str, Any]) -> Response:
        """Add a draft, and close it at once when that is the state asked for."""
        draft, close = self._draft_of(data)
        # The database's own default would be later than the instant at which the command registers it.
        draft = {"received_at": clock.now().isoformat(), **draft}
        await self._adopt_scan(request, draft, school=draft.get("school"))
        posted: Response = await SchoolCRUD.post_single(self, request, draft)
        if close and posted.status_code < 400:
            await self._close(request, UUID(orjson.loads(posted.body)[0]["id"]), close, data)
        return posted

    @checked
    async def patch_single(self, request: Request, row_id: Any, data: dict[str, Any]) -> Response:
        """Change the draft, and register or reject it when the state asks for it."""
        row = await self.stored(row_id)
        draft, close = self._draft_of(data)
        if row["state"] != StatementState.DRAFT:
            return refuse(422, CONSTRAINTS["statement_is_closed"])
        if draft.get("scan") != row["scan"]:
            await self._adopt_scan(request, draft, school=draft.get("school") or row["school"])
        patched: Response = await SchoolCRUD.patch_single(self, request, row_id, draft)
        if close and patched.status_code < 400:
            await self._close(request, row_id, close, data)
            return await self.row(row_id)
        return patched

    @staticmethod
    def _draft_of(data: dict[str, Any]) -> tuple[dict[str, Any], StatementState | None]:
        """Split off the wish to close it, which is no change of a field; the ledger's key is never sent in."""
        draft = {name: value for name, value in data.items() if name != "registered_as"}
        for state in (StatementState.REGISTERED, StatementState.REJECTED):
            if draft.get("state") == state:
                del draft["state"]
                draft.pop("closing_reason", None)
                return draft, state
        return draft, None

    @staticmethod
    async def _close(request: Request, statement_id: UUID, state: StatementState, data: dict[str, Any]) -> None:
        member = staff_of(request)
        async with as_application(member):
            if state is StatementState.REGISTERED:
                await register_statement.joined(member.viewer, statement_id)
            else:
                reason = str(data.get("closing_reason") or "")
                await reject_statement.joined(member.viewer, statement_id, reason=reason)

    async def _adopt_scan(self, request: Request, draft: dict[str, Any], *, school: Any) -> None:
        if draft.get("scan"):
            member = staff_of(request)
            draft["scan"] = await self.scans.adopt(draft["scan"], into=school or member.only_school, member=member)


class AgreementCRUD(SchoolCRUD):
    """Agreements are only read here, so their lists of codes are shown in words."""

    @checked
    async def get_all(self, request: Request, params: dict[str, Any] | None = None) -> Response:
        """Return a page of agreements in words."""
        return self._in_words(await SchoolCRUD.get_all(self, request, params))

    @checked
    async def get_single(self, request: Request, row_id: Any) -> Response:
        """Return one agreement in words."""
        return self._in_words(await SchoolCRUD.get_single(self, request, row_id))

    @staticmethod
    def _in_words(answered: Response) -> Response:
        if answered.status_code != 200:
            return answered
        told = orjson.loads(answered.body)
        for row in told.get("rows", [told]):
            if row.get("channels"):
                row["channels"] = [CHOICES[AgreedChannel].get(channel, channel) for channel in row["channels"]]
            if row.get("weekdays"):
                row["weekdays"] = [WEEKDAYS[day - 1] for day in row["weekdays"]]
        headers = {name: value for name, value in answered.headers.items() if name != "content-length"}
        return Response(orjson.dumps(told), headers=headers)


LISTINGS = (
    listing(
        GROUP,
        (
            Statement.received_at,
            Statement.pupil,
            Statement.guardian,
            Statement.purpose,
            Statement.decision,
            Statement.form,
            Statement.signature,
            Statement.document_reference,
            Statement.scan,
            Statement.needs_reading,
            Statement.state,
            Statement.school,
        ),
        link=Statement.received_at,
        order=Statement.received_at,
        newest_first=True,
        writable=True,
        crud=StatementCRUD,
        hidden=(Statement.registered_as,),
        files=(Statement.scan,),
    ),
    listing(
        GROUP,
        (
            ConsentDecision.seq,
            ConsentDecision.registered_at,
            ConsentDecision.pupil,
            ConsentDecision.guardian,
            ConsentDecision.purpose,
            ConsentDecision.decision,
            ConsentDecision.form,
            ConsentDecision.signature_kind,
            ConsentDecision.document_reference,
            ConsentDecision.scan,
            ConsentDecision.valid_until,
            ConsentDecision.registrar,
            ConsentDecision.school,
        ),
        link=ConsentDecision.seq,
        order=ConsentDecision.seq,
        newest_first=True,
        files=(ConsentDecision.scan,),
    ),
    listing(
        GROUP,
        (
            ConsentText.purpose,
            ConsentText.version,
            ConsentText.title,
            ConsentText.published_at,
            ConsentText.sha256,
            ConsentText.school,
        ),
        link=ConsentText.version,
        order=ConsentText.published_at,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            DeliveryAgreement.seq,
            DeliveryAgreement.registered_at,
            DeliveryAgreement.pupil,
            DeliveryAgreement.guardian,
            DeliveryAgreement.form,
            DeliveryAgreement.reason,
            DeliveryAgreement.handed_to,
            DeliveryAgreement.channels,
            DeliveryAgreement.schedule,
            DeliveryAgreement.origin,
            DeliveryAgreement.document_reference,
            DeliveryAgreement.school,
        ),
        link=DeliveryAgreement.seq,
        order=DeliveryAgreement.seq,
        newest_first=True,
        crud=AgreementCRUD,
    ),
    listing(
        GROUP,
        (
            ContactPoint.value,
            ContactPoint.guardian,
            ContactPoint.pupil,
            ContactPoint.channel,
            ContactPoint.provenance,
            ContactPoint.document_reference,
            ContactPoint.confirmed_at,
            ContactPoint.retired_at,
            ContactPoint.failed_at,
            ContactPoint.school,
        ),
        link=ContactPoint.value,
        order=ContactPoint.value,
        hidden=(ContactPoint.confirmed_by_code, ContactPoint.replaced_by),
        unreadable=(ContactPoint.push_keys,),
    ),
)
