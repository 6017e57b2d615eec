"""What leaves the school, and who changed what: letters, sheets and the trail."""

from admin.tables.listing import listing
from diary.audit.tables import AuditEntry
from diary.delivery.tables import MailboxMessage, Mailing, Outbox
from diary.paper.tables import PrintJob

GROUP = "Письма, печать, контроль"

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
            PrintJob.pupil,
            PrintJob.school_class,
            PrintJob.week_of,
            PrintJob.state,
            PrintJob.pages,
            PrintJob.file,
            PrintJob.problem,
            PrintJob.handed_over_at,
            PrintJob.handed_over_to,
            PrintJob.school,
        ),
        link=PrintJob.requested_at,
        order=PrintJob.requested_at,
        newest_first=True,
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
