"""The acts that are more than changing a record: each form calls one command of the domain."""

from admin.forms import (
    agree_delivery,
    check_signature,
    class_sheets,
    close_account,
    contact_details,
    create_account,
    hand_over_sheet,
    past_access,
    print_consent_form,
    print_week,
    publish_text,
    register_decision,
    register_statements,
    settle_letter,
    settle_obligation,
    withdraw_consent,
    write_to_families,
)
from admin.forms.form import StaffForm

FORMS: tuple[StaffForm, ...] = (
    register_decision.FORM,
    withdraw_consent.FORM,
    check_signature.FORM,
    register_statements.FORM,
    publish_text.FORM,
    past_access.FORM,
    agree_delivery.FORM,
    contact_details.FORM,
    print_week.FORM,
    print_consent_form.FORM,
    class_sheets.FORM,
    hand_over_sheet.FORM,
    write_to_families.FORM,
    settle_letter.FORM,
    settle_obligation.FORM,
    create_account.FORM,
    close_account.FORM,
)
