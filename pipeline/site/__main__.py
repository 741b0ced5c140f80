"""The command that builds the published atlas: `python -m pipeline.site`."""

from pathlib import Path

from pipeline import errors, options
from pipeline.network import catalogue, known
from pipeline.results import atlas as atlases
from pipeline.site.build import build, parse_site


def main() -> None:
    """Build the site."""
    parser = options.Parser(prog="python -m pipeline.site", description="Build the published atlas.")
    known.add_options(parser)
    options.add_weights(parser)
    options.add_results(parser)
    options.add_layers(parser)
    parser.add_argument("--site", default="{}", metavar="JSON", help="the site section of the configuration")
    parser.add_argument("--templates", type=Path, default=Path("templates"), help="folder of the templates")
    parser.add_argument("--photographs", action="store_true", help="say what photographs and gratings do, too")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write, replaced if it is there")
    parser.add_argument("--published", type=Path, help="the site whose place it will take: what is its owner's is kept")
    arguments = parser.parse_args()
    site = parse_site(arguments.site)
    network = catalogue.load(arguments.model, arguments.preprocessing)
    atlas = atlases.read(
        arguments.results, arguments.weights, network, arguments.layers, with_photographs=arguments.photographs
    )
    count = build(
        atlas,
        site,
        results=arguments.results,
        templates=arguments.templates,
        output=arguments.output,
        published=arguments.published,
    )
    print(f"{arguments.output / 'index.html'}: {count} pages")


if __name__ == "__main__":
    errors.run(main)
