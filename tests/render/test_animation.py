import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pipeline.render import animation

SIDE_PX = 24


def some_frames(count: int) -> list[np.ndarray]:
    """Return a bar that moves to the right, on grey."""
    frames = []
    for place in range(count):
        frame = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)
        frame[:, 2 * place : 2 * place + 2] = (250, 20, 20)
        frames.append(frame)
    return frames


@pytest.mark.parametrize(("steps", "every", "expected"), [
    (4, 1, (0, 1, 2, 3, 4)), (4, 2, (0, 2, 4)), (5, 2, (0, 2, 4, 5)), (3, 9, (0, 3)), (1, 1, (0, 1)),
])  # fmt: skip
def test_frames_begin_with_the_start_and_end_with_the_last_step(steps, every, expected):
    assert animation.frame_steps(steps, every) == expected


@pytest.mark.parametrize("ending", animation.ENDINGS)
def test_an_animation_has_all_frames_in_order_and_repeats(ending):
    data = animation.encode(some_frames(5), ending)

    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == ending[1:].upper()
        assert (picture.n_frames, picture.size, picture.info["loop"]) == (5, (SIDE_PX, SIDE_PX), 0)
        frames = [np.asarray(frame.convert("RGB"), int) for frame in ImageSequence.Iterator(picture)]
        durations = []
        for place in range(5):
            picture.seek(place)
            picture.load()
            durations.append(picture.info["duration"])
    for found, expected in zip(frames, some_frames(5), strict=True):
        assert np.abs(found - expected).mean() < 8
        assert int(found[..., 0].mean(0).argmax()) // 2 == int(expected[..., 0].mean(0).argmax()) // 2
    assert durations == [animation.FRAME_MS] * 4 + [animation.LAST_FRAME_MS]


@pytest.mark.parametrize("ending", animation.ENDINGS)
def test_the_same_frames_give_the_same_bytes(ending):
    assert animation.encode(some_frames(4), ending) == animation.encode(some_frames(4), ending)


@pytest.mark.parametrize("ending", animation.ENDINGS)
def test_one_frame_is_an_animation_too(ending):
    with Image.open(io.BytesIO(animation.encode(some_frames(1), ending))) as picture:
        assert getattr(picture, "n_frames", 1) == 1
