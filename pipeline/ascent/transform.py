"""What the picture must be robust to: at each step the network sees the image slightly moved.

All random numbers are drawn beforehand with NumPy, one row a step, so that they depend on nothing but the seed.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Transform:
    """Random rotation and scaling about the centre, then a crop at a random place.

    The image is larger than the canvas by `margin_px`: the crop is the jitter, and it keeps the image's frame, where
    its periodic borders meet, out of the final picture.

    Attributes:
        canvas_px: side of what the network sees.
        margin_px: how much larger the image is.
        scale: largest relative change of size, 0..1.
        rotation_degrees: largest angle.
    """

    canvas_px: int
    margin_px: int
    scale: float = 0.0
    rotation_degrees: float = 0.0

    def draw(self, random: np.random.Generator, steps: int) -> np.ndarray:
        """Return float32 (steps, 4): vertical and horizontal offset in whole pixels, scale factor, angle in radians."""
        offsets = random.integers(0, self.margin_px + 1, (steps, 2))
        factors = 1 + self.scale * random.uniform(-1, 1, (steps, 1))
        angles = np.radians(self.rotation_degrees) * random.uniform(-1, 1, (steps, 1))
        return np.concatenate([offsets, factors, angles], axis=1).astype(np.float32)

    def apply(self, image: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        """Return what the network sees at one step: (1, canvas, canvas, 3), from one row of `draw`."""
        if self.scale or self.rotation_degrees:
            image = self._rotate_and_scale(image, factor=row[2], angle=row[3])
        if not self.margin_px:
            return image
        top, left = tf.cast(row[0], tf.int32), tf.cast(row[1], tf.int32)
        return tf.slice(image, tf.stack([0, top, left, 0]), (1, self.canvas_px, self.canvas_px, 3))

    def final(self, image: tf.Tensor) -> tf.Tensor:
        """Return the middle of the image: (1, canvas, canvas, 3)."""
        start = self.margin_px // 2
        return image[:, start : start + self.canvas_px, start : start + self.canvas_px]

    def _rotate_and_scale(self, image: tf.Tensor, *, factor: tf.Tensor, angle: tf.Tensor) -> tf.Tensor:
        centre = (self.canvas_px + self.margin_px - 1) / 2
        cosine, sine = tf.cos(angle) / factor, tf.sin(angle) / factor
        shift_x = centre - cosine * centre + sine * centre
        shift_y = centre - sine * centre - cosine * centre
        matrix = tf.stack([cosine, -sine, shift_x, sine, cosine, shift_y, 0.0, 0.0])[None]
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=image,
            transforms=matrix,
            output_shape=tf.constant([self.canvas_px + self.margin_px] * 2),
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="REFLECT",
        )
