"""Decisions of the consent ledger as GraphQL types."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.enums import describe
from api.limits import SIZE
from diary.consent.tables import Decision, DocumentForm, Purpose, SignatureKind, SignatureVerdict
from diary.delivery.consent_documents import NOTHING_TOLD, Particulars

describe(
    Purpose,
    "What is decided about; each purpose is a separate document and a separate decision (152-FZ art. 9).",
    PERSONAL_DATA="The processing of the child's personal data: without consent nothing is shown (R1.3).",
    ELECTRONIC_FORM="Being informed electronically; a refusal means paper, the consent may stand (R9).",
    GUARDIAN_ACCESS="The pupil's own leave, once of age, that the guardians go on being informed (A12).",
)
describe(
    Decision,
    "What was decided (R2.1).",
    GIVEN="Consent.",
    REFUSED="Refusal.",
    WITHDRAWN="A consent was taken back; the effect is immediate (R2.3).",
)
describe(
    DocumentForm,
    "In which form the decision came (R2.2).",
    PAPER="On paper; needs a document reference.",
    ELECTRONIC="As an electronic document.",
)
describe(
    SignatureKind,
    "How the document is signed (63-FZ art. 5).",
    HANDWRITTEN="By hand.",
    SIMPLE="A simple electronic signature (ПЭП).",
    ENHANCED="An enhanced non-qualified electronic signature (НЭП).",
    QUALIFIED="A qualified electronic signature (КЭП).",
)
describe(
    SignatureVerdict,
    "What checking an electronic signature has shown; only VALID counts as a signature.",
    VALID="This person signed exactly this document with a certificate that the school trusts.",
    NOT_CHECKED="Nothing here can check it (a national algorithm without its engine, an outdated one); never valid.",
    TAMPERED="The document is not the one that was signed, or not the one that the school has issued.",
    EXPIRED="The certificate's term is over, or has not begun.",
    UNTRUSTED="The certificate leads to no authority that the school trusts.",
    WRONG_SIGNER="The certificate is made out to somebody else.",
    SEVERAL_SIGNERS="The file holds several signatures.",
    MALFORMED="The file is no detached signature.",
)


@strawberry.input(description="What the school need not know and the signer puts into a document (152-FZ art. 9).")
class ParticularsInput:
    """What consentDocument is filled in with."""

    signer_address: str = strawberry.field(default="", description="The signer's address.")
    signer_document: str = strawberry.field(
        default="", description="The signer's identity document: kind, number, when and by whom it was issued."
    )
    authority: str = strawberry.field(
        default="", description="What a guardian's authority rests on, for example a birth certificate."
    )
    pupil_address: str = strawberry.field(default="", description="The pupil's address.")
    pupil_document: str = strawberry.field(default="", description="The pupil's identity document.")


def told(given: ParticularsInput | None) -> Particulars:
    """Return what was put into a document."""
    if given is None:
        return NOTHING_TOLD
    return Particulars(
        signer_address=given.signer_address,
        signer_document=given.signer_document,
        authority=given.authority,
        pupil_address=given.pupil_address,
        pupil_document=given.pupil_document,
    )


@strawberry.type(description="A decision as it stands in the append-only ledger (R2.1, R2.4).")
class ConsentDecision:
    """A decision."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    guardian_id: strawberry.ID | None = strawberry.field(description="Who decided; null for the pupil's own decision.")
    pupil_id: strawberry.ID = strawberry.field(description="About whose data.")
    purpose: Purpose = strawberry.field(description="What was decided about.")
    decision: Decision = strawberry.field(description="What was decided.")
    form: DocumentForm = strawberry.field(description="In which form the decision came.")
    received_at: dt.datetime = strawberry.field(description="When the school received it.")
    registered_at: dt.datetime = strawberry.field(description="When it was registered; it is in force from then on.")
    valid_until: dt.datetime | None = strawberry.field(description="Until when; null means until it is withdrawn.")


@strawberry.type(description="A decision that was the newest of its purpose at an instant (R2.4).")
class DecisionThen:
    """A decision of that moment."""

    id: strawberry.ID = strawberry.field(description="Opaque identifier.")
    guardian_id: strawberry.ID | None = strawberry.field(description="Who decided; null for the pupil's own decision.")
    purpose: Purpose = strawberry.field(description="What was decided about.")
    decision: Decision = strawberry.field(description="What was decided.")
    document_reference: str | None = strawberry.field(
        description="The document: number, date, place where it is kept; for the school's office alone."
    )
    registered_at: dt.datetime = strawberry.field(description="When it was registered.")
    valid_until: dt.datetime | None = strawberry.field(description="Until when; null means until it is withdrawn.")


@strawberry.type(description="A guardianship as the school knew it at an instant (A11).")
class GuardianshipThen:
    """A guardianship of that moment."""

    guardian_id: strawberry.ID = strawberry.field(description="Whose guardianship.")
    valid_from: dt.date = strawberry.field(description="First day.")
    valid_to: dt.date | None = strawberry.field(description="Last day; null means without an end.")
    restricted: bool = strawberry.field(description="Whether a court has restricted the rights.")
    recorded_at: dt.datetime = strawberry.field(description="Since when the school knew it so.")


@strawberry.type(description="Whether access was lawful at an instant, and what the answer rests on (R2.4).")
class AccessState:
    """The state at an instant."""

    at: dt.datetime = strawberry.field(description="Which instant.")
    lawful: bool = strawberry.field(description="Whether the diary was open to this person.")
    verdict: str = strawberry.field(description="ALLOWED, or the code of the refusal that the person would have got.")
    decisions: list[DecisionThen] = strawberry.field(description="The decisions that counted.", metadata={SIZE: 4})
    guardianships: list[GuardianshipThen] = strawberry.field(
        description="The guardianships that were known; for a pupil under age those that were in force.",
        metadata={SIZE: 2},
    )


@strawberry.type(description="The document that a person reads before deciding, one per purpose (152-FZ art. 9).")
class ConsentDocument:
    """A document."""

    purpose: Purpose = strawberry.field(description="What is decided about.")
    version: str = strawberry.field(description="Which version of the school's wording; registerConsent takes it.")
    title: str = strawberry.field(description="The heading.")
    document: str = strawberry.field(
        description="The whole text with the names filled in; what the service does not know is left blank."
    )
    document_sha256: str = strawberry.field(description="SHA-256 of the document in UTF-8.")
    text_sha256: str = strawberry.field(description="SHA-256 of the school's wording, as the ledger keeps it.")


@strawberry.type(description="A code on its way to the signer.")
class SigningRequest:
    """A code."""

    request_id: strawberry.ID = strawberry.field(description="Opaque identifier, for signConsent.")
    expires_at: dt.datetime = strawberry.field(description="Until when the code can be entered.")


@strawberry.type(description="What has become of a signed document.")
class SubmittedConsent:
    """A submission."""

    verdict: SignatureVerdict = strawberry.field(description="What checking the signature has shown.")
    reason: str = strawberry.field(description="The same in words, in Russian.")
    signature_kind: SignatureKind = strawberry.field(
        description="ENHANCED, or QUALIFIED when the certificate leads to an accredited authority."
    )
    decision: ConsentDecision | None = strawberry.field(
        description="The decision in the ledger; null unless the verdict is VALID."
    )
    statement_id: strawberry.ID | None = strawberry.field(
        description="The draft that waits for the office; null when the decision is registered."
    )
