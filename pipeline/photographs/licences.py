"""Licences of photographs: what they are called, and where their texts are."""

import re

# "CC BY-SA 3.0", as people write it, and "CC-BY-SA-3.0", as Debian does.
_CREATIVE_COMMONS = re.compile(r"CC[ -]BY(?P<more>(?:-(?:SA|ND|NC))*)[ -](?P<version>[1-4]\.0)", re.IGNORECASE)
_ZERO = re.compile(r"CC[ -]?0(?:[ -]1\.0)?", re.IGNORECASE)
_PUBLIC_DOMAIN = re.compile(r"(?:in the )?public[ -]domain|PD", re.IGNORECASE)


def named(licence: str) -> str:
    """Return a licence by the name that pages give it: "CC BY-SA 3.0" for "CC-BY-SA-3.0"; unknown ones as they are."""
    if found := _CREATIVE_COMMONS.fullmatch(licence):
        return f"CC BY{found['more'].upper()} {found['version']}"
    if _ZERO.fullmatch(licence):
        return "CC0 1.0"
    return "Public domain" if _PUBLIC_DOMAIN.fullmatch(licence) else licence


def address(licence: str) -> str | None:
    """Return where the text of a licence of Creative Commons is, None for others."""
    if _ZERO.fullmatch(licence):
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if found := _CREATIVE_COMMONS.fullmatch(licence):
        return f"https://creativecommons.org/licenses/by{found['more'].lower()}/{found['version']}/"
    return None
