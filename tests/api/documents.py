"""The documents that several tests send."""

VIEWER = "{ viewer { fullName role pupils { id fullName schoolClass { name } school { name } } } }"
PUPIL = "query ($id: ID!) { pupil(id: $id) { id fullName schoolClass { name } school { name } } }"
WEEK = """
query ($pupilId: ID!, $weekOf: Date!) { diaryWeek(pupilId: $pupilId, weekOf: $weekOf) {
  version days { date holiday { name } lessons { id ordinal startsAt endsAt status room topic lessonType
    subject { name } teacher { fullName } group { name kind }
    change { kind reason movedTo { date ordinal } movedFrom { date ordinal }
             was { teacher { fullName } subject { name } room } }
    homework { text dueOn } marks { id value weight comment workType } attendance { code } } } } }
"""
RECORD = "mutation ($input: RecordMarkInput!) { recordMark(input: $input) { id value weight workType comment } }"
CORRECT = "mutation ($input: CorrectMarkInput!) { correctMark(input: $input) { id value weight comment correctedAt } }"
REGISTER = """
mutation ($input: RegisterConsentInput!) { registerConsent(input: $input) { id decision guardianId registeredAt } }
"""
WITHDRAW = "mutation ($input: WithdrawConsentInput!) { withdrawConsent(input: $input) { decision form } }"
SIGN_OUT = "mutation { signOut }"
