"""Pupils, guardians, teachers, and who has an account."""

from admin.tables.listing import listing
from diary.access.tables import Account, Capacity
from diary.people.tables import Guardian, Guardianship, Pupil, Teacher

GROUP = "Люди"

LISTINGS = (
    listing(
        GROUP,
        (Pupil.family_name, Pupil.given_name, Pupil.patronymic, Pupil.birth_date, Pupil.left_on, Pupil.school),
        link=Pupil.family_name,
        order=Pupil.family_name,
        writable=True,
    ),
    listing(
        GROUP,
        (Guardian.family_name, Guardian.given_name, Guardian.patronymic, Guardian.school),
        link=Guardian.family_name,
        order=Guardian.family_name,
        writable=True,
    ),
    listing(
        GROUP,
        (
            Guardianship.valid_from,
            Guardianship.guardian,
            Guardianship.pupil,
            Guardianship.relation,
            Guardianship.legal_basis,
            Guardianship.restricted,
            Guardianship.valid_to,
            Guardianship.school,
        ),
        link=Guardianship.valid_from,
        order=Guardianship.valid_from,
        newest_first=True,
        writable=True,
    ),
    listing(
        GROUP,
        (Teacher.family_name, Teacher.given_name, Teacher.patronymic, Teacher.left_on, Teacher.school),
        link=Teacher.family_name,
        order=Teacher.family_name,
        writable=True,
    ),
    listing(
        GROUP,
        (Account.username, Account.active, Account.password_given, Account.password_given_at, Account.last_login),
        link=Account.username,
        order=Account.username,
        unreadable=(
            Account.password,
            Account.first_name,
            Account.last_name,
            Account.email,
            Account.admin,
            Account.superuser,
        ),
    ),
    listing(
        GROUP,
        (Capacity.account, Capacity.role, Capacity.guardian, Capacity.pupil, Capacity.teacher, Capacity.school),
        link=Capacity.id,
        order=Capacity.id,
    ),
)
