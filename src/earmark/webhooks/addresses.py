"""Where a webhook may point: out into the world over TLS, or to a program on this machine; into a private network only
when the admin says so.

A name is looked up once for each try, every address it has is judged, and the connection goes to a judged address: a
name that points elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from earmark.errors import BadRequest

LONGEST = 2000
"""Characters of a URL."""
_ODD = re.compile(r"[^\x21-\x7e]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL in parts."""

    scheme: str
    host: str
    """A name or an address, without brackets, lower case."""
    port: int
    netloc: str
    """Host and port as they were written."""
    path: str
    """With the query."""

    def at(self, address: str) -> str:
        """Return the URL with an address in its host's place."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def check(url: str, *, allow_private: bool = False) -> Target:
    """Take a URL apart. Raises BadRequest, never quoting it: what follows the host may be a secret."""
    if len(url) > LONGEST or _ODD.search(url):
        raise BadRequest(why=f"A webhook's address has {LONGEST} plain characters at most and no spaces.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadRequest(why="This address can't be read; write it like https://example.org/hook.") from error
    if not host or parts.scheme not in ("https", "http") or parts.fragment or port == 0:
        raise BadRequest(why="A webhook's address begins with https:// and names a host.")
    if parts.username is not None or parts.password is not None:
        raise BadRequest(why="Put no user name into the address; the signature shows who calls.")
    if parts.scheme == "http" and not names_loopback(host):
        raise BadRequest(why="Only a program on this machine is called without TLS; write https://.")
    if (address := literal(host)) is not None and not permitted(address, host=host, allow_private=allow_private):
        raise BadRequest(why="This address lies in a private network; say --allow-private if it is meant.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = 443 if parts.scheme == "https" else 80
    return Target(scheme=parts.scheme, host=host, port=port or usual, netloc=parts.netloc, path=path)


def literal(host: str) -> Address | None:
    """Return the address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def names_loopback(host: str) -> bool:
    """Tell whether a host, as written, is this machine: `localhost`, 127.…, ::1."""
    address = literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def permitted(address: Address, *, host: str, allow_private: bool) -> bool:
    """Tell whether a webhook written with `host` may be called at this address."""
    address = _inside(address)
    if address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback:
        return names_loopback(host) or allow_private
    # Reserved ones hold old ways of writing IPv4 (::7f00:1) and translators of one's own network (64:ff9b:1::/48).
    inward = address.is_reserved or (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)
    return (address.is_global and not inward and host != "localhost") or allow_private


def all_permitted(addresses: Sequence[str], *, host: str, allow_private: bool) -> bool:
    """Tell whether a host's addresses may be called; one that may not spoils all."""
    found = [literal(each.partition("%")[0]) for each in addresses]
    return bool(found) and all(
        each is not None and permitted(each, host=host, allow_private=allow_private) for each in found
    )


def _inside(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
