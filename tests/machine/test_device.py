import pytest

from pipeline.errors import UserError
from pipeline.machine import device
from pipeline.pool import owner


@pytest.mark.parametrize(
    ("wanted", "driver", "seen", "settled"),
    [
        ("auto", False, None, "cpu"),
        ("auto", True, "cpu", "cpu"),
        ("auto", True, "gpu", "gpu"),
        ("cpu", True, None, "cpu"),
        ("gpu", False, "gpu", "gpu"),
    ],
    ids=["no driver", "a driver, not TensorFlow's", "a GPU", "a GPU, not wanted", "a GPU of another driver"],
)
def test_a_workflow_asks_tensorflow_only_where_its_word_counts(environment, tmp_path, wanted, driver, seen, settled):
    def ask() -> str:
        assert seen, "asked in vain"
        return seen

    environment.setenv(device.DEVICE, wanted)
    environment.setattr(device, "DRIVERS", (tmp_path / "missing", tmp_path if driver else tmp_path / "missing"))
    environment.setattr(device, "_seen_by_tensorflow", ask)

    assert device.settle() == settled


def test_tensorflow_is_asked_whatever_is_wanted_and_sees_no_gpu_where_there_is_none(environment):
    environment.setenv(device.DEVICE, "gpu")

    with pytest.raises(UserError, match="TensorFlow sees no GPU"):
        device.settle()


@pytest.mark.parametrize("value", ["GPU", "cuda", "0", " cpu", "x" * 100_000])
def test_a_device_that_is_none_is_a_mistake_in_one_short_line(environment, value):
    environment.setenv(device.DEVICE, value)

    with pytest.raises(UserError, match="ATLAS_DEVICE: should be auto, cpu or gpu, not '") as caught:
        owner.check_environment()
    assert len(str(caught.value)) < 130


@pytest.mark.parametrize(("on", "value", "size"), [("cpu", "", 1), ("gpu", "", 8), ("cpu", "4", 4), ("gpu", "64", 64)])
def test_a_batch_is_what_suits_the_device_or_what_is_wanted(environment, on, value, size):
    environment.setenv(device.BATCH, value)

    assert device.batch_size(on) == size


@pytest.mark.parametrize(
    ("wanted", "driver", "said"),
    [("auto", True, True), ("", True, True), ("cpu", True, False), ("auto", False, False)],
    ids=["idle", "idle, and nothing said", "not wanted", "none"],
)
def test_a_gpu_that_lies_idle_is_said_in_one_line(environment, tmp_path, wanted, driver, said):
    environment.setenv(device.DEVICE, wanted)
    environment.setattr(device, "DRIVERS", (tmp_path / "missing", tmp_path if driver else tmp_path / "missing"))

    line = device.idle_gpu()

    assert bool(line) == said
    assert not said or line.startswith(f"{tmp_path}: there is a GPU, but TensorFlow")
