"""The process in which one signature file is checked: the order comes in, the verdict goes out, both as JSON."""

from __future__ import annotations

import resource
import signal
import sys
from base64 import b64decode, b64encode
from datetime import datetime
from math import ceil

import orjson

from diary.consent.signatures.check import check_cms
from diary.consent.signatures.result import PersonName

#: A real check takes a tenth of this.
MEMORY = 1024**3
#: Whoever has started this process kills it before; these bounds are for the case that it has died itself.
GRACE_SECONDS = 5


def main() -> None:
    """Check one file within bounds of time and memory."""
    order = orjson.loads(sys.stdin.buffer.read())
    seconds = ceil(order["seconds"]) + GRACE_SECONDS
    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    checked = check_cms(
        b64decode(order["document"]),
        b64decode(order["cms"]),
        expected=PersonName(*order["expected"]),
        trusted=order["trusted"],
        accredited=order["accredited"],
        at=datetime.fromisoformat(order["at"]),
    )
    sys.stdout.buffer.write(
        orjson.dumps(
            {
                "verdict": checked.verdict.value,
                "reason": checked.reason,
                "signer": checked.signer,
                "certificate": b64encode(checked.certificate).decode() if checked.certificate is not None else None,
                "signed_at": checked.signed_at.isoformat() if checked.signed_at is not None else None,
                "checked_by": checked.checked_by,
                "qualified": checked.qualified,
                "authority_sha256": checked.authority_sha256,
            }
        )
    )


if __name__ == "__main__":
    main()
