"""Authorities that the school trusts, and the read-only evidence of electronic signatures (63-FZ)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from admin.crud import SchoolCRUD, checked
from admin.problems import CONSTRAINTS, refuse
from admin.tables.listing import listing
from diary.consent.signatures.trust import authorities
from diary.consent.tables import Signature, TrustedCertificate

GROUP = "Электронные подписи"


class TrustedCertificateCRUD(SchoolCRUD):
    """A text that no certificate can be read from would trust nobody, and nobody would notice: it is refused."""

    @checked
    async def post_single(self, request: Request, data: dict[str, Any]) -> Response:
        """Add an authority whose certificate can be read."""
        return self._unreadable(data) or await SchoolCRUD.post_single(self, request, data)

    @checked
    async def patch_single(self, request: Request, row_id: Any, data: dict[str, Any]) -> Response:
        """Change an authority; its certificate stays readable."""
        return self._unreadable(data) or await SchoolCRUD.patch_single(self, request, row_id, data)

    @staticmethod
    def _unreadable(data: dict[str, Any]) -> Response | None:
        if "pem" in data and not authorities([str(data["pem"])]):
            return refuse(422, CONSTRAINTS["trusted_certificate_looks_like_one"])
        return None


LISTINGS = (
    listing(
        GROUP,
        (
            TrustedCertificate.name,
            TrustedCertificate.qualified,
            TrustedCertificate.added_at,
            TrustedCertificate.retired_at,
            TrustedCertificate.school,
        ),
        link=TrustedCertificate.name,
        order=TrustedCertificate.name,
        writable=True,
        crud=TrustedCertificateCRUD,
    ),
    listing(
        GROUP,
        (
            Signature.checked_at,
            Signature.kind,
            Signature.verdict,
            Signature.reason,
            Signature.signer,
            Signature.signed_at,
            Signature.checked_by,
            Signature.school,
        ),
        link=Signature.checked_at,
        order=Signature.checked_at,
        newest_first=True,
        unreadable=(Signature.document, Signature.cms, Signature.certificate),
    ),
)
