"""Recipes: complete, named sets of settings of the gradient ascent."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Every setting of a gradient ascent; `config.schema.yaml` says what each means and its bounds.

    The defaults here are the default recipe, chosen by `bench/` (see docs/recipe.md).
    """

    parameterisation: str = "fourier"
    decay: float = 1.0
    contrast: float = 0.01
    contrast_limit: float = 1.5
    objective: str = "channel"
    leak: float = 0.1
    optimiser: str = "adam"
    learning_rate: float = 0.15
    steps: int = 20
    jitter_px: int = 16
    scale: float = 0.0
    rotation_degrees: float = 0.0
    preprocess: bool = True
    stretch: bool = False
    snapshots: tuple[int, ...] = (0, 1, 2, 4, 8)

    @property
    def snapshot_steps(self) -> tuple[int, ...]:
        """Steps at which a snapshot is taken: those asked for within the ascent, and the last."""
        return (*(step for step in sorted(set(self.snapshots)) if step < self.steps), self.steps)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values, in their fixed order."""
        return {**dataclasses.asdict(self), "snapshots": list(self.snapshots)}


# "classic" is the notebook that everybody starts from (F. Chollet, "How convolutional neural networks see the
# world", 2016, and its many copies): pixels, no preprocessing, no regularisation, contrast stretched for display.
NAMED: Mapping[str, Recipe] = {
    "default": Recipe(),
    "classic": Recipe(
        parameterisation="pixels",
        leak=0.0,
        optimiser="normalised",
        learning_rate=10.0,
        steps=50,
        jitter_px=0,
        preprocess=False,
        stretch=True,
        snapshots=(0, 1, 2, 4, 8, 16, 32),
    ),
}


def resolve(specification: str | Mapping[str, Any]) -> Recipe:
    """Return the recipe of that name, or the one that a mapping describes.

    A mapping overrides single settings of the recipe that its key `base` names ("default" if absent). It must be
    valid by the schema of the configuration.
    """
    if isinstance(specification, str):
        return NAMED[specification]
    settings = dict(specification)
    base = NAMED[settings.pop("base", "default")]
    if "snapshots" in settings:
        settings["snapshots"] = tuple(settings["snapshots"])
    return dataclasses.replace(base, **settings)
