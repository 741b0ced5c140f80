"""Where layers and filters are on the site: paths from its root, which the renderer makes relative."""

from pipeline.results.layer_summary import Layer
from pipeline.results.layout import ENDING, digits

# Names of folders and files at the root of the site; a layer of that name gets a longer one.
RESERVED = {"assets", "data", "index", "404", "how-to-read", "photographs"}


def folder(layer: Layer) -> str:
    """Return the layer's folder on the site."""
    return f"{layer.slug}-layer" if layer.slug.lower().partition(".")[0] in RESERVED else layer.slug


def filter_path(layer: Layer, filter: int, ending: str = ".html") -> str:
    """Return the address of a filter's page, or of a picture beside it."""
    return f"{folder(layer)}/{digits(filter)}{ending}"


def photograph_path(number: int, ending: str = ".html") -> str:
    """Return the address of a photograph's page, or of a picture beside it."""
    return f"photographs/{digits(number)}{ending}"


def strip_path(layer: Layer, filter: int) -> str:
    """Return the address of the patches of photographs that excite a filter."""
    return filter_path(layer, filter, f"-photographs{ENDING}")
