"""TensorFlow, imported once for a process: on the device that renders, on as many threads as the job has, and without
its start-up chatter."""

import os
from pathlib import Path
from types import ModuleType

from pipeline.errors import or_exit
from pipeline.machine import surroundings
from pipeline.machine.device import CPU, GPU, none_seen, wanted


def import_tensorflow(threads: int = 1, *, on: str | None = None) -> ModuleType:
    """Import TensorFlow on `threads` threads; a filter's ascent is one core's work, so one is the default.

    Its C++ parts write to the process's stderr, whatever the log level, before their logging is set up: that would
    bury the one line that a user is to read. Python's own errors at import are raised as ever.

    It uses the device `on`, as `machine.device` names it, or else the one that the environment asks for. Raises
    `UserError` where that is not there.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    # It goes over what `take` says.
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        take(tf, on)
        # A worker compiles a loop for each layer, on purpose; TensorFlow takes that for a mistake and says so.
        tf.get_logger().setLevel("ERROR")
        tf.zeros(1)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    started: ModuleType = tf
    return started


def take(tf: ModuleType, device: str | None = None) -> str:
    """Make this process's TensorFlow, which has not started yet, use a device, "auto", "cpu" or "gpu", or else the one
    that is wanted; return which that is.

    Of several GPUs it uses the first, takes memory as it needs it, not all at once, and multiplies float32 as such, not
    in the 19 bits that newer GPUs would make of it.

    Raises `UserError` where a GPU is demanded and there is none.
    """
    device = device or wanted()
    gpus = [] if device == CPU else tf.config.list_physical_devices("GPU")[:1]
    if device == GPU and not gpus:
        raise none_seen()
    tf.config.set_visible_devices(gpus, "GPU")
    if not gpus:
        return CPU
    tf.config.experimental.set_memory_growth(gpus[0], True)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return GPU


def used(tf: ModuleType) -> str:
    """Return what this process's TensorFlow computes on: the kind of the GPU, or of the processor."""
    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return surroundings.processor()
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name") or gpus[0].device_type)


def main() -> None:
    """Print the device that TensorFlow renders on here."""
    tf = import_tensorflow()
    print(GPU if tf.config.get_visible_devices("GPU") else CPU)


if __name__ == "__main__":
    or_exit(main)
