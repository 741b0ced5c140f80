"""What is optimised: the numbers behind the image, and how they become one.

Fourier coefficients in decorrelated colours, or plain pixels. Source of the first: Olah, Mordvintsev, Schubert,
"Feature Visualization" (Distill, 2017); Mordvintsev et al., "Differentiable Image Parameterizations" (Distill, 2018).
"""

from typing import Protocol

import numpy as np
import tensorflow as tf

from pipeline.ascent import batch

# Square root of the covariance of colours in ImageNet (Olah et al. 2017), columns scaled so that the longest has
# length 1: it turns independent numbers into colours that vary together as they do in photographs.
_COLOUR = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOUR_CORRELATION = _COLOUR / np.linalg.norm(_COLOUR, axis=0).max()

# Adam moves every coefficient equally far, and the mean colour is only one of them: alone it could never become a flat
# colour, and filters that look for one got islands of the opposite colour. So it counts for half as much as all the
# structure together. Counted in full, similar filters of block 1 end in the same flat picture.
MEAN_COLOUR_SHARE = 0.5


class Parameterisation(Protocol):
    """A way to write an image as an array of float32 parameters."""

    def start(self, random: np.random.Generator) -> np.ndarray:
        """Return the parameters of a random start of one image."""

    def image(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return the images of a batch of parameters: RGB, float32 (batch, size, size, 3), all equal in a grey one."""


class Fourier:
    """Fourier coefficients of three decorrelated colour channels, or of one of grey, squashed to [0, 1] by a sigmoid.

    Each coefficient is scaled by 1 / frequency^decay, so that one step of the optimiser changes coarse and fine
    structure as natural images do. The image is periodic: it has no seam, only a frame.

    Args:
        size_px: side of the image.
        decay: exponent of the scaling; larger favours coarse structure.
        contrast: standard deviation of the random start's parameters.
        contrast_limit: largest root mean square of the image before the sigmoid; what is stronger is scaled back to
            it, what is weaker is left as it is. 0 is no limit. It keeps colours from saturating however many steps
            are made, and the contrast of neighbouring pictures comparable without hiding weak ones.
        channels: 3, or 1 for grey.
    """

    def __init__(
        self, size_px: int, *, decay: float, contrast: float, contrast_limit: float, channels: int = 3
    ) -> None:
        self.size_px = size_px
        self.channels = channels
        self.contrast = contrast
        self.contrast_limit = contrast_limit
        vertical = np.fft.fftfreq(size_px)[:, None]
        horizontal = np.fft.rfftfreq(size_px)[None, :]
        frequency = np.maximum(np.hypot(vertical, horizontal), 1 / size_px)
        scale = 1 / frequency**decay
        # All but the columns at the ends stand for themselves and their mirror image.
        mirrored = np.where((horizontal > 0) & (horizontal < 0.5), 2, 1)
        structure = np.sqrt((mirrored * scale**2).sum() - scale[0, 0] ** 2)
        scale[0, 0] = max(scale[0, 0], MEAN_COLOUR_SHARE * structure)
        # The factor `size_px` makes the image's contrast independent of its size.
        self._scale = tf.constant((size_px * scale)[None], tf.float32)

    def start(self, random: np.random.Generator) -> np.ndarray:
        """Return float32 (2, channels, size, size // 2 + 1): real and imaginary parts of each one's coefficients."""
        shape = (2, self.channels, self.size_px, self.size_px // 2 + 1)
        return random.standard_normal(shape, np.float32) * np.float32(self.contrast)

    def image(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return RGB in (0, 1), float32 (batch, size, size, 3)."""
        real, imaginary = tf.unstack(parameters, axis=1)
        spectrum = tf.complex(real * self._scale, imaginary * self._scale)
        channels = tf.signal.irfft2d(spectrum, (self.size_px, self.size_px))
        return batch.for_each(self._colours, channels)

    def _colours(self, channels: tf.Tensor) -> tf.Tensor:
        """Return channels, float32 (batch, channels, size, size), as RGB in (0, 1), (batch, size, size, 3)."""
        mixture = COLOUR_CORRELATION if self.channels == 3 else np.ones((3, 1), np.float32)
        colours = tf.einsum("bchw,rc->bhwr", channels, tf.constant(mixture))
        if self.contrast_limit:
            # The tiny term keeps the root's gradient finite on an exactly grey image.
            squares = tf.reduce_mean(tf.square(colours), (1, 2, 3), keepdims=True)
            colours *= tf.minimum(1.0, self.contrast_limit / tf.sqrt(squares + 1e-12))
        return tf.sigmoid(colours)


class Pixels:
    """Plain pixels from a uniform start, unbounded, as in the classic notebooks.

    Args:
        size_px: side of the image.
        channels: 3, or 1 for grey.
    """

    def __init__(self, size_px: int, *, channels: int = 3) -> None:
        self.size_px = size_px
        self.channels = channels

    def start(self, random: np.random.Generator) -> np.ndarray:
        """Return float32 (size, size, channels), uniform in [0, 1)."""
        return random.random((self.size_px, self.size_px, self.channels), np.float32)

    def image(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return the parameters as images, float32 (batch, size, size, 3)."""
        return parameters if self.channels == 3 else tf.repeat(parameters, 3, axis=-1)
