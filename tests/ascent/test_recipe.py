import dataclasses
import json

import pytest

from pipeline.ascent import recipe as recipes
from pipeline.config import schema

SETTINGS = schema.load()["$defs"]["recipe"]["properties"]


def resolve(specification, field_px: int = 24, canvas_px: int = 64) -> recipes.Recipe:
    return recipes.resolve(specification, field_px=field_px, canvas_px=canvas_px)


def test_the_schema_has_a_place_for_every_setting_and_no_other():
    fields = {field.name for field in dataclasses.fields(recipes.Recipe)}

    assert fields == SETTINGS.keys() - {"base"}


@pytest.mark.parametrize("name", recipes.NAMED)
def test_a_resolved_recipe_is_valid_and_survives_being_written_as_json(name):
    recipe = resolve(name)

    schema.check({"recipe": recipe.to_json()}, schema.load())
    assert resolve(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert recipes.AUTO not in recipe.to_json().values()


def test_every_named_recipe_can_be_asked_for_and_is_complete():
    assert set(SETTINGS["base"]["enum"]) == recipes.NAMED.keys()
    for settings in recipes.NAMED.values():
        assert settings.keys() == SETTINGS.keys() - {"base"}


def test_a_mapping_overrides_single_settings_of_its_base():
    changed = resolve({"base": "classic", "learning_rate": 3.0, "snapshots": [1]})

    assert changed == dataclasses.replace(resolve("classic"), learning_rate=3.0, snapshots=(1,))
    assert resolve({"leak": 0.5}) == dataclasses.replace(resolve("default"), leak=0.5)
    assert resolve({}) == resolve("default")


def test_a_mapping_is_left_as_it_was():
    given = {"base": "classic", "snapshots": [1]}

    resolve(given)

    assert given == {"base": "classic", "snapshots": [1]}


def test_a_recipe_can_be_a_key_of_a_cache():
    assert len({resolve({"snapshots": [1, 2]}), resolve({"snapshots": [1, 2]})}) == 1


def test_classic_is_the_notebook_that_everybody_starts_from():
    classic = resolve("classic")

    assert (classic.parameterisation, classic.optimiser, classic.learning_rate) == ("pixels", "normalised", 10.0)
    assert (classic.leak, classic.jitter_px, classic.scale, classic.rotation_degrees) == (0, 0, 0, 0)
    assert classic.stretch
    assert not classic.preprocess


def test_deeper_layers_get_fewer_steps_within_the_limits():
    steps = [resolve("default", field).steps for field in (1, 3, 24, 60, 196, 1000)]

    assert steps == sorted(steps, reverse=True)
    assert (steps[0], steps[-1]) == (80, 16)
    assert len(set(steps)) > 3


def test_more_layers_on_the_way_ask_for_more_steps_within_the_limits():
    def steps(depth: int) -> int:
        return recipes.resolve("default", field_px=400, canvas_px=224, depth=depth).steps

    assert [steps(depth) for depth in (1, 12, 32, 49, 200)] == [16, 16, 40, 61, 80]


def test_a_grainy_gradient_is_answered_with_coarse_structure_but_not_in_shallow_layers():
    def settled(specification, field_px: int, grain: float) -> tuple[float, ...]:
        found = recipes.resolve(specification, field_px=field_px, canvas_px=224, grain=grain)
        return found.decay, found.contrast_limit, found.scale, found.rotation_degrees

    plain, coarse = (1.0, 2.0, 0.0, 0.0), (1.3, 1.2, 0.1, 10.0)
    assert settled("default", 150, 0.49) == settled("default", 30, 0.9) == plain
    assert settled("default", 150, 0.5) == coarse
    assert settled({"decay": 0.8}, 150, 0.5) == (0.8, *coarse[1:])
    assert settled("classic", 150, 0.9) == plain


@pytest.mark.parametrize("field_px", [3, 24, 196])
def test_the_automatic_rate_follows_the_steps_that_are_made(field_px):
    for recipe in (resolve("default", field_px), resolve({"steps": 50}, field_px)):
        assert recipe.learning_rate * recipe.steps == pytest.approx(recipes.PATH_LENGTH, rel=0.01)
    assert resolve({"learning_rate": 0.5}, field_px).learning_rate == 0.5


@pytest.mark.parametrize("steps", [1, 10_000])
def test_the_automatic_rate_is_a_rate_for_any_number_of_steps(steps):
    schema.check({"recipe": resolve({"steps": steps}).to_json()}, schema.load())


@pytest.mark.parametrize("canvas_px", [8, 64, 224, 2048])
@pytest.mark.parametrize("field_px", [1, 24, 196, 3000])
def test_automatic_settings_are_within_the_bounds_and_the_canvas(field_px, canvas_px):
    recipe = resolve("default", field_px, canvas_px)

    schema.check({"recipe": recipe.to_json()}, schema.load())
    assert 0 < recipe.jitter_px <= canvas_px


@pytest.mark.parametrize(
    ("snapshots", "expected"),
    [((), (6,)), ((0, 2), (0, 2, 6)), ((6, 100, 2, 2), (2, 6)), ((4, 1, 0), (0, 1, 4, 6))],
)
def test_snapshots_are_ascending_within_the_ascent_and_end_with_it(snapshots, expected):
    recipe = dataclasses.replace(resolve("default"), steps=6, snapshots=snapshots)

    assert recipe.snapshot_steps == expected


def test_what_a_single_unit_sees_hardly_moves():
    assert resolve({"objective": "neuron"}).jitter_px == recipes.JITTER_NEURON_PX
    assert resolve({"objective": "neuron", "jitter_px": 9}).jitter_px == 9


def test_three_quarters_of_the_default_steps_are_climbed_on_a_copy_and_none_of_the_exact_recipe():
    default, exact = resolve("default", 196, 224), resolve("exact", 196, 224)

    assert (default.steps, default.copied_steps, default.jitter_settled_from) == (16, 12, 6)
    assert (exact.steps, exact.copied_steps, exact.jitter_settled_from) == (17, 0, 17)
    assert resolve({"copy_rank": 0.0}).copied_steps == 0


@pytest.mark.parametrize("field_px", [5, 40, 196])
def test_fine_is_the_default_with_three_times_the_steps(field_px):
    default, fine = resolve("default", field_px), resolve("fine", field_px)

    assert fine.steps == pytest.approx(3 * default.steps, abs=1)
    assert fine.jitter_settles < default.jitter_settles
    assert fine == resolve({"steps": fine.steps, "jitter_settles": fine.jitter_settles}, field_px)


@pytest.mark.parametrize(("objective", "expected"), [("channel", 16), ("neuron", 4)])
def test_a_shift_that_settles_never_grows(objective, expected):
    assert resolve({"objective": objective}).jitter_settled_px == expected
