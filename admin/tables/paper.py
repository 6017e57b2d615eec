"""What leaves the school, and who changed what: letters, sheets and the trail."""

from typing import Any, ClassVar

from piccolo.columns import Column
from piccolo_api.crud.endpoints import OrderBy, Params

from admin.crud import SchoolCRUD
from admin.tables.listing import listing
from diary.audit.tables import AuditEntry
from diary.delivery.tables import MailboxMessage, Mailing, Outbox
from diary.paper.tables import PrintJob

GROUP = "Письма, печать, контроль"


class QueueCRUD(SchoolCRUD):
    """The print queue in the order in which a clerk carries the piles: by week, class and pupil, as they are named."""

    #: What a name stands for where rows are put in order.
    NAMES: ClassVar[dict[str, tuple[Column, ...]]] = {
        "school_class": (PrintJob.school_class.grade_level, PrintJob.school_class.name),
        "pupil": (PrintJob.pupil.family_name, PrintJob.pupil.given_name),
    }

    def _split_params(self, params: dict[str, Any]) -> Params:
        split = super()._split_params(params)
        split.order_by = [
            OrderBy(column, ascending=order.ascending)
            for order in split.order_by or ()
            for column in self.NAMES.get(order.column._meta.name, (order.column,))
        ] or None
        return split


LISTINGS = (
    listing(
        GROUP,
        (Mailing.created_at, Mailing.kind, Mailing.subject, Mailing.created_by, Mailing.school),
        link=Mailing.created_at,
        order=Mailing.created_at,
        newest_first=True,
        hidden=(Mailing.dedup_key,),
    ),
    listing(
        GROUP,
        (
            MailboxMessage.sent_at,
            MailboxMessage.guardian,
            MailboxMessage.reader_pupil,
            MailboxMessage.pupil,
            MailboxMessage.subject,
            MailboxMessage.delivered_at,
            MailboxMessage.read_at,
            MailboxMessage.school,
        ),
        link=MailboxMessage.sent_at,
        order=MailboxMessage.sent_at,
        newest_first=True,
    ),
    listing(
        GROUP,
        (
            Outbox.created_at,
            Outbox.kind,
            Outbox.guardian,
            Outbox.pupil,
            Outbox.subject,
            Outbox.state,
            Outbox.outcome,
            Outbox.attempt,
            Outbox.school,
        ),
        link=Outbox.created_at,
        order=Outbox.created_at,
        newest_first=True,
        hidden=(Outbox.dedup_key, Outbox.lease_until),
    ),
    listing(
        GROUP,
        (
            PrintJob.requested_at,
            PrintJob.week_of,
            PrintJob.kind,
            PrintJob.school_class,
            PrintJob.pupil,
            PrintJob.guardian,
            PrintJob.state,
            PrintJob.pages,
            PrintJob.file,
            PrintJob.problem,
            PrintJob.retries,
            PrintJob.printed_at,
            PrintJob.handed_over_at,
            PrintJob.handed_over_to,
            PrintJob.received_by,
            PrintJob.received_guardian,
            PrintJob.school,
        ),
        link=PrintJob.requested_at,
        order=PrintJob.week_of,
        newest_first=True,
        then=(PrintJob.school_class, PrintJob.pupil, PrintJob.requested_at),
        crud=QueueCRUD,
        files=(PrintJob.file,),
    ),
    listing(
        GROUP,
        (
            AuditEntry.at,
            AuditEntry.actor,
            AuditEntry.route,
            AuditEntry.action,
            AuditEntry.record,
            AuditEntry.record_id,
        ),
        link=AuditEntry.at,
        order=AuditEntry.id,
        newest_first=True,
    ),
)
