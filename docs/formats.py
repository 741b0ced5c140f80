"""The tables of docs/formats.md, printed from the definitions of the documents: `python -m docs.formats`.

A comment `<!-- results.record.Record -->` stands before each table that is written here; the text around them is not.
"""

import importlib
import re
from pathlib import Path

from pipeline import files
from pipeline.files import PROJECT
from pipeline.results import document
from pipeline.results.document import Document, Part
from pipeline.wording import DEFAULT, WORDS

PAGE = PROJECT / "docs" / "formats.md"
_TABLE = re.compile(r"<!-- ([\w.]+) -->\n(?:\|.*\n)*")


def fill(text: str) -> str:
    """Return the text of the page with its tables written anew."""
    return _TABLE.sub(lambda match: f"{match[0].splitlines()[0]}\n{table(_definition(match[1]))}", text)


def table(kind: type[Part]) -> str:
    """Return the keys of a document, or of an object in one, as a table in Markdown; meanings are those that its words
    have with the usual objective."""
    words = {name: getattr(WORDS[DEFAULT], name) for name in WORDS[DEFAULT].__dataclass_fields__}
    rows = ["| key | type | meaning |", "|---|---|---|"]
    if issubclass(kind, Document):
        rows.append(f"| `schema` | string | `{document.schema(kind)}` |")
    for each in document.columns(kind):
        type_ = f"{each.type} or null" if each.is_nullable else each.type
        rows.append(f"| `{each.name}` | {type_} | {each.description.format(**words)} |")
    return "\n".join(rows) + "\n"


def _definition(name: str) -> type[Part]:
    module, _, kind = name.rpartition(".")
    found: type[Part] = getattr(importlib.import_module(f"pipeline.{module}"), kind)
    return found


def main() -> None:
    """Write the tables of the page anew."""
    files.write_bytes(Path(PAGE), fill(PAGE.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main()
