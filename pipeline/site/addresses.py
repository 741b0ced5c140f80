"""Where layers and filters are on the site: paths from its root, which the renderer makes relative."""

import bisect

from pipeline.results.atlas import Natural
from pipeline.results.layer_summary import Layer
from pipeline.results.layout import ENDING, digits

# Photographs without a page, in a list of them, by their numbers: so many numbers.
LISTED = 1000

# Names of folders and files at the root of the site; a layer of that name gets a longer one.
RESERVED = {"assets", "compare", "data", "index", "404", "how-to-read", "map", "photographs", "search"}

# Hosts such as Cloudflare Pages show the nearest page of this name, up the tree, for addresses that lead nowhere.
LOST = "404.html"


def folder(layer: Layer) -> str:
    """Return the layer's folder on the site."""
    return f"{layer.slug}-layer" if layer.slug.lower().partition(".")[0] in RESERVED else layer.slug


def filter_path(layer: Layer, filter: int, ending: str = ".html") -> str:
    """Return the address of a filter's page, or of a picture beside it."""
    return f"{folder(layer)}/{_file(filter, ending, 'filter')}"


def photograph_path(number: int, ending: str = ".html") -> str:
    """Return the address of a photograph's page, or of a picture beside it."""
    return f"photographs/{_file(number, ending, 'photograph')}"


def photograph_list_path(number: int) -> str:
    """Return the address of the list that a photograph without a page is in."""
    return f"photographs/list-{number // LISTED}.html"


def photograph_href(natural: Natural, number: int) -> str:
    """Return the address at which it stands whose a photograph is: its page, or its place in a list."""
    place = bisect.bisect_left(natural.paged, number)
    has_page = place < len(natural.paged) and natural.paged[place] == number
    return photograph_path(number) if has_page else f"{photograph_list_path(number)}#p{number}"


def _file(number: int, ending: str, kind: str) -> str:
    name = f"{digits(number)}{ending}"
    return f"{kind}-{name}" if name == LOST else name


def card_path(layer: Layer, filter: int) -> str:
    """Return the address of the card that other sites show beside a link to a filter."""
    return filter_path(layer, filter, "-card.jpg")


def strip_path(layer: Layer, filter: int) -> str:
    """Return the address of the patches of photographs that excite a filter."""
    return filter_path(layer, filter, f"-photographs{ENDING}")
