"""Recipes: complete, named sets of settings of the gradient ascent."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Grows when the same settings give other pixels: finished pictures are then rendered anew. A change of comments,
# names or speed leaves it, so that an upgrade does not cost a user hours of rendering.
METHOD = 1

# Steps of the default recipe: many where a layer sees little, few where it sees much. Shallow layers cost next to
# nothing, and every step makes their pictures stronger; the deepest are clear after 20.
STEPS_MOST, STEPS_FEWEST = 80, 16
STEPS_TIMES_ROOT_FIELD_PX = 236
# Every layer on the way bends the gradient, so that a deep network wants shorter steps, and more of them: 48 in place
# of 16 raise the robust activation in the 49th layer of EfficientNet-Lite0 by half. In no layer of VGG16 is that more
# than its field asks for.
STEPS_PER_LAYER = 1.25

# Steps × learning rate: how far Adam can move a coefficient in all. Larger saturates, smaller stays hazy.
PATH_LENGTH = 3.0

# Even where the receptive field fills the canvas, the network must not see the picture at one place only.
JITTER_FEWEST_PX = 16

# One unit sees one place, which may not move far: in shallow layers half of the pictures made with 16 px are not alive.
JITTER_NEURON_PX = 4

AUTO = "auto"

# Where most of the gradient's energy is too fine to make out (in networks whose first layer strides; in VGG16 it is 16
# to 44 %), pictures would be grain and burnt out. Coarse structure is then favoured, contrast limited, and the picture
# turned and resized from step to step; but not in shallow layers, whose filters may look for what is fine.
GRAINY = 0.5
GRAINY_FIELD_PX = 64
_SETTLED: Mapping[str, tuple[float, float]] = {
    # Setting: what it is in plain networks, and where the gradient is grainy.
    "decay": (1.0, 1.3),
    "contrast_limit": (2.0, 1.2),
    "scale": (0.0, 0.1),
    "rotation_degrees": (0.0, 10.0),
}


@dataclass(frozen=True)
class Recipe:
    """Every setting of a gradient ascent; `config.schema.yaml` says what each means and its bounds."""

    parameterisation: str
    decay: float
    contrast: float
    contrast_limit: float
    objective: str
    leak: float
    optimiser: str
    momentum: float
    learning_rate: float
    steps: int
    jitter_px: int
    scale: float
    rotation_degrees: float
    preprocess: bool
    stretch: bool
    attempts: int
    snapshots: tuple[int, ...]

    @property
    def snapshot_steps(self) -> tuple[int, ...]:
        """Steps at which a snapshot is taken: those asked for within the ascent, and the last."""
        return (*(step for step in sorted(set(self.snapshots)) if step < self.steps), self.steps)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values, in their fixed order."""
        return {**dataclasses.asdict(self), "snapshots": list(self.snapshots)}


# How each number was chosen: docs/recipe.md.
DEFAULT: Mapping[str, Any] = {
    "parameterisation": "fourier",
    "decay": AUTO,
    "contrast": 0.01,
    "contrast_limit": AUTO,
    "objective": "channel",
    "leak": 0.1,
    "optimiser": "adam",
    "momentum": 0.5,
    "learning_rate": AUTO,
    "steps": AUTO,
    "jitter_px": AUTO,
    "scale": AUTO,
    "rotation_degrees": AUTO,
    "preprocess": True,
    "stretch": False,
    "attempts": 3,
    "snapshots": (0, 1, 2, 4, 8, 16, 32),
}

NAMED: Mapping[str, Mapping[str, Any]] = {
    "default": DEFAULT,
    # The notebook that everybody starts from (F. Chollet, "How convolutional neural networks see the world", 2016,
    # and its many copies): pixels, no preprocessing, no regularisation, contrast stretched for display.
    "classic": {
        **DEFAULT,
        "parameterisation": "pixels",
        **{name: plain for name, (plain, _) in _SETTLED.items()},
        "leak": 0.0,
        "optimiser": "normalised",
        "momentum": 0.0,
        "learning_rate": 10.0,
        "steps": 50,
        "jitter_px": 0,
        "preprocess": False,
        "stretch": True,
        "attempts": 1,
        "snapshots": (0, 1, 2, 4, 8, 16, 32),
    },
}


def resolve(
    specification: str | Mapping[str, Any], *, field_px: int, canvas_px: int, depth: int = 1, grain: float = 0.0
) -> Recipe:
    """Return the recipe of that name, or the one that a mapping describes, with every number settled for a layer.

    A mapping overrides single settings of the recipe that its key `base` names ("default" if absent). It must be
    valid by the schema of the configuration.

    Args:
        specification: the name or the mapping.
        field_px: side of the square of pixels that a unit of the layer makes use of.
        canvas_px: side of the picture.
        depth: how many layers of filters lie on the longest way from the image to this one, itself among them.
        grain: share of the squared gradient past a quarter of the sampling rate, 0 to 1.
    """
    overrides = {} if isinstance(specification, str) else dict(specification)
    base = specification if isinstance(specification, str) else overrides.pop("base", "default")
    settings = {**NAMED[base], **overrides}
    settings["snapshots"] = tuple(settings["snapshots"])
    if settings["steps"] == AUTO:
        steps = max(STEPS_TIMES_ROOT_FIELD_PX / math.sqrt(field_px), STEPS_PER_LAYER * depth)
        settings["steps"] = max(STEPS_FEWEST, min(STEPS_MOST, round(steps)))
    grainy = grain >= GRAINY and field_px >= GRAINY_FIELD_PX
    for name, choices in _SETTLED.items():
        if settings[name] == AUTO:
            settings[name] = choices[grainy]
    if settings["learning_rate"] == AUTO:
        settings["learning_rate"] = round(PATH_LENGTH / settings["steps"], 4)
    if settings["jitter_px"] == AUTO:
        # Twice the room that the field has in the canvas: everywhere for a texture, so that no frame shows; less
        # where the field nearly fills the canvas, so that one whole object can form in it.
        room = 2 * (canvas_px - field_px)
        wanted = JITTER_NEURON_PX if settings["objective"] == "neuron" else max(JITTER_FEWEST_PX, room)
        settings["jitter_px"] = min(canvas_px, wanted)
    return Recipe(**settings)
