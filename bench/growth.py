"""What photographs and gratings add to the site of a finished atlas, in bytes: `python -m bench.growth`.

The site is built twice, with them and without, both without the lossless pictures, which are the same.
"""

import argparse
import dataclasses
import tempfile
from collections import Counter
from pathlib import Path

from bench import table
from pipeline import errors
from pipeline.errors import UserError
from pipeline.network import catalogue, known
from pipeline.results import atlas as atlases
from pipeline.results import layer_summary, layout
from pipeline.results.atlas import Atlas
from pipeline.site.build import Site, build

TEMPLATES = Path(__file__).parent.parent / "templates"
STRIP = f"-photographs{layout.ENDING}"
MB = 1e6


def kind(path: Path) -> str:
    """Return of what kind the file of a site is whose path below the site this is."""
    if path.name.endswith(STRIP):
        return "strips of patches"
    if path.parts[0] == "photographs":
        return "pages of photographs" if path.suffix == ".html" else "copies of photographs"
    if path.suffix == ".html":
        return "pages of filters" if path.stem.removeprefix("filter-").isdigit() else "other pages"
    return "data" if path.parts[0] == "data" else "other files"


def weights(atlas: Atlas, results: Path) -> Counter[str]:
    """Return the bytes of the site of an atlas, by kind."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=results) as temporary:
        site = Path(temporary, "site")
        build(atlas, Site(originals=False), results=results, templates=TEMPLATES, output=site)
        for path in site.rglob("*"):
            if path.is_file():
                found[kind(path.relative_to(site))] += path.stat().st_size
    return found


def main() -> None:
    """Print what photographs and gratings add."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="of an atlas that was shown photographs")
    known.add_options(parser)
    options = parser.parse_args()
    made = [layer_summary.read(path).name for path in sorted((options.results / "layers").glob("*.json"))]
    if not made:
        raise UserError(f"{options.results}: no summaries in layers/")
    network = catalogue.load(options.model, options.preprocessing)
    atlas = atlases.read(options.results, layout.weights(options.results), network, made, with_photographs=True)
    shown = len(atlas.natural.collection.photographs) if atlas.natural else 0
    plain = dataclasses.replace(atlas, natural=None, trust=None, tuning={})
    after, before = (weights(each, options.results) for each in (atlas, plain))
    rows = [[name, before[name] / MB, after[name] / MB, (after[name] - before[name]) / MB] for name in sorted(after)]
    rows.append(["all", before.total() / MB, after.total() / MB, (after.total() - before.total()) / MB])
    print(f"{sum(len(layer.numbers) for layer in atlas.layers):,} filters, {shown} photographs; MB")
    print(table.render(("files", "without", "with", "more"), rows))


if __name__ == "__main__":
    errors.run(main)
