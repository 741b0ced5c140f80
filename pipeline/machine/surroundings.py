"""What of a machine may change the bytes of a picture, in words: what renders it, and what the environment tells
TensorFlow and its libraries."""

import os
import platform
from pathlib import Path

# Variables by which TensorFlow and its libraries compute otherwise, and the beginnings of the names of others.
_NAMES = (
    *("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC"),
    *("TF_USE_LEGACY_KERAS", "TF_ENABLE_CUBLAS_TENSOR_OP_MATH_FP32", "TF_CUDNN_USE_AUTOTUNE", "TF_CUDNN_USE_FRONTEND"),
)
_BEGINNINGS = ("ONEDNN_", "DNNL_", "TF_ONEDNN_", "TF_MKL_", "EIGEN_", "CUBLAS_", "CUDNN_")
# Of those, what only says what was done.
_CHATTER = ("VERBOSE", "DUMP", "PROFILE", "LOG")
# A value with a path in it says where somebody's files are, and records are published.
_SAYS_A_PLACE = ("/", "\\", "~")
_LONGEST_VALUE = 200
# Where Linux describes the processor, and by which words: x86's, and Arm's, which has numbers for names.
_CPUINFO = Path("/proc/cpuinfo")
_DESCRIBED = ("model name", "CPU implementer", "CPU part")


def variables() -> dict[str, str]:
    """Return the variables of the environment that may change bytes, by name in order; of a value with a path in it
    just that there is one."""
    found = {}
    for name in sorted(os.environ):
        if (name in _NAMES or name.startswith(_BEGINNINGS)) and not any(word in name for word in _CHATTER):
            value = os.environ[name]
            is_private = any(sign in value for sign in _SAYS_A_PLACE) or not value.isprintable()
            found[name] = "…" if is_private or len(value) > _LONGEST_VALUE else value
    return found


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """Return the kind of this machine's processor: "x86_64 Intel(R) Xeon(R) Platinum 8488C"; where the system does not
    say, its architecture alone."""
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    said: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        said.setdefault(key.strip(), " ".join(value.split()))
    return " ".join([platform.machine(), *(said[key] for key in _DESCRIBED if said.get(key))])
