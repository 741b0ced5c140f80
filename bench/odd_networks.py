"""Networks of every odd kind, small and with random weights: what people have built, and what is easily misread.

Each is made by Keras alone and comes with what Keras says of it: where the response of some of its layers is, as a
tensor of its own graph.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

# A place where a response is to be seen: a tensor of the model's graph, and the function that was applied to the
# response before it got there; None where it is the response itself.
Place = tuple[Any, Callable[[Any], Any] | None]

SIDE = 32


@dataclass(frozen=True)
class Odd:
    """A network, and what is to be found in it.

    Attributes:
        model: with random weights.
        responses: layers by their names in the atlas, with a place where Keras has their response.
        left_out: layers that are convolutions and have no place in the atlas.
        preprocessing: how it wants its images.
    """

    model: keras.Model
    responses: Mapping[str, Place]
    left_out: tuple[str, ...] = ()
    preprocessing: str = "unit"


def _image(channels: int = 3, size: int | None = None, **settings: Any) -> Any:
    return keras.Input((size, size, channels), name=settings.pop("name", "image"), **settings)


def _conv(filters: int, name: str, activation: Any = None, size: int = 3, **settings: Any) -> layers.Conv2D:
    return layers.Conv2D(filters, size, padding="same", activation=activation, name=name, **settings)


def batch_normalised() -> Odd:
    """Convolution, batch normalisation with some negative scales, activation: residual networks are made of it."""
    image = _image()
    normal = layers.BatchNormalization(name="bn")(_conv(6, "conv")(image))
    end = _conv(4, "end")(layers.ReLU(name="relu")(normal))
    return Odd(keras.Model(image, end), {"conv": (normal, None), "end": (end, None)})


def normalised_after_pooling() -> Odd:
    """A pooling between convolution and normalisation."""
    image = _image()
    normal = layers.BatchNormalization()(layers.MaxPooling2D()(_conv(6, "conv")(image)))
    end = _conv(4, "end")(layers.Activation("relu")(normal))
    return Odd(keras.Model(image, end), {"conv": (normal, None), "end": (end, None)})


def normalised_after_padding() -> Odd:
    """A padding between convolution and normalisation, dropout after it, and a ReLU that ends at 6."""
    image = _image()
    padded = layers.ZeroPadding2D(1)(layers.Conv2D(6, 3, name="conv", use_bias=False)(image))
    normal = layers.SpatialDropout2D(0.3)(layers.BatchNormalization(scale=False)(padded))
    end = layers.Conv2D(4, 3, name="end")(layers.ReLU(6)(normal))
    return Odd(keras.Model(image, end), {"conv": (normal, None), "end": (end, None)})


def layer_normalised() -> Odd:
    """Layer and group normalisation, which mix channels and places, and PReLU."""
    image = _image(size=SIDE)
    normal = layers.LayerNormalization()(_conv(6, "a")(image))
    grouped = layers.GroupNormalization(groups=2)(_conv(4, "b")(layers.PReLU(shared_axes=[1, 2])(normal)))
    end = _conv(4, "c")(layers.Activation("swish")(grouped))
    return Odd(keras.Model(image, end), {"a": (normal, None), "b": (grouped, None), "c": (end, None)})


def summed_and_joined() -> Odd:
    """Convolutions that feed a sum or a concatenation first, with a normalisation before it or after it."""
    image = _image()
    stem = _conv(6, "stem")(image)
    before = layers.BatchNormalization()(_conv(6, "before")(stem))
    after = _conv(6, "after")(stem)
    total = layers.Add()([before, after])
    both = layers.Concatenate()([layers.ReLU()(layers.BatchNormalization()(total)), stem])
    end = _conv(4, "end", "softmax")(both)
    return Odd(
        keras.Model(image, end),
        {
            "stem": (stem, None),
            "before": (before, None),
            "after": (after, None),
            "end": (end, keras.activations.softmax),
        },
    )


def several_readers() -> Odd:
    """Convolutions with several readers: each normalises by itself, or a gate of sigmoid and product makes swish."""
    image = _image()
    dense = _conv(6, "dense")(image)
    left = layers.ReLU()(layers.BatchNormalization()(dense))
    right = layers.ReLU()(layers.BatchNormalization()(dense))
    gated = layers.BatchNormalization()(_conv(6, "gated")(layers.Concatenate()([left, right])))
    end = _conv(4, "end")(gated * ops.sigmoid(gated))
    return Odd(keras.Model(image, end), {"dense": (dense, None), "gated": (gated, None), "end": (end, None)})


def shared_activation() -> Odd:
    """One ReLU object for several layers."""
    image, act = _image(), layers.ReLU(name="act")
    one = _conv(4, "one")(image)
    two = _conv(4, "two")(act(one))
    three = _conv(4, "three")(act(two))
    return Odd(keras.Model(image, three), {"one": (one, None), "two": (two, None), "three": (three, None)})


def shared_convolution() -> Odd:
    """A convolution called on its own output: two entries of the atlas."""
    image, shared = _image(), _conv(4, "shared", "relu")
    first = shared(_conv(4, "stem", "relu")(image))
    second = shared(first)
    head = _conv(4, "head")(second)
    relu = keras.activations.relu
    return Odd(keras.Model(image, head), {"shared": (first, relu), "shared@2": (second, relu), "head": (head, None)})


def with_constants() -> Odd:
    """Numbers between convolution and activation: added, subtracted from, multiplied, divided; also one a channel."""
    image = _image()
    plus = _conv(4, "plus")(image) + (-0.5)
    minus = ops.subtract(np.linspace(-1, 1, 4, dtype=np.float32), _conv(4, "minus")(ops.relu(plus)))
    times = _conv(4, "times")(ops.relu(minus)) * np.array([1, -2, 3, -4], np.float32)
    divided = ops.negative(_conv(4, "divided")(ops.relu(times)) / 3.0)
    end = _conv(4, "end")(ops.relu(divided))
    places = {"plus": plus, "minus": minus, "times": times, "divided": divided, "end": end}
    return Odd(keras.Model(image, end), {name: (tensor, None) for name, tensor in places.items()})


def constant_between() -> Odd:
    """A number added after an activation."""
    image = _image()
    one = _conv(4, "one", "relu")(image)
    two = _conv(4, "two")(one + 3.0)
    return Odd(keras.Model(image, two), {"one": (one, keras.activations.relu), "two": (two, None)})


def two_inputs() -> Odd:
    """Two images."""
    left, right = _image(name="left"), _image(name="right")
    a, b = _conv(4, "a", "relu")(left), _conv(4, "b", "relu")(right)
    joined = _conv(4, "joined")(layers.Concatenate()([a, b]))
    relu = keras.activations.relu
    return Odd(keras.Model([left, right], joined), {"a": (a, relu), "b": (b, relu), "joined": (joined, None)})


def image_and_numbers() -> Odd:
    """An image and a vector that shifts its channels, given by name."""
    image, numbers = _image(), keras.Input((5,), name="numbers")
    shift = layers.Reshape((1, 1, 6))(layers.Dense(6)(numbers))
    one = _conv(6, "one")(image)
    end = _conv(4, "end")(layers.ReLU()(layers.Add()([one, shift])))
    return Odd(keras.Model({"image": image, "numbers": numbers}, end), {"one": (one, None), "end": (end, None)})


def fine_tuned() -> Odd:
    """Augmentation and rescaling in front of a nested network, a classifier behind it."""
    inner = keras.Input((SIDE, SIDE, 3))
    x = _conv(4, "conv1", "relu")(inner)
    x = _conv(6, "conv2")(layers.MaxPooling2D()(x))
    base = keras.Model(inner, layers.ReLU()(layers.BatchNormalization(name="bn")(x)), name="base")
    augment = keras.Sequential(
        [layers.RandomFlip(), layers.RandomRotation(0.2), layers.RandomZoom(0.2)], name="augment"
    )
    image = _image(size=SIDE)
    x = base(layers.Rescaling(1 / 127.5, -1)(augment(image)))
    output = layers.Dense(3, "softmax")(layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x)))
    # What the last convolution's normalisation gives, rectified, is what the nested network gives.
    return Odd(keras.Model(image, output), {"base/conv2": (x, keras.activations.relu)}, preprocessing="raw")


def nested_twice() -> Odd:
    """One network inside another, called on two images; its end is a convolution that is normalised outside."""
    inner = _image()
    base = keras.Model(inner, _conv(4, "b")(_conv(4, "a", "relu")(inner)), name="base")
    left, right = _image(name="left"), _image(name="right")
    one, two = base(left), base(right)
    normal = layers.BatchNormalization()(one)
    end = _conv(4, "end")(layers.Concatenate()([layers.ReLU()(normal), two]))
    return Odd(keras.Model([left, right], end), {"base/b": (normal, None), "base@2/b": (two, None), "end": (end, None)})


def nested_deeply() -> Odd:
    """A chain in a chain in a graph, and a layer that stands inside and outside."""
    shared = _conv(4, "shared")
    innermost = keras.Sequential([_image(4), _conv(4, "c", "tanh"), shared], name="innermost")
    middle = keras.Sequential([_image(), _conv(4, "a", "relu"), innermost, layers.ReLU()], name="middle")
    image = _image()
    inside = middle(image)
    outside = shared(inside)
    return Odd(
        keras.Model(image, outside),
        {"middle/innermost/shared": (inside, keras.activations.relu), "shared": (outside, None)},
    )


def grey() -> Odd:
    """One channel."""
    image = _image(1)
    one = _conv(4, "one", "relu")(image)
    two = layers.BatchNormalization()(_conv(4, "two")(one))
    return Odd(keras.Model(image, layers.ReLU()(two)), {"one": (one, keras.activations.relu), "two": (two, None)})


def grey_without_axis() -> Odd:
    """One channel that has no axis."""
    image = keras.Input((SIDE, SIDE), name="image")
    one = _conv(4, "one")(layers.Reshape((SIDE, SIDE, 1))(image))
    return Odd(keras.Model(image, layers.ReLU()(one)), {"one": (one, None)})


def many_channels() -> Odd:
    """Five channels."""
    image = _image(5)
    one = layers.BatchNormalization()(_conv(4, "one")(image))
    two = _conv(4, "two")(layers.ReLU()(one))
    return Odd(keras.Model(image, two), {"one": (one, None), "two": (two, None)})


def channels_first() -> Odd:
    """Channels before rows and columns, throughout."""
    image = keras.Input((3, SIDE, SIDE), name="image")
    conv = layers.Conv2D(6, 3, padding="same", data_format="channels_first", name="conv")(image)
    normal = layers.BatchNormalization(axis=1)(conv)
    x = layers.MaxPooling2D(data_format="channels_first")(layers.ReLU()(normal))
    depthwise = layers.DepthwiseConv2D(3, data_format="channels_first", name="depthwise")(x)
    end = layers.Conv2DTranspose(4, 3, 2, data_format="channels_first", name="end")(layers.ReLU()(depthwise))
    return Odd(keras.Model(image, end), {"conv": (normal, None), "depthwise": (depthwise, None), "end": (end, None)})


def u_net() -> Odd:
    """Down and up again, with skips: transposed convolutions and upsampling."""
    image = _image()
    one = _conv(4, "one", "relu")(image)
    two = _conv(6, "two", "relu")(layers.MaxPooling2D()(one))
    low = layers.BatchNormalization()(_conv(8, "low")(layers.AveragePooling2D(2)(two)))
    up = layers.Conv2DTranspose(6, 3, 2, padding="same", name="up")(layers.ReLU()(low))
    mid = _conv(6, "mid", "relu")(layers.Concatenate()([layers.LeakyReLU()(up), two]))
    again = layers.UpSampling2D(interpolation="bilinear")(mid)
    mask = _conv(2, "mask", "sigmoid")(layers.Concatenate()([again, one]))
    relu = keras.activations.relu
    return Odd(
        keras.Model(image, mask),
        {"one": (one, relu), "low": (low, None), "up": (up, None), "mid": (mid, relu),
         "mask": (mask, keras.activations.sigmoid)},
    )  # fmt: skip


def kinds_of_convolution() -> Odd:
    """Depthwise with two filters a channel, separable, grouped, dilated, strided, transposed with a cut."""
    image = _image()
    depthwise = layers.DepthwiseConv2D(3, 2, depth_multiplier=2, padding="same", name="depthwise")(image)
    separable = layers.SeparableConv2D(8, 3, depth_multiplier=2, name="separable")(layers.ReLU()(depthwise))
    normal = layers.BatchNormalization()(separable)
    grouped = _conv(6, "grouped", groups=2)(layers.ReLU()(normal))
    dilated = _conv(4, "dilated", dilation_rate=2, use_bias=False)(layers.ELU()(grouped))
    strided = layers.Conv2D(4, (1, 3), (1, 2), name="strided")(ops.gelu(dilated))
    end = layers.Conv2DTranspose(3, (3, 2), (2, 3), output_padding=(1, 2), name="end")(layers.ReLU()(strided))
    places = {"depthwise": depthwise, "separable": normal, "grouped": grouped, "dilated": dilated, "strided": strided,
              "end": end}  # fmt: skip
    return Odd(keras.Model(image, end), {name: (tensor, None) for name, tensor in places.items()})


def strided_and_dilated_depthwise() -> Odd:
    """A depthwise convolution that is both, which TensorFlow does not have."""
    image = _image()
    one = layers.DepthwiseConv2D(3, 2, dilation_rate=2, padding="same", name="one")(image)
    return Odd(keras.Model(image, layers.ReLU()(one)), {"one": (one, None)})


def dense_on_maps() -> Odd:
    """Dense layers as convolutions of 1 × 1, as ConvNeXt has them; the one of the classifier is none."""
    image = _image(size=SIDE)
    deep = layers.LayerNormalization()(layers.DepthwiseConv2D(7, padding="same", name="deep")(_conv(4, "stem")(image)))
    wide = layers.Dense(8, "gelu", name="wide")(deep)
    narrow = layers.Dense(4, name="narrow")(wide)
    head = layers.Dense(3, name="head")(layers.GlobalAveragePooling2D()(narrow))
    return Odd(
        keras.Model(image, head),
        {"deep": (deep, None), "wide": (wide, keras.activations.gelu), "narrow": (narrow, None)},
        left_out=("head",),
    )


def gated() -> Odd:
    """A squeeze-and-excitation, whose own convolutions have a map of one unit; and a gate over places."""
    image = _image()
    one = layers.BatchNormalization()(_conv(6, "one")(image))
    x = layers.Activation("swish")(one)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(6, 1, activation="sigmoid", name="excite")(layers.Conv2D(2, 1, name="squeeze")(squeezed))
    x = layers.Multiply()([x, gate])
    where = _conv(1, "where", "sigmoid", 7)(ops.mean(x, axis=-1, keepdims=True))
    end = _conv(4, "end")(x * where)
    return Odd(
        keras.Model(image, end),
        {"one": (one, None), "where": (where, keras.activations.sigmoid), "end": (end, None)},
        left_out=("squeeze", "excite"),
    )


def shuffled() -> Odd:
    """Channels shuffled between grouped convolutions, by changes of shape."""
    image = _image(size=SIDE)
    one = _conv(6, "one", groups=1)(image)
    x = layers.Reshape((SIDE, SIDE, 2, 3))(layers.ReLU()(one))
    x = layers.Reshape((SIDE, SIDE, 6))(layers.Permute((1, 2, 4, 3))(x))
    end = _conv(6, "end", groups=2)(x)
    return Odd(keras.Model(image, end), {"one": (one, None), "end": (end, None)})


def bottleneck() -> Odd:
    """An autoencoder through a vector: its second half has no place in the image."""
    image = _image(1, size=SIDE)
    one = layers.Conv2D(4, 3, 4, padding="same", name="one", activation="relu")(image)
    vector = layers.Dense(5)(layers.Flatten()(one))
    x = layers.Reshape((8, 8, 4))(layers.Dense(8 * 8 * 4)(vector))
    end = layers.Conv2DTranspose(1, 3, 4, padding="same", name="end")(x)
    return Odd(keras.Model(image, end), {"one": (one, keras.activations.relu), "end": (end, None)})


def spectrally_normalised() -> Odd:
    """Convolutions inside a wrapper, as discriminators have them."""
    image = _image()
    one = layers.SpectralNormalization(_conv(4, "one"), name="wrapped")(image)
    two = layers.SpectralNormalization(_conv(4, "two", "relu"), name="wrapped_too")(layers.LeakyReLU()(one))
    return Odd(keras.Model(image, two), {"wrapped": (one, None), "wrapped_too": (two, keras.activations.relu)})


def own_activations() -> Odd:
    """Activations that are layers with weights of their own."""
    image = _image()
    act = layers.PReLU(shared_axes=[1, 2])
    one = _conv(4, "one", act)(image)
    two = _conv(4, "two", layers.LeakyReLU(0.2))(one)
    return Odd(keras.Model(image, two), {"one": (one, act), "two": (two, layers.LeakyReLU(0.2))})


def of_fixed_size() -> Odd:
    """An odd size that cannot be another: a weight for every place."""
    image = _image(size=45)
    one = layers.Conv2D(4, 4, 3, name="one")(image)
    x = layers.PReLU()(one)
    two = layers.Conv2D(4, 3, name="two")(x)
    return Odd(keras.Model(image, two), {"one": (one, None), "two": (two, None)})


def resized() -> Odd:
    """An image that is resized and cut first."""
    image = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 255)(layers.CenterCrop(SIDE, SIDE)(layers.Resizing(SIDE, SIDE)(image)))
    one = layers.BatchNormalization()(_conv(4, "one")(x))
    return Odd(keras.Model(image, layers.ReLU()(one)), {"one": (one, None)}, preprocessing="raw")


def always_dropping() -> Odd:
    """Dropout and augmentation that are called as in training, for good: in inference they do nothing."""
    image = _image()
    x = layers.RandomBrightness(0.5, value_range=(0, 1))(image, training=True)
    one = layers.Dropout(0.5)(_conv(4, "one")(x), training=True)
    two = _conv(4, "two")(layers.ReLU()(layers.GaussianNoise(1.0)(one, training=True)))
    return Odd(keras.Model(image, two), {"one": (one, None), "two": (two, None)})


def bytes_in() -> Odd:
    """An input of whole numbers, 0 to 255."""
    image = _image(dtype="uint8")
    one = _conv(4, "one")(layers.Rescaling(1 / 255)(image))
    return Odd(keras.Model(image, layers.ReLU()(one)), {"one": (one, None)}, preprocessing="raw")


def two_heads() -> Odd:
    """Two outputs, one of them in the middle."""
    image = _image()
    one = _conv(4, "one")(image)
    two = layers.BatchNormalization()(_conv(4, "two")(layers.ReLU()(one)))
    return Odd(keras.Model(image, {"b": layers.ReLU()(two), "a": one}), {"one": (one, None), "two": (two, None)})


def oddly_named() -> Odd:
    """Names that are none of TensorFlow's, and one that looks like a second call."""
    image, shared = _image(), _conv(3, "löwe")
    one = shared(image)
    two = shared(layers.ReLU(name="ein ReLU, ganz groß")(one))
    three = _conv(3, "löwe@2")(layers.BatchNormalization(name="β γ")(layers.DepthwiseConv2D(3, name="ß: 1")(two)))
    return Odd(keras.Model(image, three), {"löwe": (one, None), "löwe@2": (two, None), "löwe@2@2": (three, None)})


def sequential() -> Odd:
    """A chain."""
    chain = [_conv(4, "one", "relu"), layers.MaxPooling2D(), _conv(6, "two"), layers.BatchNormalization()]
    end = [layers.ReLU(), layers.Flatten(), layers.Dense(3)]
    model = keras.Sequential([_image(size=SIDE), *chain, *end])
    return Odd(model, {"one": (model.layers[0].output, keras.activations.relu), "two": (model.layers[3].output, None)})


ODD: Mapping[str, Callable[[], Odd]] = {
    make.__name__: make
    for make in (
        always_dropping, batch_normalised, bottleneck, bytes_in, channels_first, constant_between, dense_on_maps,
        fine_tuned, gated, grey, grey_without_axis, image_and_numbers, kinds_of_convolution, layer_normalised,
        many_channels, nested_deeply, nested_twice, normalised_after_padding, normalised_after_pooling, oddly_named,
        of_fixed_size, own_activations, resized, sequential, several_readers, shared_activation, shared_convolution,
        shuffled, spectrally_normalised, strided_and_dilated_depthwise, summed_and_joined, two_heads, two_inputs, u_net,
        with_constants,
    )
}  # fmt: skip


def make(name: str, seed: int = 3) -> Odd:
    """Return an odd network by its name, with random weights with which a mistake shows."""
    keras.utils.clear_session(free_memory=False)
    odd = ODD[name]()
    randomise(odd.model, seed)
    return odd


def randomise(model: keras.Model, seed: int = 3) -> None:
    """Give a model random weights: no biases of 0, no variances of 1, a third of the scales negative."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if not keras.backend.is_float_dtype(weight.dtype):
            continue
        # A depthwise kernel reads one channel: as small as one that reads all, it would leave nothing of the image.
        read = weight.shape[:2] if len(weight.shape) == 4 and weight.shape[-1] == 1 else weight.shape[:-1]
        spread = 0.3 if len(weight.shape) == 1 else 1 / np.sqrt(np.prod(read))
        values = random.standard_normal(weight.shape) * spread
        if "variance" in weight.name:
            values = np.abs(values) + 0.5
        elif weight.name == "gamma":
            # Near 1 or −1, so that deep networks neither die away nor grow beyond all bounds.
            values = np.where(random.random(weight.shape) < 0.3, -1, 1) * (1 + values)
        weight.assign(values)
