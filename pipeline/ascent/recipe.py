"""Recipes: complete, named sets of settings of the gradient ascent."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

# Grows when the same settings give other pixels: finished pictures are then rendered anew. A change of comments,
# names or speed leaves it, so that an upgrade does not cost a user hours of rendering.
METHOD = 2


class Steps(NamedTuple):
    """How many steps a recipe makes where that is left to it: many where a layer sees little, few where it sees much.

    Shallow layers cost next to nothing, and every step makes their pictures stronger; the deepest are clear after 20.

    Attributes:
        times_root_field_px: divided by the root of the field in pixels, it gives the number;
        per_layer: or this for each layer on the way, where that is more. Every layer bends the gradient, so that a deep
            network wants shorter steps, and more of them: 48 in place of 16 raise the robust activation in the 49th
            layer of EfficientNet-Lite0 by half. In no layer of VGG16 is that more than its field asks for.
        fewest, most: bounds.
    """

    times_root_field_px: float
    per_layer: float
    fewest: int
    most: int


_STEPS = Steps(210, 1.25, 16, 80)
# What the default recipe gains by settling, 5 to 7 % in the deep layers of VGG16, would be lost with an eighth fewer.
_EXACT_STEPS = Steps(236, 1.25, 16, 80)
_FINE_STEPS = Steps(3 * 210, 3 * 1.25, 3 * 16, 3 * 80)

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
GRAINY_FIELD_PX = 100
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
    copy_rank: float
    copy_steps: float
    jitter_px: int
    jitter_settles: float
    scale: float
    rotation_degrees: float
    preprocess: bool
    stretch: bool
    attempts: int
    snapshots: tuple[int, ...]

    @property
    def copied_steps(self) -> int:
        """How many steps, the first ones, are climbed on a copy of the network where it has one."""
        return round(self.copy_steps * self.steps) if self.copy_rank else 0

    @property
    def jitter_settled_from(self) -> int:
        """The first step at which the range of shifts is narrow."""
        return round(self.jitter_settles * self.steps)

    @property
    def jitter_settled_px(self) -> int:
        """The narrow range of shifts."""
        return min(self.jitter_px, JITTER_FEWEST_PX)

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
    "copy_rank": 0.5,
    "copy_steps": 0.75,
    "jitter_px": AUTO,
    "jitter_settles": 0.4,
    "scale": AUTO,
    "rotation_degrees": AUTO,
    "preprocess": True,
    "stretch": False,
    "attempts": 3,
    "snapshots": (0, 1, 2, 4, 8, 16, 32),
}

NAMED: Mapping[str, Mapping[str, Any]] = {
    "default": DEFAULT,
    # The default without what makes it cheaper: every step is the network's own.
    "exact": {**DEFAULT, "copy_rank": 0.0, "copy_steps": 0.0, "jitter_settles": 1.0},
    # For the picture on a wall: three times the steps, most of them within the narrow shift.
    "fine": {**DEFAULT, "jitter_settles": 0.2},
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
        "copy_rank": 0.0,
        "copy_steps": 0.0,
        "jitter_px": 0,
        "jitter_settles": 1.0,
        "preprocess": False,
        "stretch": True,
        "attempts": 1,
        "snapshots": (0, 1, 2, 4, 8, 16, 32),
    },
}

_STEPS_OF: Mapping[str, Steps] = {
    "default": _STEPS, "exact": _EXACT_STEPS, "fine": _FINE_STEPS, "classic": _EXACT_STEPS,
}  # fmt: skip


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
        rule = _STEPS_OF[base]
        steps = max(rule.times_root_field_px / math.sqrt(field_px), rule.per_layer * depth)
        settings["steps"] = max(rule.fewest, min(rule.most, round(steps)))
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
