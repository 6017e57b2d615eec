"""The school's key for notices in browsers: the private half signs, the public half is what browsers give leave to."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException


class PushKeyError(ValueError):
    """Raised when the setting holds no P-256 private key; says nothing of what it holds."""


def signer(private: str) -> Vapid02:
    """Return what signs notices with a private key: PEM, DER or raw in base64url; raises PushKeyError."""
    try:
        is_pem = "-----BEGIN" in private
        read = Vapid02.from_pem(private.strip().encode()) if is_pem else Vapid02.from_string(private)
        _point(read)
    except (ValueError, TypeError, IndexError, AttributeError, VapidException) as problem:
        raise PushKeyError("not a P-256 private key (PEM, DER or raw in base64url)") from problem
    return read


def public_key(private: str) -> str:
    """Return the public half as browsers take it, `applicationServerKey` in base64url; raises PushKeyError."""
    return base64.urlsafe_b64encode(_point(signer(private))).decode().rstrip("=")


def _point(key: Vapid02) -> bytes:
    point: bytes = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point
