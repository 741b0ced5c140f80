"""TensorFlow, imported once for a process: on the device that renders, on as many threads as the job has, and without
its start-up chatter."""

import os
from pathlib import Path
from types import ModuleType

from pipeline import device


def import_tensorflow(threads: int = 1, *, on: str | None = None) -> ModuleType:
    """Import TensorFlow on `threads` threads; a filter's ascent is one core's work, so one is the default.

    Its C++ parts write to the process's stderr, whatever the log level, before their logging is set up: that would
    bury the one line that a user is to read. Python's own errors at import are raised as ever.

    It uses the device `on`, as `pipeline.device` names it, or else the one that the environment asks for. Raises
    `UserError` where that is not there.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        device.take(tf, on)
        # A worker compiles a loop for each layer, on purpose; TensorFlow takes that for a mistake and says so.
        tf.get_logger().setLevel("ERROR")
        tf.zeros(1)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    return tf
