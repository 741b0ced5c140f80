"""What the picture must be robust to: at each step the network sees the image slightly moved.

All random numbers are drawn beforehand with NumPy, one row a step, so that they depend on nothing but the seed.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pipeline.ascent import batch


@dataclass(frozen=True)
class Transform:
    """Random rotation and scaling about the centre, then a shift that wraps around.

    An image made of Fourier coefficients is periodic, so a shift with wrap-around has no seam: the network sees every
    place of the picture at every distance from its own zero padding, and no frame forms. (A crop out of a larger image
    left one: flat colours of block 1 had a border in the opposite colour.)

    Attributes:
        size_px: side of the image.
        jitter_px: width of the range of shifts, half of it in either direction.
        scale: largest relative change of size, 0..1.
        rotation_degrees: largest angle.
        settled_from: number of the first step with another range of shifts; None where there is none.
        settled_px: width of that range.
    """

    size_px: int
    jitter_px: int
    scale: float = 0.0
    rotation_degrees: float = 0.0
    settled_from: int | None = None
    settled_px: int = 0

    def draw(self, random: np.random.Generator, steps: int) -> np.ndarray:
        """Return float32 (steps, 4): shift down and right in whole pixels, scale factor, angle in radians."""
        wide = steps if self.settled_from is None else min(self.settled_from, steps)
        offsets = np.concatenate(
            [
                random.integers(0, width + 1, (count, 2)) - width // 2
                for width, count in ((self.jitter_px, wide), (self.settled_px, steps - wide))
            ]
        )
        factors = 1 + self.scale * random.uniform(-1, 1, (steps, 1))
        angles = np.radians(self.rotation_degrees) * random.uniform(-1, 1, (steps, 1))
        return np.concatenate([offsets, factors, angles], axis=1).astype(np.float32)

    def apply(self, images: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Return what the network sees at one step, (batch, size, size, 3), from a row of `draw` for each image."""
        if self.scale or self.rotation_degrees:
            images = self._rotate_and_scale(images, factors=rows[:, 2], angles=rows[:, 3])
        if not self.jitter_px:
            return images
        shifts = tf.unstack(tf.cast(rows[:, :2], tf.int32))
        alone = tf.split(images, len(shifts))
        return tf.concat([tf.roll(image, shift, (1, 2)) for image, shift in zip(alone, shifts, strict=True)], 0)

    def _rotate_and_scale(self, images: tf.Tensor, *, factors: tf.Tensor, angles: tf.Tensor) -> tf.Tensor:
        centre = (self.size_px - 1) / 2
        cosine, sine = batch.for_each(tf.cos, angles) / factors, batch.for_each(tf.sin, angles) / factors
        shift_x = centre - cosine * centre + sine * centre
        shift_y = centre - sine * centre - cosine * centre
        zero = tf.zeros_like(angles)
        matrices = tf.stack([cosine, -sine, shift_x, sine, cosine, shift_y, zero, zero], 1)
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=matrices,
            output_shape=tf.constant([self.size_px, self.size_px]),
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="WRAP",
        )
