"""The address that families reach, taken before anything else is started."""

from __future__ import annotations

import errno
import socket

from embedded.error import ServerError


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket that holds the address, not listening yet: until the web process does, callers are refused.

    The socket outlives a crash of the web process, so that its successor finds the address free.
    Raises ServerError when the address cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as problem:
        raise ServerError(f"cannot listen on {host}: {problem.strerror or problem}") from None
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as problem:
        taken.close()
        reasons = {
            errno.EADDRINUSE: f"port {port} on {host} is in use: stop what uses it, or choose another with --port",
            errno.EACCES: f"port {port} on {host} is reserved for root: choose another with --port",
        }
        unknown = f"cannot listen on {host}, port {port}: {problem.strerror}"
        raise ServerError(reasons.get(problem.errno or 0, unknown)) from None
    return taken


def is_open(reserved: socket.socket) -> bool:
    """Return whether somebody listens on the reserved address now."""
    host, port = reserved.getsockname()[:2]
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on
    try:
        with socket.create_connection((anywhere.get(host, host), port), timeout=1):
            return True
    except OSError:
        return False


def free_loopback_port() -> int:
    """Return a port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
