"""EfficientNet-Lite0, which Keras does not have: made by the plan that its makers published.

A stem, seven stages of inverted bottlenecks, a head. Unlike EfficientNet it has no gates, and ReLU6 in the place of
swish, so that each of its units sees a part of the image only.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

STEM_FILTERS, HEAD_FILTERS, CLASSES = 32, 1280, 1000
CANVAS_PX = 224


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind: how many, side of the depthwise kernel, stride of the first, how many times as wide as their
    input the depthwise convolution is, and channels of the output."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)

# Names of the blocks, in order: block1a, block2a, block2b, …
BLOCKS = tuple(f"block{number}{'abcd'[each]}" for number, stage in enumerate(STAGES, 1) for each in range(stage.blocks))

# What stands in PyTorch's state dict for each part of a network, of a block, and for each weight.
_PARTS = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "head_conv": "_conv_head", "head_bn": "_bn1", "classes": "_fc"}
_BLOCK_PARTS = {
    "expand": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project": "_project_conv",
    "project_bn": "_bn2",
}
_WEIGHTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def name_in_torch(name: str) -> str:
    """Return what PyTorch's state dict calls the weight "<layer>/<weight>"."""
    layer, _, weight = name.rpartition("/")
    if layer in _PARTS:
        return f"{_PARTS[layer]}.{_WEIGHTS[weight]}"
    block, _, part = layer.partition("_")
    return f"_blocks.{BLOCKS.index(block)}.{_BLOCK_PARTS[part]}.{_WEIGHTS[weight]}"


def EfficientNetLite0(weights: object = None, include_top: bool = True) -> "keras.Model":  # noqa: N802 (as Keras's own)
    """Return the network with random weights, called as the functions of `keras.applications` are.

    Args:
        weights: not used: they are put in afterwards.
        include_top: with its classifier, for images of `CANVAS_PX`; else for images of any size.
    """
    import keras

    side = CANVAS_PX if include_top else None
    image = keras.Input((side, side, 3), name="image")
    x = _unit(keras.layers.Conv2D(STEM_FILTERS, 3, 2, padding="same", use_bias=False, name="stem_conv"), "stem", image)
    names = iter(BLOCKS)
    for stage in STAGES:
        for each in range(stage.blocks):
            x = _block(next(names), stage, stage.stride if each == 0 else 1, x)
    x = _unit(keras.layers.Conv2D(HEAD_FILTERS, 1, padding="same", use_bias=False, name="head_conv"), "head", x)
    if include_top:
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
        x = keras.layers.Dense(CLASSES, activation="softmax", name="classes")(x)
    return keras.Model(image, x, name="efficientnet_lite0")


def _block(name: str, stage: Stage, stride: int, given: "keras.KerasTensor") -> "keras.KerasTensor":
    """Widen, look around, narrow, and add what came in where nothing has changed its shape."""
    from keras import layers

    channels, x = given.shape[-1], given
    if stage.expansion > 1:
        wide = layers.Conv2D(channels * stage.expansion, 1, padding="same", use_bias=False, name=f"{name}_expand")
        x = _unit(wide, f"{name}_expand", x)
    look = layers.DepthwiseConv2D(stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise")
    x = _unit(look, f"{name}_depthwise", x)
    x = layers.Conv2D(stage.channels, 1, padding="same", use_bias=False, name=f"{name}_project")(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_bn")(x)
    if stride == 1 and channels == stage.channels:
        x = layers.Add(name=f"{name}_add")([given, x])
    return x


def _unit(convolution: "keras.Layer", name: str, x: "keras.KerasTensor") -> "keras.KerasTensor":
    """Convolve, normalise, and cut off below 0 and above 6."""
    from keras import layers

    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(convolution(x))
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
