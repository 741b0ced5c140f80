"""The table of docs/weights.md, printed from what is known of named networks: `python -m docs.weights`.

It stands behind a comment `<!-- known -->`; the text around it is not written here.
"""

import re

from pipeline import files
from pipeline.files import PROJECT
from pipeline.network.known import KNOWN, Known

PAGE = PROJECT / "docs" / "weights.md"
_TABLE = re.compile(r"<!-- known -->\n(?:\|.*\n)*")


def fill(text: str) -> str:
    """Return the text of the page with its table written anew."""
    return _TABLE.sub(lambda match: f"<!-- known -->\n{table()}", text)


def table() -> str:
    """Return all networks that are known by name as a table in Markdown."""
    rows = ["| `model` | paper | input | weights | their licence |", "|---|---|---|---|---|"]
    rows += [_row(name, known) for name, known in KNOWN.items()]
    return "\n".join(rows) + "\n"


def _row(name: str, known: Known) -> str:
    credit, published = known.credit, known.imagenet
    licence = f"[{credit.licence}]({credit.licence_url})" if credit.licence else "not said"
    sources = [f"[Keras's file]({file.url})" for file in (published.keras,) if file]
    sources += [f"the package {wheel.project} {wheel.version}" for wheel in (published.wheel,) if wheel]
    return f"| `{name}` | [{credit.network}]({credit.url}) | {known.preprocessing} | {', '.join(sources)} | {licence} |"


def main() -> None:
    """Write the table of the page anew."""
    files.write_bytes(PAGE, fill(PAGE.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main()
