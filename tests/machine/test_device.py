import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.machine import device
from pipeline.machine.start import take
from pipeline.pool import client, owner


class Config:
    """Stands for `tf.config` on a machine with so many GPUs; tells what was set."""

    def __init__(self, gpus: int) -> None:
        self.gpus = [f"GPU:{number}" for number in range(gpus)]
        self.visible: list[str] | None = None
        self.settings: dict[str, object] = {}
        self.experimental = SimpleNamespace(
            set_memory_growth=lambda gpu, enable: self.settings.update({gpu: enable}),
            enable_tensor_float_32_execution=lambda enable: self.settings.update({"19 bits": enable}),
        )

    def list_physical_devices(self, kind: str) -> list[str]:
        assert kind == "GPU"
        return self.gpus

    def set_visible_devices(self, devices: list[str], kind: str) -> None:
        assert kind == "GPU"
        self.visible = devices


@pytest.fixture(autouse=True)
def environment(monkeypatch) -> pytest.MonkeyPatch:
    for name in (device.DEVICE, device.BATCH, client.ADDRESS):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("wanted", "gpus", "taken", "visible"),
    [
        ("", 0, "cpu", []),
        ("auto", 0, "cpu", []),
        ("auto", 1, "gpu", ["GPU:0"]),
        ("auto", 2, "gpu", ["GPU:0"]),
        ("cpu", 1, "cpu", []),
        ("gpu", 2, "gpu", ["GPU:0"]),
    ],
)
def test_a_process_uses_one_gpu_where_tensorflow_sees_one_and_none_where_none_is_wanted(
    environment, wanted, gpus, taken, visible
):
    environment.setenv(device.DEVICE, wanted)
    config = Config(gpus)

    assert take(SimpleNamespace(config=config)) == taken
    assert config.visible == visible


def test_a_gpu_gives_memory_as_it_is_needed_and_multiplies_float32_as_such():
    config = Config(gpus=1)

    take(SimpleNamespace(config=config))

    assert config.settings == {"GPU:0": True, "19 bits": False}


def test_a_gpu_that_is_demanded_and_not_there_is_a_mistake(environment):
    environment.setenv(device.DEVICE, "gpu")

    with pytest.raises(UserError, match="ATLAS_DEVICE: TensorFlow sees no GPU here"):
        take(SimpleNamespace(config=Config(gpus=0)))


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


@pytest.mark.parametrize("value", ["0", "65", "-1", "4.0", "many", "٤", "²", "9" * 10_000])
def test_a_batch_that_is_none_is_a_mistake(environment, value):
    environment.setenv(device.BATCH, value)

    with pytest.raises(UserError, match="ATLAS_BATCH: should be a number of filters, 1 to 64, not '"):
        owner.check_environment()


@pytest.mark.parametrize("value", ["no", "0", "OFF", "false", "pool.sock"])
def test_a_pool_that_is_neither_off_nor_an_address_is_a_mistake(environment, value):
    environment.setenv(client.ADDRESS, value)

    with pytest.raises(UserError, match="ATLAS_POOL: should be off for no pool, or not be set, not '"):
        owner.check_environment()


@pytest.mark.parametrize("value", ["", "off", "/tmp/atlas-x/pool"])
def test_a_pool_that_is_off_or_an_address_is_none(environment, value):
    environment.setenv(client.ADDRESS, value)

    owner.check_environment()


@pytest.mark.parametrize(
    ("on", "batch", "cores", "limit", "at_once", "waiting"),
    [
        ("cpu", "", 2, 2, 1, 1),
        ("cpu", "4", 2, 2, 4, 10),
        ("gpu", "", 8, 1, 8, 8),
        ("gpu", "", 64, 1, 8, 1),
        ("gpu", "4", 2, 1, 4, 6),
    ],
)
def test_a_pool_has_one_worker_on_a_gpu_and_a_batch_waits_for_it(
    environment, on, batch, cores, limit, at_once, waiting
):
    def start(workers: int, **settings: object) -> str:
        started.append((workers, settings))
        return "/a/pool"

    started: list[tuple[int, dict]] = []
    environment.setattr(owner, "start", start)
    environment.setattr(owner, "usable_cores", lambda: 64)
    environment.setattr(device, "settle", lambda: on)
    environment.setenv(device.BATCH, batch)
    workflow = SimpleNamespace(is_main_process=True, touch=False, local_exec=True, cores=cores)

    assert owner.start_for(workflow) == waiting
    assert started == [(limit, {"batch": at_once, "on": on})]


def test_a_command_says_in_one_line_that_the_gpu_it_is_to_use_is_not_there(tmp_path, keras_file, keras_weights_file):
    arguments = ["--model", str(keras_file), "--preprocessing", "unit", "--weights", str(keras_weights_file)]

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.render", *arguments, "--layer", "first", "--filter", "0", "--output", "x.png"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT), device.DEVICE: "gpu"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "error: ATLAS_DEVICE: TensorFlow sees no GPU here; see docs/gpu.md, or set it to auto or cpu\n"
    )
    assert not list(tmp_path.iterdir())
