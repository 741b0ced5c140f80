"""The structure of a picture, measured: how large its forms are, which way they run, how they bend, what stands out.

All channels count, not luminance alone: stripes of red and green that are equally bright are stripes.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

# Weights of red, green and blue in luminance (ITU-R BT.709), applied to sRGB values as they are.
LUMINANCE = np.array((0.2126, 0.7152, 0.0722))

# Standard deviation of colour (0..1) below which a picture has no pattern.
PLAIN_DEVIATION = 0.02

# Forms are counted in a picture that is blurred by so much, against its own mean within so much (standard deviations
# of the blur, pixels). Unblurred, the grain that an ascent leaves counts in place of the forms: in blocks 4 and 5 of
# VGG16 the spectrum has its peak at the finest frequency there is.
GRAIN_PX, SURROUNDINGS_PX = 1.5, 16.0

# Gradients are taken at the first and gathered over the second (standard deviations of the blur, pixels): so wide, they
# tell one line from its neighbour and still agree along a stripe.
GRADIENT_PX, GATHERED_PX = 1.0, 5.0

# Gathered gradient (of all channels, per pixel) below which a place is even. Half the pictures of VGG16 have 0.18 in
# the middle, and all but 60 of the 4,224 none below this.
EVEN_GRADIENT = 0.06


@dataclass(frozen=True)
class Structure:
    """Measured properties of a picture's structure; all are 0 where it has none.

    Attributes:
        period_px: twice the mean distance between the ends of the colour axis that the picture varies most on, which is
            mostly that of light and dark.
        orientation: direction of the stripes, degrees 0 (horizontal) up to 180, anticlockwise.
        orientation_strength: of one direction over the whole picture, 0 (none) to 1 (a grating).
        crossing: of two directions that cross at right angles, 0 to 1; a grating has it too.
        coherence: of the direction at each place, whichever it is, 0 to 1.
        curvature: how much of that coherence is lost over the whole picture, because directions change, 0 to 1.
        evenness: share of the area where nothing changes, 0 to 1.
        skewness: of luminance; positive where little of the picture is light and most is darker, negative where little
            is dark.
    """

    period_px: float = 0.0
    orientation: float = 0.0
    orientation_strength: float = 0.0
    crossing: float = 0.0
    coherence: float = 0.0
    curvature: float = 0.0
    evenness: float = 0.0
    skewness: float = 0.0


def luminance(unit: np.ndarray) -> np.ndarray:
    """Return the luminance of an image, 0..1 (side, side, channels): of RGB; of all others the mean of the channels."""
    weighed: np.ndarray = unit @ LUMINANCE if unit.shape[-1] == 3 else unit.mean(-1)
    return weighed


def measure(unit: np.ndarray) -> Structure:
    """Return the structure of a square image, 0..1 (side, side, channels)."""
    power, _, _ = spectrum(unit)
    if np.sqrt(unit.reshape(-1, unit.shape[-1]).var(0).mean()) < PLAIN_DEVIATION or power.sum() == 0:
        return Structure()
    orientation, strength, crossing = _orientation(power)
    coherence, curvature, evenness = _local_directions(unit)
    return Structure(
        period_px=_period(_main_axis(unit)),
        orientation=orientation,
        orientation_strength=strength,
        crossing=crossing,
        coherence=coherence,
        curvature=curvature,
        evenness=evenness,
        skewness=_skewness(luminance(unit)),
    )


def _blurred(plane: np.ndarray, width_px: float) -> np.ndarray:
    """Return a (side, side) array blurred by a Gaussian, as if it were repeated without end."""
    blurred: np.ndarray = np.fft.irfft2(np.fft.rfft2(plane) * _passed(len(plane), width_px), plane.shape)
    return blurred


@functools.lru_cache(maxsize=8)
def _passed(side: int, width_px: float) -> np.ndarray:
    """Return what a blur leaves of each frequency, (side, side // 2 + 1)."""
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    passed: np.ndarray = np.exp(-2 * np.pi**2 * width_px**2 * (down**2 + across**2))
    return passed


def _main_axis(unit: np.ndarray) -> np.ndarray:
    """Return where each pixel lies on the colour axis that an image varies most on, (side, side)."""
    centred = unit - unit.mean((0, 1))
    # Not a product of matrices: its last bits depend on the number of cores.
    _, axes = np.linalg.eigh(np.einsum("yxc,yxd->cd", centred, centred))
    along: np.ndarray = np.einsum("yxc,c->yx", centred, axes[:, -1])
    return along


def _period(plane: np.ndarray) -> float:
    """Return twice the mean distance between changes of sign, pixels; at most twice the side."""
    forms = _blurred(plane, GRAIN_PX)
    is_light = forms > _blurred(forms, SURROUNDINGS_PX)
    side = len(plane)
    down, across = (np.count_nonzero(np.diff(is_light, axis=axis)) for axis in (0, 1))
    # Forms of which there is not one whole are at least as large as the picture.
    return min(2 * is_light.size / math.hypot(down, across), 2.0 * side) if down or across else 2.0 * side


def spectrum(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the power of each spatial frequency, summed over the channels, and the frequencies.

    Returns:
        power, frequency across, frequency down, cycles per pixel, each (side, side); frequencies past 0.5 in any
        direction and the constant part have no power.
    """
    frame = _frame(len(unit))
    planes = np.ascontiguousarray(np.moveaxis(unit, -1, 0))
    # The borders must not count as edges: fade to the (windowed) mean.
    means = (planes * frame.window).sum((1, 2), keepdims=True) / frame.window.sum()
    found = np.fft.fft2((planes - means) * frame.window)
    power = (found.real**2 + found.imag**2).sum(0) * frame.counts
    return power, frame.across, frame.down


@dataclass(frozen=True)
class _Frame:
    """What spectra of one size have in common, each (side, side): the window, the frequencies, which of them count, and
    the direction of each as a complex number, of twice the angle."""

    window: np.ndarray
    across: np.ndarray
    down: np.ndarray
    counts: np.ndarray
    doubled: np.ndarray


@functools.lru_cache(maxsize=2)
def _frame(side: int) -> _Frame:
    window = np.hanning(side + 2)[1:-1]
    across, down = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side))
    frequency = np.hypot(across, down)
    # Rows count downwards, angles anticlockwise.
    doubled = np.exp(2j * np.arctan2(-down, across))
    return _Frame(window[:, None] * window[None, :], across, down, (frequency > 0) & (frequency <= 0.5), doubled)


def directions(power: np.ndarray) -> tuple[complex, complex]:
    """Return the mean direction of a spectrum's power, as a complex number of twice the angle, and that of four times
    the angle, to which two directions that cross at right angles add up; 0 where there is no power."""
    doubled, total = _frame(len(power)).doubled, max(power.sum(), 1e-12)
    return (power * doubled).sum() / total, (power * doubled**2).sum() / total


def _orientation(power: np.ndarray) -> tuple[float, float, float]:
    """Return direction of the stripes in degrees, strength of one direction, strength of two crossing ones."""
    one, two = directions(power)
    # Stripes run at a right angle to the direction in which they change.
    return float(np.degrees(np.angle(one)) / 2 + 90) % 180, float(abs(one)), float(abs(two))


def _local_directions(unit: np.ndarray) -> tuple[float, float, float]:
    """Return the coherence of directions at each place, how much of it is lost over the whole, and the share of the
    area that has no direction because it is even: by the structure tensor, summed over the channels."""
    if len(unit) < 2:
        return 0.0, 0.0, 1.0
    gradients = [np.gradient(_blurred(unit[..., channel], GRADIENT_PX)) for channel in range(unit.shape[-1])]
    energy = _blurred(sum(across**2 + down**2 for down, across in gradients), GATHERED_PX)
    # The double angle, so that opposite gradients, of a line's two edges, agree.
    real = _blurred(sum(across**2 - down**2 for down, across in gradients), GATHERED_PX)
    imaginary = _blurred(sum(2 * across * down for down, across in gradients), GATHERED_PX)
    total = energy.mean()
    if total <= 0:
        return 0.0, 0.0, 1.0
    local = float(np.hypot(real, imaginary).mean() / total)
    overall = float(np.hypot(real.mean(), imaginary.mean()) / total)
    return local, local - overall, float((energy < EVEN_GRADIENT**2).mean())


def _skewness(plane: np.ndarray) -> float:
    forms = _blurred(plane, GRAIN_PX)
    forms = forms - forms.mean()
    spread = forms.std()
    # Not the third power: NumPy takes many times as long over it.
    return float((forms * forms * forms).mean() / spread**3) if spread > 1e-6 else 0.0
