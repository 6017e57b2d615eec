"""Classes, study groups, their members and their teachers."""

from admin.tables.listing import listing
from diary.groups.tables import Membership, SchoolClass, TeachingAssignment, TeachingGroup

GROUP = "Классы и группы"

LISTINGS = (
    listing(
        GROUP,
        (
            SchoolClass.name,
            SchoolClass.grade_level,
            SchoolClass.class_teacher,
            SchoolClass.school_year,
            SchoolClass.school,
        ),
        link=SchoolClass.name,
        order=SchoolClass.name,
        writable=True,
    ),
    listing(
        GROUP,
        (
            TeachingGroup.name,
            TeachingGroup.kind,
            TeachingGroup.school_class,
            TeachingGroup.school_year,
            TeachingGroup.school,
        ),
        link=TeachingGroup.name,
        order=TeachingGroup.name,
        writable=True,
    ),
    listing(
        GROUP,
        (
            Membership.valid_from,
            Membership.pupil,
            Membership.teaching_group,
            Membership.valid_to,
            Membership.school,
        ),
        link=Membership.valid_from,
        order=Membership.valid_from,
        newest_first=True,
        writable=True,
    ),
    listing(
        GROUP,
        (
            TeachingAssignment.valid_from,
            TeachingAssignment.teacher,
            TeachingAssignment.subject,
            TeachingAssignment.teaching_group,
            TeachingAssignment.valid_to,
            TeachingAssignment.school,
        ),
        link=TeachingAssignment.valid_from,
        order=TeachingAssignment.valid_from,
        newest_first=True,
        writable=True,
    ),
)
