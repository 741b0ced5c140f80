"""What the network is that an atlas is of: who made it, what it learnt from, and its layers as a table.

Of a network that is not known by name, only what its graph shows is said.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.network import known
from pipeline.network.known import display_name
from pipeline.results.atlas import Atlas
from pipeline.site import addresses
from pipeline.site.pages.home import pooling_words
from pipeline.site.pages.parts import stride_words


@dataclass(frozen=True)
class ArchitectureRow:
    """A convolutional layer in the table of the whole network; `href` is empty when it is not in the atlas.

    `before` says what pools before it, and how the maps change; nothing where they do not.
    """

    name: str
    href: str
    filters: int
    kernel: str
    weights: str
    stride_px: int
    receptive_field_px: int
    effective_field_px: str
    before: str


def context(atlas: Atlas) -> str:
    """Say in a sentence whose the network is and what it learnt from; nothing where that is not known."""
    credit, background = known.credit(atlas.network.model), known.background(atlas.network.model)
    if not credit or not background or not atlas.weights_are_published:
        return ""
    by = f"{credit.network}, by {credit.authors} ({credit.institution}, {credit.year})"
    return f"{by}, learnt from {background.training}."


def origin(atlas: Atlas) -> Iterator[str]:
    """Yield what is known of the network and its weights, one sentence at a time."""
    name, model = display_name(atlas.network.model), atlas.network.model
    credit, background = known.credit(model), known.background(model)
    if not credit or not background:
        yield f"Who made {name} and what it was trained on is not recorded here; the table below lists its layers."
        return
    yield f"{name} was made by {credit.authors} ({credit.institution}), who described it in {credit.year}."
    yield f"It is built of {background.plan}."
    if atlas.weights_are_published:
        yield f"Its weights were learnt from {background.training}."
    else:
        yield "The weights here come from the atlas maker’s own file, which does not say what they were trained on."


def head(atlas: Atlas) -> str:
    """Say what comes after the convolutional layers; nothing where that is not known."""
    background = known.background(atlas.network.model)
    if not background:
        return ""
    published = "" if atlas.weights_are_published else ", as the network was published"
    return f"After the last of these layers{published}, {background.head}. This atlas ends before that."


def made_smaller(atlas: Atlas) -> str:
    """Say how the maps get smaller from layer to layer; nothing where they do not."""
    if max(layer.stride_px for layer in atlas.network.layers) == 1:
        return ""
    background = known.background(atlas.network.model)
    by = background.smaller if background else "poolings, or by convolutions that move on by more than one pixel"
    return f"In places the maps are made smaller by {by}."


def architecture(atlas: Atlas) -> Iterator[ArchitectureRow]:
    """Yield the convolutional layers of the whole network."""
    stride_px = atlas.network.layers[0].stride_px
    for layer in atlas.network.layers:
        shown = atlas.by_name.get(layer.name)
        height, width = layer.kernel_size
        yield ArchitectureRow(
            name=layer.name,
            href=f"{addresses.folder(shown)}/index.html" if shown else "",
            filters=layer.filters,
            kernel=f"{height} × {width} × {layer.input_channels // layer.groups}",
            weights=f"{weights(atlas, layer.weights):,}",
            stride_px=layer.stride_px,
            receptive_field_px=layer.receptive_field_px,
            effective_field_px="–" if layer.effective_field_px is None else str(layer.effective_field_px),
            before="; ".join(filter(None, (pooling_words(layer.pools), _apart(layer.stride_px, stride_px)))),
        )
        stride_px = layer.stride_px


def _apart(stride_px: int, before_px: int) -> str:
    return "" if stride_px == before_px else f"from here on {stride_words(stride_px)}"


def weights(atlas: Atlas, path: str) -> int:
    """Return how many weights the kernels at a path have: one kernel, or the two of a separable convolution."""
    return sum(
        math.prod(shape)
        for name, shape in atlas.network.parameters.items()
        if name.rpartition("/")[0] == path and name.endswith("kernel")
    )
