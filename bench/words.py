"""How well words part the pictures of a finished atlas, and the constants behind the words: `python -m bench.words`.

With `--again`, a folder of some of the same filters rendered with another seed: how far a filter keeps its words.
"""

import argparse
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import errors
from pipeline.measure import colours, looks, words
from pipeline.measure.looks import Descriptors

# Shares of the pictures, in per cent, at which levels part: five of a measure, three of relief.
FIVE, THREE = (15, 38, 62, 85), (25, 75)

KINDS = {
    "scale": {word for _, word in words.SCALES},
    "direction": {*words.DIRECTIONS},
    "pattern": {*words.PATTERNS},
    "relief": {word for _, word in words.RELIEFS},
    "colour": {*colours.NAMES, "many-coloured"},
    "vividness": {word for _, word in words.VIVIDNESS},
    "lightness": {word for _, word in words.LIGHTNESS},
}

Key = tuple[str, int]
Looks = Mapping[Key, Descriptors]


def measured(results: Path) -> tuple[Looks, np.ndarray]:
    """Return the looks of all pictures of an atlas by layer and filter, and their mean shares of the colours."""
    found, shares = {}, []
    for path in sorted((results / "filters").glob("*/*.png")):
        with Image.open(path) as picture:
            image = np.array(picture)
        found[path.parent.name, int(path.stem)] = looks.describe(image)
        shares.append([*colours.measure(image).shares.values()])
    if not found:
        raise errors.UserError(f"{results}: no pictures in filters/")
    return found, np.mean(shares, 0)


def parting(found: Looks) -> Iterator[str]:
    """Yield how well the words part the pictures, a line at a time: entropies are in bits."""
    count = len(found)
    texts = Counter(each.description for each in found.values())
    shares = {
        word: times / count
        for word, times in Counter(word for text in texts.elements() for word in words.named(text)).most_common()
    }
    for word, share in shares.items():
        yield f"{word:14} {100 * share:5.1f} %"
    bits = sum(-p * math.log2(p) - (1 - p) * math.log2(1 - p) for p in shares.values() if p < 1)
    entropy = sum(times / count * math.log2(count / times) for times in texts.values())
    alone = sum(times == 1 for times in texts.values())
    (text, most), *_ = texts.most_common(1)
    different, own = (f"{100 * value / count:.1f} %" for value in (len(texts), alone))
    yield f"{count:,} pictures, {different} different descriptions, {own} of the pictures have one of their own"
    yield f"the most frequent, {most} times: {text}"
    yield f"entropy: of the description {entropy:.1f} bits, of the words one by one {bits:.1f} bits"
    orange = sum({"orange", "stripes"} <= {*words.named(each.description)} for each in found.values())
    yield f"orange stripes: {orange}"


def keeping(found: Looks, again: Looks) -> Iterator[str]:
    """Yield how far filters keep the words of each kind when they are rendered again: words of both pictures among
    those of either, over all filters, where none twice is kept, too, and over those that have any."""
    pairs = [
        ({*words.named(found[key].description)}, {*words.named(again[key].description)})
        for key in again
        if key in found
    ]
    for kind, own in KINDS.items():
        kept = [len(one & other & own) / len((one | other) & own) for one, other in pairs if (one | other) & own]
        same = sum(kept) + len(pairs) - len(kept)
        named = f", {100 * np.mean(kept):5.1f} % of the {len(kept)} that have any" if kept else ", never named"
        yield f"{kind:14} kept by {100 * same / len(pairs):5.1f} % of {len(pairs)}{named}"
    words_in = sum(len(one) for one, _ in pairs)
    both = sum(len(one & other) for one, other in pairs)
    yield f"of {words_in} words {100 * both / words_in:.1f} % are said of the other picture, too"


def constants(found: Looks, shares: np.ndarray) -> Iterator[str]:
    """Yield what `pipeline.measure.words` says of the full atlas, as these pictures have it."""
    measures: list[tuple[str, Callable[[Descriptors], float], tuple[int, ...]]] = [
        ("SCALES", lambda each: each.period_px, FIVE),
        ("RELIEFS", lambda each: each.skewness, THREE),
        ("VIVIDNESS", lambda each: each.chroma, FIVE),
        ("LIGHTNESS", lambda each: each.lightness, FIVE),
    ]
    for name, measure, places in measures:
        values = np.percentile([measure(each) for each in found.values()], places)
        yield f"{name:14} {' '.join(f'{value:.4g}' for value in values)}"
    yield f"USUAL_SHARES   {' '.join(f'{name} {share:.3f}' for name, share in zip(colours.NAMES, shares, strict=True))}"


def main() -> None:
    """Print what the words of an atlas are worth."""
    parser = argparse.ArgumentParser(prog="python -m bench.words", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), help="the finished atlas")
    parser.add_argument("--again", type=Path, help="results of some of its filters with another seed")
    arguments = parser.parse_args()
    found, shares = measured(arguments.results)
    print(*parting(found), *constants(found, shares), sep="\n")
    if arguments.again:
        print(*keeping(found, measured(arguments.again)[0]), sep="\n")


if __name__ == "__main__":
    errors.run(main)
