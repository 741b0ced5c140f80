"""Another tool on the same filters: tf-keras-vis, in a virtual environment of its own.

The environment sees this one's packages, so that the peer runs on the same TensorFlow; what the peer needs beyond
them goes there and nowhere else.
"""

import json
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench import BUILD, ROOT

TOOL = "tf-keras-vis==0.8.7"
INSTALL_SECONDS = 120
RUN_SECONDS = 180


@dataclass(frozen=True)
class Outcome:
    """What became of a peer.

    Attributes:
        seconds: of one filter, at the peer's own defaults, TensorFlow's start left out.
        image: its picture, uint8 (side, side, 3).
        failure: why there is none; "" when there is.
    """

    seconds: float | None
    image: np.ndarray | None
    failure: str = ""


def run(layer: str, filter: int, weights: Path, threads: int) -> Outcome:
    """Have the peer visualise one filter with its defaults."""
    directory = BUILD / "peers-venv"
    python = directory / "bin" / "python"
    try:
        if not (directory / "installed").exists():
            _install(directory, python)
        output = BUILD / "bench" / "peer.png"
        output.parent.mkdir(parents=True, exist_ok=True)
        arguments = [layer, str(filter), str(weights), str(threads), str(output)]
        done = subprocess.run(
            [str(python), "-m", "bench.peer_tf_keras_vis", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        return Outcome(None, None, f"{TOOL} took more than {error.timeout:.0f} s")
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        return Outcome(None, None, f"{TOOL} failed: {lines[-1][:200] if lines else error}")
    seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
    return Outcome(seconds, np.asarray(Image.open(output).convert("RGB")))


def _install(directory: Path, python: Path) -> None:
    venv.create(directory, with_pip=True, clear=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = directory / "lib" / version / "site-packages"
    (site / "atlas.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TOOL]
    subprocess.run(pip, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True)
    (directory / "installed").touch()
