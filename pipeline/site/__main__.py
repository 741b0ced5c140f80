"""The command that builds the published atlas: `python -m pipeline.site`."""

import argparse
from pathlib import Path

from pipeline import errors
from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.site.build import build, parse_site


def main() -> None:
    """Build the site."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.site", description="Build the published atlas.")
    parser.add_argument("--model", default="vgg16", help="vgg16, or the path of a .keras file (default: vgg16)")
    parser.add_argument("--preprocessing", default="auto", help="how the model wants its input (default: auto)")
    parser.add_argument("--weights", type=Path, required=True, help="the weights file that the workflow made")
    parser.add_argument("--results", type=Path, required=True, help="the results folder")
    parser.add_argument("--layers", required=True, nargs="+", metavar="LAYER", help="names of the layers to show")
    parser.add_argument("--site", default="{}", metavar="JSON", help="the site section of the configuration")
    parser.add_argument("--templates", type=Path, default=Path("templates"), help="folder of the templates")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write, replaced if it is there")
    arguments = parser.parse_args()
    site = parse_site(arguments.site)
    network = catalogue.load(arguments.model, arguments.preprocessing)
    atlas = atlases.read(arguments.results, arguments.weights, network, arguments.layers)
    count = build(atlas, site, results=arguments.results, templates=arguments.templates, output=arguments.output)
    print(f"{arguments.output / 'index.html'}: {count} pages")


if __name__ == "__main__":
    errors.run(main)
