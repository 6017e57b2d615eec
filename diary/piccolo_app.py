"""The one Piccolo app over all concepts, with one timeline of migrations (D13)."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from diary.access.tables import Account, Capacity, Session, SignInFailure
from diary.audit.tables import AuditEntry
from diary.consent.tables import (
    ConsentDecision,
    ConsentText,
    Signature,
    SignatureAttempt,
    SigningAgreement,
    TrustedCertificate,
)
from diary.delivery.tables import (
    ContactPoint,
    DeliveryAgreement,
    MailboxMessage,
    Mailing,
    Obligation,
    OneTimeCode,
    Outbox,
    Statement,
)
from diary.groups.tables import Membership, SchoolClass, TeachingAssignment, TeachingGroup
from diary.journal.tables import Attendance, Homework, Mark, MarkHistory
from diary.kit.tables import Feed, FeedEvent, ScheduleRun
from diary.paper.tables import PrintJob
from diary.people.tables import Guardian, Guardianship, GuardianshipVersion, Pupil, Teacher
from diary.schools.tables import BellPeriod, GradingPeriod, Holiday, School, SchoolYear, Subject
from diary.timetable.tables import Lesson, LessonChange

APP_CONFIG = AppConfig(
    app_name="diary",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=[
        School, SchoolYear, GradingPeriod, BellPeriod, Holiday, Subject,
        Pupil, Guardian, Guardianship, GuardianshipVersion, Teacher,
        SchoolClass, TeachingGroup, Membership, TeachingAssignment,
        Account, Capacity, Session, SignInFailure,
        ConsentText, TrustedCertificate, Signature, SignatureAttempt, SigningAgreement, ConsentDecision,
        Statement, ContactPoint, OneTimeCode, DeliveryAgreement, Obligation, Mailing, MailboxMessage, Outbox,
        Lesson, LessonChange,
        Mark, MarkHistory, Attendance, Homework,
        PrintJob,
        Feed, FeedEvent, ScheduleRun, AuditEntry,
    ],
)  # fmt: skip
