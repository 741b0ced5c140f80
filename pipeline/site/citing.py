"""How the atlas is cited, and under which licence: for people, for BibTeX, and for search engines of data."""

import re
from typing import Any

_CC_BY = re.compile(r"CC[ -](BY(?:-NC)?(?:-SA|-ND)?) (\d\.\d)", re.IGNORECASE)
_CC0 = re.compile(r"CC0(?: 1\.0)?", re.IGNORECASE)
# What LaTeX would not print as it stands.
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{each: f"\\{each}" for each in "&%$#_{}"},
    }
)


def licence_url(licence: str) -> str:
    """Return the address of a licence's text; nothing where it is none of Creative Commons', named as usual."""
    if found := _CC_BY.fullmatch(licence.strip()):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    return "https://creativecommons.org/publicdomain/zero/1.0/" if _CC0.fullmatch(licence.strip()) else ""


def bibtex(key: str, *, title: str, author: str, year: int, url: str, note: str) -> str:
    """Return an entry of BibTeX; an empty author or address, and year 0, are left out."""
    fields = {
        "title": f"{{{title.translate(_SPECIAL)}}}",
        "author": f"{{{author.translate(_SPECIAL)}}}" if author else "",
        "year": str(year) if year else "",
        "howpublished": f"\\url{{{url}}}" if url else "",
        "note": note.translate(_SPECIAL),
    }
    lines = (f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{re.sub(r'[^A-Za-z0-9]+', '-', key).strip('-')},\n{''.join(lines)}}}"


def dataset(
    *, title: str, description: str, author: str, year: int, licence: str, url: str, files: dict[str, str]
) -> dict[str, Any]:
    """Return what schema.org calls a dataset, as JSON-LD; `files` are addresses of data by their media types."""
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": title,
        "description": description,
        "url": url,
        **({"creator": {"@type": "Person", "name": author}} if author else {}),
        **({"datePublished": str(year)} if year else {}),
        **({"license": licence_url(licence) or licence} if licence else {}),
        "isAccessibleForFree": True,
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": address} for address, kind in files.items()
        ],
    }
