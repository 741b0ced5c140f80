"""The loop: climb the gradient of the objective with respect to the parameters of the image."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pipeline.ascent import objective
from pipeline.ascent.parameterisation import Fourier, Parameterisation, Pixels
from pipeline.ascent.recipe import Recipe
from pipeline.ascent.transform import Transform

# Kingma and Ba's own values ("Adam", ICLR 2015), the epsilon of their paper too.
ADAM_DECAY_1, ADAM_DECAY_2, ADAM_EPSILON = 0.9, 0.999, 1e-8
# The classic notebook's guard against dividing by zero.
NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class State:
    """Where an ascent stands.

    Attributes:
        step: steps done.
        image: what the picture looks like now, RGB, float32 (canvas, canvas, 3).
        activations: mean activation at each step done, and of `image` where the ascent has ended.
    """

    step: int
    image: np.ndarray
    activations: tuple[float, ...]


class Ascent:
    """Gradient ascent for the filters of one layer, on one canvas: compiled once, run for any filter and seed.

    Args:
        channel_responses: from an image, float32 (1, canvas, canvas, 3), and a filter number, int32 scalar, to that
            filter's pre-activation responses, float32 (1, height, width, 1).
        canvas_px: side of the picture.
        recipe: the settings.
    """

    def __init__(
        self, channel_responses: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], canvas_px: int, recipe: Recipe
    ) -> None:
        self.recipe = recipe
        # AutoGraph is for the loop below; it cannot read `match` statements and warns about each.
        self._responses = tf.autograph.experimental.do_not_convert(channel_responses)
        self._parameterisation: Parameterisation = (
            Fourier(canvas_px, decay=recipe.decay, contrast=recipe.contrast, contrast_limit=recipe.contrast_limit)
            if recipe.parameterisation == "fourier"
            else Pixels(canvas_px)
        )
        self._transform = Transform(
            size_px=canvas_px,
            jitter_px=recipe.jitter_px,
            scale=recipe.scale,
            rotation_degrees=recipe.rotation_degrees,
        )
        self._climb = tf.function(self._climb_eagerly)
        self._look = tf.function(self._look_eagerly)

    def run(self, filter: int, random: np.random.Generator, stops: Sequence[int] | None = None) -> Iterator[State]:
        """Climb for one filter; yield the state at every stop, the last step last.

        Args:
            filter: number of the filter.
            random: source of the start and of the transforms.
            stops: ascending steps, of which the last is the recipe's; its snapshot steps if none are given. They do
                not change the way.
        """
        parameters = tf.constant(self._parameterisation.start(random))
        draws = tf.constant(self._transform.draw(random, self.recipe.steps))
        moments = (tf.zeros_like(parameters), tf.zeros_like(parameters))
        channel = tf.constant(filter, tf.int32)
        activations: list[float] = []
        step = 0
        for stop in stops or self.recipe.snapshot_steps:
            parameters, *moments, trace = self._climb(
                parameters, *moments, draws, channel, tf.constant(step), tf.constant(stop)
            )
            step = stop
            activations.extend(trace.numpy().tolist())
            image, activation = self._look(parameters, channel)
            last = [float(activation)] if step == self.recipe.steps else []
            yield State(step, image.numpy(), (*activations, *last))

    def _climb_eagerly(
        self,
        parameters: tf.Tensor,
        mean: tf.Tensor,
        variance: tf.Tensor,
        draws: tf.Tensor,
        channel: tf.Tensor,
        start: tf.Tensor,
        stop: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        trace = tf.TensorArray(tf.float32, size=stop - start, element_shape=())
        for step in tf.range(start, stop):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(parameters)
                image = self._transform.apply(self._parameterisation.image(parameters), draws[step])
                responses = self._responses(image, channel)
                value = objective.value(responses, self.recipe.objective, self.recipe.leak)
            gradient = tape.gradient(value, parameters)
            trace = trace.write(step - start, objective.activation(responses)[0])
            if self.recipe.optimiser == "adam":
                mean = ADAM_DECAY_1 * mean + (1 - ADAM_DECAY_1) * gradient
                variance = ADAM_DECAY_2 * variance + (1 - ADAM_DECAY_2) * tf.square(gradient)
                count = tf.cast(step + 1, tf.float32)
                rate = self.recipe.learning_rate * tf.sqrt(1 - ADAM_DECAY_2**count) / (1 - ADAM_DECAY_1**count)
                parameters += rate * mean / (tf.sqrt(variance) + ADAM_EPSILON)
            else:
                norm = tf.norm(gradient)
                parameters += self.recipe.learning_rate * gradient / (norm + NORM_EPSILON)
        return parameters, mean, variance, trace.stack()

    def _look_eagerly(self, parameters: tf.Tensor, channel: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = self._parameterisation.image(parameters)
        return image[0], objective.activation(self._responses(image, channel))[0]
