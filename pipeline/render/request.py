"""What one render is asked to do."""

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.ascent.recipe import Recipe
from pipeline.config import schema
from pipeline.config.plan import resolve_canvas, resolve_recipe
from pipeline.errors import UserError
from pipeline.machine.precision import Precision, resolve
from pipeline.network import catalogue, known
from pipeline.network.catalogue import Network
from pipeline.options import WEIGHTS, Parser, add_layer, add_weights
from pipeline.render.animation import ENDINGS

# Where a known network's are not there, they are fetched.
DEFAULT_WEIGHTS = WEIGHTS


@dataclass(frozen=True)
class RenderRequest:
    """One filter to render, and everything that its picture depends on.

    Attributes:
        network: the network.
        weights: path of the weights file that `pipeline.weights` wrote.
        layer, filter: which filter.
        canvas_px: side of the picture.
        seed: seed of the random start and of the transforms.
        precision: "float32" or "bfloat16".
        recipe: settings of the ascent.
        image: path of the picture to write; record and snapshots go beside it.
        animation: path of the animation to write, if one is wanted.
        animation_every: steps from one of its frames to the next.
    """

    network: Network
    weights: Path
    layer: str
    filter: int
    canvas_px: int
    seed: int
    precision: Precision
    recipe: Recipe
    image: Path
    animation: Path | None = None
    animation_every: int = 1

    def random(self, attempt: int = 0) -> np.random.Generator:
        """Return the source of this filter's random numbers: a function of seed, layer, filter and attempt alone."""
        retry = f"/{attempt}" if attempt else ""
        digest = hashlib.sha256(f"{self.seed}/{self.layer}/{self.filter}{retry}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def parse(arguments: Sequence[str], directory: Path = Path()) -> RenderRequest:
    """Return the request in the arguments of the command line.

    Args:
        arguments: without the program's name.
        directory: what relative paths are relative to.

    Raises `UserError` for what the network does not have, `SystemExit` for arguments out of form.
    """
    options = _parser().parse_args(arguments)
    schema.check({"seed": options.seed}, schema.load())
    network = catalogue.load(options.model, options.preprocessing)
    network.check_filter(options.layer, options.filter)
    if options.output.suffix != ".png":
        raise UserError(f"--output: {options.output}: the picture is a PNG file; give it a name that ends in .png")
    if options.animate and options.animate.suffix not in ENDINGS:
        raise UserError(f"--animate: {options.animate}: give it a name that ends in {' or '.join(ENDINGS)}")
    if options.every < 1:
        raise UserError(f"--every: {options.every}: steps from one frame to the next, 1 or more")
    canvas_px = resolve_canvas(network, options.layer, options.canvas)
    return RenderRequest(
        network=network,
        weights=directory / options.weights,
        layer=options.layer,
        filter=options.filter,
        canvas_px=canvas_px,
        seed=options.seed,
        precision=resolve(options.precision, depthwise=network.is_depthwise),
        recipe=resolve_recipe(network, options.layer, canvas_px, read_recipe(options.recipe)),
        image=directory / options.output,
        animation=directory / options.animate if options.animate else None,
        animation_every=options.every,
    )


def read_recipe(text: str) -> str | dict[str, Any]:
    """Return a recipe's name or settings as written on a command line; raise `UserError` when it is not valid."""
    specification: str | dict[str, Any]
    try:
        specification = json.loads(text)
    except (ValueError, RecursionError):
        specification = text
    schema.check({"recipe": specification}, schema.recipe_schema())
    return specification


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m pipeline.render",
        description="Render what excites one filter of a convolutional network, by gradient ascent on the image.",
        epilog="Example: python -m pipeline.render --layer block3_conv1 --filter 159 --output x.png. "
        "Beside x.png appear x.json (the record: recipe, activation at every step) and x.snapshots.webp "
        "(the picture at several steps). The same arguments give the same bytes. "
        f"Where {DEFAULT_WEIGHTS} is wanted and not there, it is made.",
    )
    what = parser.add_argument_group("what to render")
    add_layer(what)
    what.add_argument("--filter", required=True, type=int, help="number of the filter, from 0")
    what.add_argument("--output", required=True, type=Path, metavar="FILE.png", help="picture to write")
    what.add_argument(
        "--animate", type=Path, metavar="FILE.webp|.gif", help="animation to write: the picture at every step"
    )
    what.add_argument("--every", default=1, type=int, metavar="STEPS", help="of it only every so many (default: 1)")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--recipe",
        default="default",
        help="default, fine, exact, classic, or JSON that overrides settings: '{\"steps\": 40}'",
    )
    how.add_argument("--canvas", default="auto", metavar="PX", help="side of the picture (default: by receptive field)")
    how.add_argument("--seed", default=0, type=int, help="seed of the random start (default: 0)")
    how.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"], help="of the convolutions")
    network = parser.add_argument_group("network")
    known.add_options(network)
    add_weights(network)
    return parser
