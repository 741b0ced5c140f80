import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.machine import device, surroundings
from pipeline.machine.start import take, used


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


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads where Linux lists them")
def test_numpy_multiplies_on_one_thread_whatever_the_environment_says():
    program = (
        "import pipeline, numpy, os; "
        "matrix = numpy.ones((700, 700)); matrix @ matrix; print(len(os.listdir('/proc/self/task')))"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2"}

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == "1\n"


@pytest.mark.parametrize(
    ("gpus", "details", "kind"),
    [
        ([], {}, surroundings.processor()),
        ([SimpleNamespace(device_type="GPU")], {"device_name": "NVIDIA H100"}, "NVIDIA H100"),
        ([SimpleNamespace(device_type="GPU")], {}, "GPU"),
    ],
    ids=["a processor", "a GPU", "a GPU that says nothing of itself"],
)
def test_what_is_computed_on_has_a_name(gpus, details, kind):
    config = SimpleNamespace(
        get_visible_devices=lambda kind: gpus,
        experimental=SimpleNamespace(get_device_details=lambda gpu: details),
    )

    assert used(SimpleNamespace(config=config)) == kind
