"""The address at which the site is published: what makes links that lead there, and gives nothing away."""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from pipeline.errors import UserError

EXAMPLE = "https://example.org/atlas/"
# Beyond this, some servers and readers of sitemaps give up.
MOST_CHARACTERS = 2000
# A name's parts: letters, digits and hyphens inside; underscores are against the rules, and do work.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_HOST_AND_PORT = re.compile(r"(\[.*\]|[^:]*)(?::(.*))?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# In a path, of ASCII. Quotation marks, brackets and the like would end the link early in Markdown, XML or HTML.
_OF_A_PATH = re.compile(r"[A-Za-z0-9._~!$&*+,;=:@/%-]|[^\x00-\x7f]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def check_base_url(base_url: str, key: str = "site.base_url") -> str:
    """Return the address of the site's root without a final slash, nothing for none; raise `UserError`, naming the key
    or option, where links made of it would not lead to the site, or would publish a password."""
    if not base_url:
        return ""
    if fault := _fault(base_url):
        # Without the address itself, which may hold a password: messages end in logs.
        raise UserError(f"{key}: {fault}; write an address like {EXAMPLE}")
    return base_url.rstrip("/")


def _fault(address: str) -> str:
    """Return what is wrong with an address, or nothing."""
    if len(address) > MOST_CHARACTERS:
        return f"it is longer than {MOST_CHARACTERS:,} characters"
    if not address.isprintable() or " " in address or "\\" in address:
        return "it has a space, a backslash or an invisible character in it"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "it is no address"
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "it does not begin with https:// or http:// and the name of a host"
    # By the characters, for a bare ? or # has nothing after it that would show in the parts.
    if "?" in address or "#" in address:
        return "it has a query (?) or a fragment (#), behind which no page can be"
    if "@" in parts.netloc:
        return "it has a user's name or password (before the @), which every page would publish"
    return _fault_of_host(parts) or _fault_of_path(parts.path)


def _fault_of_host(parts: SplitResult) -> str:
    match = _HOST_AND_PORT.fullmatch(parts.netloc)
    if not match or (match[2] is not None and not (_PORT.fullmatch(match[2]) and int(match[2]) < 2**16)):
        return "it has a port that is none: a number from 1 to 65535"
    host = match[1]
    if not (_is_ip6(host[1:-1]) if host.startswith("[") else _is_name(host)):
        return "it names no host that there can be"
    return ""


def _is_ip6(text: str) -> bool:
    # With a zone (%eth0) it is one machine's own.
    return "%" not in text and _is_ip(text, ipaddress.IPv6Address)


def _is_name(host: str) -> bool:
    try:
        labels = host.encode("idna").decode().lower().split(".")
    except UnicodeError:
        return False
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        # So a browser reads it, whatever comes before.
        return _is_ip(host, ipaddress.IPv4Address)
    return all(map(_LABEL.fullmatch, labels))


def _is_ip(text: str, kind: type) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _fault_of_path(path: str) -> str:
    if _BROKEN_ESCAPE.search(path):
        return "it has a % that is not followed by two hexadecimal digits"
    if odd := _OF_A_PATH.sub("", path):
        return f"it has {odd[0]} in its path, which is written %{ord(odd[0]):02X} there"
    path = unquote(path).strip("/")
    if not path.isprintable() or "\\" in path:
        return "it has a backslash or an invisible character in its path"
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..") for part in parts):
        return "it has an empty part, . or .. in its path"
    if path.lower().endswith((".html", ".htm")):
        return "it is that of a page and not of the folder that it is in"
    return ""
