"""Reading a page as a browser's parser would, as far as the tests of the site need it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Document(HTMLParser):
    """A page: its elements in order (name, attributes), and its text."""

    path: Path
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def scripts(self) -> list[str]:
        """Return what each script is: its file's name, the type of data, or nothing of one that is written out."""
        return [
            (each.get("src") or "").partition("?")[0].rpartition("/")[2] or each.get("type") or ""
            for each in self.all("script")
        ]

    def ids(self) -> list[str]:
        """Return every id."""
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def addresses(self) -> list[str]:
        """Return every address that the page names."""
        return [each[name] for _, each in self.elements for name in ("href", "src", "action") if each.get(name)]

    def files(self) -> set[Path]:
        """Return the files that a browser loads to show the whole page: style, script, pictures."""
        wanted = [each["src"] for each in self.all("img") + self.all("script") if "src" in each]
        wanted += [each["href"] for each in self.all("link") if each["rel"] in ("stylesheet", "icon")]
        return {self.target(address)[0] for address in wanted if not address.startswith("data:")}

    def target(self, address: str) -> tuple[Path, str]:
        """Return the file and the anchor that a relative address leads to."""
        path, anchor = urldefrag(address)
        path = unquote(urlsplit(path).path)
        # There the script reads what stands behind the sign: filters, or what is searched for.
        if path.endswith(("compare.html", "search.html")) and ("/" in anchor or anchor.startswith("q=")):
            anchor = ""
        return ((self.path.parent / path).resolve() if path else self.path.resolve()), anchor

    def size(self) -> int:
        """Return the bytes of the page and of all that it loads."""
        return self.path.stat().st_size + sum(path.stat().st_size for path in self.files())


def documents(site: Path) -> dict[str, Document]:
    """Return every page of a site by its path."""
    return {path.relative_to(site).as_posix(): Document(path) for path in sorted(site.rglob("*.html"))}
