"""Addresses that browsers name for their notices: strangers write them, so only the open Internet is called (SSRF)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import SplitResult, urlsplit

from tasks.channels.resolver import Address, Resolver

#: Behind this prefix IPv4 addresses hide, private ones too (RFC 6052).
_TRANSLATED = IPv6Network("64:ff9b::/96")
#: The open Internet of IPv6; whatever lies outside belongs to a machine, a link, a site or nobody.
_UNICAST = IPv6Network("2000::/3")
#: Inside it tunnels end (Teredo, 6to4), which lead to addresses of their own choice, and books have their examples.
_NO_PLACES_6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
#: What the standard library of an earlier Python takes for global.
_NO_PLACES_4 = tuple(IPv4Network(net) for net in ("192.0.0.0/24", "192.88.99.0/24"))
HTTPS = 443


class NotPublic(Exception):  # noqa: N818 - says what is known
    """The endpoint is none, or leads to a place that is not the open Internet: it is never called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A checked endpoint with the addresses that it has now; only these are called."""

    host: str
    #: What the web calls the origin: scheme, host, and the port where it is not the usual one.
    origin: str
    #: The endpoint with an address in the place of its host, one for each.
    pinned: tuple[str, ...]
    #: The host as the request names it.
    authority: str


async def resolved(url: str, resolver: Resolver, *, seconds: float, allow_loopback: bool = False) -> Endpoint:
    """Return where an endpoint leads at this moment; its name server is waited for so many seconds.

    Raises NotPublic, or OSError when its name has no address now. All addresses of a name must be public: one that is
    not tells that the name is a trap.
    """
    parts = _parts(url, allow_loopback=allow_loopback)
    host, port = parts.hostname or "", parts.port or (HTTPS if parts.scheme == "https" else 80)
    addresses = await resolver.addresses(host, port, seconds=seconds)
    if not addresses or not all(is_public(at) or (allow_loopback and at.is_loopback) for at in addresses):
        raise NotPublic("ENDPOINT_NOT_PUBLIC")
    if parts.scheme == "http" and not all(at.is_loopback for at in addresses):
        raise NotPublic("ENDPOINT_NOT_HTTPS")
    authority = parts.netloc.lower()
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return Endpoint(
        host=host,
        origin=f"{parts.scheme}://{authority.removesuffix(f':{HTTPS}')}",
        pinned=tuple(f"{parts.scheme}://{_written(at)}:{port}{target}" for at in dict.fromkeys(addresses)),
        authority=authority,
    )


def is_public(address: Address) -> bool:
    """Whether an address is one of those that the open Internet is made of; a wrapped one is what it wraps."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _TRANSLATED:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        return address.is_global and address in _UNICAST and not any(address in net for net in _NO_PLACES_6)
    is_unicast = not (address.is_multicast or address.is_reserved or address.is_unspecified)
    return address.is_global and is_unicast and not any(address in net for net in _NO_PLACES_4)


def _parts(url: str, *, allow_loopback: bool) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise NotPublic("ENDPOINT_UNREADABLE") from problem
    if not parts.hostname or parts.username or parts.password or not url.isascii() or not url.isprintable():
        raise NotPublic("ENDPOINT_UNREADABLE")
    if not allow_loopback and (parts.scheme != "https" or port not in {None, HTTPS}):
        raise NotPublic("ENDPOINT_NOT_HTTPS")
    if parts.scheme not in {"http", "https"}:
        raise NotPublic("ENDPOINT_NOT_HTTPS")
    return parts


def _written(address: Address) -> str:
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
