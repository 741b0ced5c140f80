"""How much a picture excites its filter when it is seen slightly turned, resized and moved.

A picture may owe its activation to the exact place of every pixel; one that shows what the filter looks for keeps it.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from PIL import Image

from pipeline.measure import answers
from pipeline.network.truncated import TruncatedNetwork

# (rotation in degrees, scale factor, shift right, shift down in pixels): small next to what one sees at a glance, and
# the same for all pictures, so that they can be compared.
VIEWS = (
    (0.0, 1.0, 0, 0),
    (-5.0, 1.0, 3, -2),
    (5.0, 1.0, -2, 3),
    (0.0, 0.95, -3, -3),
    (0.0, 1.05, 2, 2),
    (-3.0, 1.03, 4, 1),
    (3.0, 0.97, -1, -4),
)
# Of these, the two that a whole atlas is measured with: each turned, resized and moved, one each way. A view costs 3 %
# of a deep layer's ascent; the four before (VIEWS[1:5]) give a layer's median to 0.01 (108 filters of VGG16).
FEW_VIEWS = VIEWS[5:]
# Images that the network sees at a time: a quarter faster than two with AMX, and no more memory than the ascent takes.
TOGETHER = 8
# A turned or shrunken picture does not fill its frame; the picture mirrored at its edges fills the rest, since flat
# corners would excite or silence filters by themselves. This share of the side is mirrored.
MARGIN = 0.125


def views(image: np.ndarray, seen: Sequence[tuple[float, float, int, int]] = VIEWS) -> np.ndarray:
    """Return an image, uint8 (side, side, channels), as seen in each of the views: (views, side, side, channels)."""
    if image.shape[-1] != 3:
        # Pillow turns pictures of one channel or of three.
        each = [views(np.repeat(image[..., place, None], 3, -1), seen) for place in range(image.shape[-1])]
        return np.stack([seen_so[..., 0] for seen_so in each], -1)
    margin = round(MARGIN * len(image))
    padded = Image.fromarray(np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric"))
    return np.stack([_view(padded, margin, *view) for view in seen])


def robust_activations(
    truncated: TruncatedNetwork,
    filters: Sequence[int],
    images: np.ndarray,
    *,
    seen: Sequence[tuple[float, float, int, int]] = VIEWS,
    objective: str = "channel",
) -> np.ndarray:
    """Return the mean answer of each filter over the views of its picture.

    Args:
        truncated: the network up to the layer.
        filters: number of the filter that each picture is of.
        images: uint8 (pictures, side, side, channels).
        seen: the views, as in `VIEWS`.
        objective: what the answer is, as in `pipeline.measure.answers`; by default the mean activation.

    Returns:
        float32 (pictures,).
    """

    @tf.function(autograph=False)
    def activations(pixels: tf.Tensor, filters: tf.Tensor) -> tf.Tensor:
        responses = truncated.responses(tf.cast(pixels, tf.float32) / 255.0)
        own = tf.gather(responses, tf.repeat(filters, len(seen))[:, None], axis=3, batch_dims=1)
        return tf.reduce_mean(tf.reshape(answers.reduce(own, objective), (-1, len(seen))), 1)

    batch = max(1, TOGETHER // len(seen))
    parts = [
        activations(
            np.concatenate([views(image, seen) for image in images[start : start + batch]]),
            tf.constant(filters[start : start + batch], tf.int32),
        )
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def _view(padded: Image.Image, margin: int, degrees: float, factor: float, right: int, down: int) -> np.ndarray:
    side, centre = padded.width - 2 * margin, padded.width / 2
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle) / factor, np.sin(angle) / factor
    # Where the middle of the padded picture comes to lie in the frame, which is the picture without its margin.
    x, y = centre - margin + right, centre - margin + down
    # PIL wants, for each place in the result, where it comes from.
    matrix = (cosine, sine, centre - cosine * x - sine * y, -sine, cosine, centre + sine * x - cosine * y)
    return np.asarray(padded.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))
