"""What the pages weigh, held against their budgets: `python -m tests.support.budgets SITE` prints the table.

What a browser loads before scrolling is measured in `tests/browser`, where there is one.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.results import layout
from tests.support.markup import Document

KIB = 1024
MB = 1_000_000


@dataclass(frozen=True)
class Budget:
    """A figure and the most that it may be; `unit` is how many of the measured things make one of the printed ones."""

    name: str
    measured: float
    most: float
    unit: int
    unit_name: str

    @property
    def is_kept(self) -> bool:
        """Whether the figure is within its budget."""
        return self.measured <= self.most * self.unit

    def __str__(self) -> str:
        value = self.measured / self.unit
        mark = "" if self.is_kept else "  OVER"
        return f"{self.name:44} {value:10,.1f} of {self.most:6,} {self.unit_name}{mark}"


def page_bytes(path: Path) -> int:
    """Return the bytes of a page's HTML."""
    return path.stat().st_size


# What is apart from the scripts of a page: loaded when it is first needed, or data.
ON_DEMAND = "find.js"


def scripts(site: Path) -> Iterator[Budget]:
    """Yield the budgets of scripts: what the page with the most of them runs, and the search."""
    # The viewer of the map is apart, too, and what drives it.
    pages = [
        *(path for path in site.glob("*.html") if path.name != "map.html"),
        *site.glob("*/index.html"),
        min(site.glob("*/[0-9]*.html")),
    ]
    of_pages = ({site / "assets" / name for name in Document(path).scripts() if name.endswith(".js")} for path in pages)
    yield Budget("scripts of a page", max(sum(map(page_bytes, each)) for each in of_pages), 10, KIB, "KiB")
    yield Budget("search, when it is used", page_bytes(site / "assets" / ON_DEMAND), 15, KIB, "KiB")


def before_zooming(site: Path) -> int:
    """Return the bytes of the map with its scripts and the four coarsest levels of the sheet by layer."""
    tiles = (path for level in range(4) for path in (site / "map" / "layers" / str(level)).glob("*"))
    scripts = Document(site / "map.html").files()
    return page_bytes(site / "map.html") + sum(path.stat().st_size for path in {*scripts, *tiles})


def measure(site: Path) -> Iterator[Budget]:
    """Yield every budget of a site: the heaviest page of each kind, and the whole."""
    home = Document(site / "index.html")
    # Half of it is the six pictures that open it, half the bands, which are loaded when they come near the screen.
    yield Budget("home, in all", home.size(), 480, KIB, "KiB")
    # Of them 312 are the links to filters in the bands.
    yield Budget("home, elements", len(home.elements), 700, 1, "")
    layers = [path for path in sorted(site.glob("*/index.html")) if (path.parent / layout.MOSAIC).is_file()]
    layer = Document(max(layers, key=page_bytes))
    # Of 512 filters: two elements for each tile, a link on the mosaic, a place in a family.
    yield Budget("heaviest layer page, HTML", page_bytes(layer.path), 150, KIB, "KiB")
    yield Budget("most elements of a layer page", max(len(Document(path).elements) for path in layers), 2600, 1, "")
    # The mosaic is another view: it is loaded where it is asked for.
    yield Budget(
        "heaviest layer page, after scrolling",
        max(Document(path).size() - page_bytes(path.parent / layout.MOSAIC) for path in layers),
        1536,
        KIB,
        "KiB",
    )
    filters = sorted(site.glob("*/[0-9]*.html"))
    # With nine patches, and inputs and outputs over two layers: forty-eight small pictures, loaded when scrolled to.
    yield Budget("heaviest filter page, HTML", max(map(page_bytes, filters)), 36, KIB, "KiB")
    yield Budget("heaviest filter page, in all", max(Document(path).size() for path in filters), 256, KIB, "KiB")
    yield from scripts(site)
    yield Budget("style", page_bytes(site / "assets" / "style.css"), 25, KIB, "KiB")
    files = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    originals = sum(size for path, size in files.items() if path.suffix == ".png")
    cards = sum(size for path, size in files.items() if path.name.endswith("-card.jpg"))
    # Of them 100 are the pages of filters: what a host sends is compressed to a fifth.
    yield Budget("whole site, without originals and cards", sum(files.values()) - originals - cards, 300, MB, "MB")
    # Of them 90 are cards, where the site has an address.
    yield Budget("whole site", sum(files.values()), 800, MB, "MB")
    yield Budget("script of the map", page_bytes(site / "assets" / "map.js"), 19, KIB, "KiB")
    yield Budget("viewer of the map", page_bytes(site / "assets" / "openseadragon.min.js"), 350, KIB, "KiB")
    yield Budget("map before zooming", before_zooming(site), 1024, KIB, "KiB")
    tiles = sum(path.stat().st_size for path in (site / "map").rglob("*") if path.is_file())
    yield Budget("map, all tiles", tiles, 25, MB, "MB")


def main() -> None:
    """Print the budgets of a site; fail when one is exceeded."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("site", type=Path, help="the folder of the site, such as results/site")
    budgets = list(measure(parser.parse_args().site))
    print("\n".join(map(str, budgets)))
    sys.exit(not all(budget.is_kept for budget in budgets))


if __name__ == "__main__":
    main()
