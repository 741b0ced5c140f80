"""What the site says of its atlas to programs: the document `data/atlas.json`."""

from collections.abc import Sequence

from pipeline.network.known import credit, display_name
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer
from pipeline.results.published import Example, Maker, Published
from pipeline.site.addresses import filter_path
from pipeline.site.pages.home import highlights, totals

# As many pictures as stand in one row of a laptop's screen, large enough to see the forms in them.
EXAMPLES = 6


def about(
    atlas: Atlas, *, title: str, language: str, author: str, licence: str, base_url: str, named: Sequence[str] = ()
) -> Published:
    """Return what a site says of its atlas; the words are those of its settings, the title never empty, and so are the
    filters, "layer/filter", that are `named` to open its home."""
    return Published(
        title=title,
        language=language,
        author=author,
        licence=licence,
        base_url=base_url,
        network=display_name(atlas.network.model),
        credit=_maker(atlas.network.model),
        weights_are_published=atlas.weights_are_published,
        weights_sha256=atlas.weights_sha256,
        objective=atlas.layers[0].objective,
        totals=totals(atlas),
        examples=tuple(
            _example(layer, layer.by_number[filter]) for layer, filter in highlights(atlas, named)[:EXAMPLES]
        ),
    )


def _maker(model: str) -> Maker | None:
    known = credit(model)
    if known is None:
        return None
    return Maker(
        authors=known.authors,
        institution=known.institution,
        url=known.url,
        licence=known.licence,
        licence_url=known.licence_url,
    )


def _example(layer: Layer, filter: Filter) -> Example:
    return Example(
        layer=layer.name,
        filter=filter.filter,
        page=filter_path(layer, filter.filter),
        picture=filter_path(layer, filter.filter, layout.PICTURE),
        canvas_px=layer.canvas_px,
        description=filter.description,
    )
