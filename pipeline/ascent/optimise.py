"""The loop: climb the gradient of the objective with respect to the parameters of the image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pipeline.ascent import batch, objective
from pipeline.ascent.batch import Responses
from pipeline.ascent.parameterisation import Fourier, Parameterisation, Pixels
from pipeline.ascent.recipe import Recipe
from pipeline.ascent.transform import Transform

# Kingma and Ba's own values ("Adam", ICLR 2015), the epsilon of their paper too. Their first decay is the recipe's.
ADAM_DECAY_2, ADAM_EPSILON = 0.999, 1e-8
# The classic notebook's guard against dividing by zero.
NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class State:
    """Where an ascent stands.

    Attributes:
        step: steps done.
        image: what the picture looks like now, float32 (canvas, canvas, channels); three are RGB.
        activations: mean activation at each step done, and of `image` where the ascent has ended; on the copy of the
            network where the step was climbed on it.
    """

    step: int
    image: np.ndarray
    activations: tuple[float, ...]


class Ascent:
    """Gradient ascent for the filters of one layer, on one canvas: compiled once, run for any filter and seed.

    Filters that climb at the same time share nothing but the passes through the network. It is compiled anew for
    batches of 1, 2, 4, 8, …; what others lack is filled up.

    Args:
        channel_responses: from images, float32 (batch, canvas, canvas, channels), and a filter number for each, int32
            (batch,), to the pre-activation response of each image's own filter, float32 (batch, height, width, 1).
        canvas_px: side of the picture.
        recipe: the settings.
        channels: of the image.
        copy_responses: the same of a cheaper copy of the network, on which the first `recipe.copied_steps` are climbed.
            Where there is none, all steps are the network's own.

    Attributes:
        copied_steps: how many steps, the first ones, are climbed on the copy.
    """

    def __init__(
        self,
        channel_responses: Responses,
        canvas_px: int,
        recipe: Recipe,
        channels: int = 3,
        copy_responses: Responses | None = None,
    ) -> None:
        self.recipe = recipe
        # AutoGraph is for the loop below; it cannot read `match` statements and warns about each.
        self._responses = tf.autograph.experimental.do_not_convert(batch.apart(channel_responses))
        self.copied_steps = recipe.copied_steps if copy_responses else 0
        if copy_responses:
            copy_responses = tf.autograph.experimental.do_not_convert(batch.apart(copy_responses))
        self._copy_responses = copy_responses
        self._parameterisation: Parameterisation = (
            Fourier(
                canvas_px,
                decay=recipe.decay,
                contrast=recipe.contrast,
                contrast_limit=recipe.contrast_limit,
                channels=channels,
            )
            if recipe.parameterisation == "fourier"
            else Pixels(canvas_px, channels)
        )
        self._transform = Transform(
            size_px=canvas_px,
            jitter_px=recipe.jitter_px,
            settled_px=recipe.jitter_settled_px,
            settled_from=recipe.jitter_settled_from,
            scale=recipe.scale,
            rotation_degrees=recipe.rotation_degrees,
        )
        self._climb = tf.function(self._climb_eagerly)
        self._image = tf.function(self._parameterisation.image)
        self._look = tf.function(self._look_eagerly)

    def run(self, filter: int, random: np.random.Generator, stops: Sequence[int] | None = None) -> Iterator[State]:
        """Climb for one filter; yield the state at every stop, the last step last.

        Args:
            filter: number of the filter.
            random: source of the start and of the transforms.
            stops: ascending steps, of which the last is the recipe's; its snapshot steps if none are given. They do
                not change the way.
        """
        for (state,) in self.run_all([filter], [random], stops):
            yield state

    def run_all(
        self, filters: Sequence[int], randoms: Sequence[np.random.Generator], stops: Sequence[int] | None = None
    ) -> Iterator[list[State]]:
        """Climb for several filters at the same time; yield, at every stop, the state of each.

        Args:
            filters: their numbers.
            randoms: a source for each.
            stops: as for `run`.
        """
        count = len(filters)
        # The last one over again: to compile for every number would take longer.
        members = [*range(count), *[count - 1] * ((1 << (count - 1).bit_length()) - count)]
        starts, rows = zip(*(self._draw(random) for random in randoms), strict=True)
        parameters = tf.constant(np.stack([starts[member] for member in members]))
        draws = tf.constant(np.stack([rows[member] for member in members], axis=1))
        moments = (tf.zeros_like(parameters), tf.zeros_like(parameters))
        channels = tf.constant([filters[member] for member in members], tf.int32)
        activations = np.zeros((count, 0), np.float32)
        step = 0
        for stop in stops or self.recipe.snapshot_steps:
            for end in self._ends(step, stop):
                responses = self._copy_responses if step < self.copied_steps else self._responses
                parameters, *moments, trace = self._climb(
                    responses, parameters, *moments, draws, channels, tf.constant(step), tf.constant(end)
                )
                step = end
                activations = np.column_stack([activations, trace.numpy().T[:count]])
            if step == self.recipe.steps:
                images, last = (each.numpy()[:count] for each in self._look(parameters, channels))
                activations = np.column_stack([activations, last])
            else:
                # The network is not asked: its answer would be that of the next step's own start.
                images = self._image(parameters).numpy()[:count]
            yield [State(step, image, tuple(row.tolist())) for image, row in zip(images, activations, strict=True)]

    def _ends(self, start: int, stop: int) -> tuple[int, ...]:
        """Return where the parts of a way end: at `stop`, and before where the copy is left in between."""
        return (self.copied_steps, stop) if start < self.copied_steps < stop else (stop,)

    def _draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return self._parameterisation.start(random), self._transform.draw(random, self.recipe.steps)

    def _climb_eagerly(
        self,
        responses_of: Responses,
        parameters: tf.Tensor,
        mean: tf.Tensor,
        variance: tf.Tensor,
        draws: tf.Tensor,
        channels: tf.Tensor,
        start: tf.Tensor,
        stop: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        trace = tf.TensorArray(tf.float32, size=stop - start, element_shape=channels.shape)
        for step in tf.range(start, stop):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(parameters)
                images = self._transform.apply(self._parameterisation.image(parameters), draws[step])
                responses = responses_of(images, channels)
                value = objective.value(responses, self.recipe.objective, self.recipe.leak)
            gradient = tape.gradient(value, parameters)
            trace = trace.write(step - start, objective.activation(responses))
            if self.recipe.optimiser == "adam":
                momentum = self.recipe.momentum
                mean = momentum * mean + (1 - momentum) * gradient
                variance = ADAM_DECAY_2 * variance + (1 - ADAM_DECAY_2) * tf.square(gradient)
                count = tf.cast(step + 1, tf.float32)
                rate = self.recipe.learning_rate * tf.sqrt(1 - ADAM_DECAY_2**count) / (1 - momentum**count)
                parameters += rate * mean / (batch.for_each(tf.sqrt, variance) + ADAM_EPSILON)
            else:
                squares = tf.reduce_sum(tf.square(gradient), range(1, gradient.shape.rank), keepdims=True)
                norms = batch.for_each(tf.sqrt, squares)
                parameters += self.recipe.learning_rate * gradient / (norms + NORM_EPSILON)
        return parameters, mean, variance, trace.stack()

    def _look_eagerly(self, parameters: tf.Tensor, channels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images = self._parameterisation.image(parameters)
        return images, objective.activation(self._responses(images, channels))
