"""Holds embedded servers until it is told to stop: the supervisor that these tests kill in every way."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from embedded.error import ServerError
from embedded.servers import EmbeddedServers


def main() -> None:
    """Start the servers, print what a test needs in one line, and wait."""
    data, durable = Path(sys.argv[1]), sys.argv[2] == "durable"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with EmbeddedServers(data=data, durable=durable) as servers:
            told = {
                "pid": os.getpid(),
                "database_url": servers.database_url,
                "superuser_url": servers.superuser_url,
                "redis_url": servers.redis_url,
                "home": str(servers.home.folder),
                "account": servers.home.account.name,
                "engine": str(servers.home.engine.site),
            }
            print(json.dumps(told), flush=True)
            while True:
                signal.pause()
    except ServerError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
