"""Pictures with known looks, uint8 (side, side, 3)."""

import numpy as np

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
BLUE, ORANGE, RED, GREEN = (30, 60, 220), (240, 130, 20), (220, 20, 20), (20, 160, 30)


def grating(degrees: float, period: float, dark, light, side: int = 96) -> np.ndarray:
    """Sine stripes that run in the direction `degrees`, anticlockwise from horizontal."""
    down, across = np.mgrid[:side, :side]
    angle = np.radians(degrees + 90)
    phase = 2 * np.pi * (across * np.cos(angle) - down * np.sin(angle)) / period
    share = ((1 + np.sin(phase)) / 2)[..., None]
    return np.round(np.array(dark) * (1 - share) + np.array(light) * share).astype(np.uint8)


def crossed(period: float, dark=BLACK, light=WHITE, side: int = 96) -> np.ndarray:
    """Stripes of two directions, one over the other."""
    stripes = (grating(degrees, period, dark, light, side).astype(int) for degrees in (30, 120))
    return (sum(stripes) // 2).astype(np.uint8)


def rings(period: float, side: int = 192) -> np.ndarray:
    """Grey rings around the middle: lines that run in every direction."""
    down, across = np.mgrid[:side, :side] - side / 2
    level = np.round(127.5 * (1 + np.sin(2 * np.pi * np.hypot(down, across) / period)))
    return np.repeat(level.astype(np.uint8)[..., None], 3, 2)


def flat(colour, side: int = 64) -> np.ndarray:
    """One colour."""
    return np.full((side, side, 3), colour, np.uint8)


def noise(period: float, side: int = 96, seed: int = 0) -> np.ndarray:
    """Grey noise without direction, of about one period."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    band = np.exp(-(((frequency * period - 1) / 0.2) ** 2))
    white = np.random.default_rng(seed).standard_normal((side, side))
    luminance = np.fft.ifft2(np.fft.fft2(white) * band).real
    return np.repeat(np.clip(128 + 40 * luminance / luminance.std(), 0, 255).astype(np.uint8)[..., None], 3, 2)


def spots(ground, spot, side: int = 96, every: int = 16, wide: int = 4) -> np.ndarray:
    """Small squares on a ground."""
    down, across = np.mgrid[:side, :side]
    return np.where(((down % every < wide) & (across % every < wide))[..., None], spot, ground).astype(np.uint8)


def patches(ground, patch, side: int = 160, radius: float = 22) -> np.ndarray:
    """Large even discs on an even ground."""
    down, across = np.mgrid[:side, :side]
    middles = ((40, 50), (110, 30), (60, 120), (125, 110))
    inside = sum((down - y) ** 2 + (across - x) ** 2 < radius**2 for y, x in middles) > 0
    return np.where(inside[..., None], patch, ground).astype(np.uint8)
