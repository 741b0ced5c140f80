"""Several atlases in one site, below a home that lists them: `python -m pipeline.site.collection`.

An atlas keeps its pages, byte for byte, in a folder of its own. So no page of it leads back to the home of all; a link
would make it another site than the one in its results.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import errors, files, formatting, images, options
from pipeline.config.base_url import check_base_url
from pipeline.errors import UserError
from pipeline.files import PROJECT, link_or_copy, replacing_folder
from pipeline.results import document, layout, published
from pipeline.results.published import Collection, Member, Published
from pipeline.site import illustrations, publishing
from pipeline.site.build import Renderer, Site, write_text
from pipeline.site.cards import OF_SITE
from pipeline.site.pages import collection as home
from pipeline.site.pages.page import Page

TITLE = "Filter atlases"

# What stands beside the folders of the atlases, and by whose names no atlas is called.
OWN = ("404.html", "assets", "collection.json", "index.html", "llms.txt", "robots.txt", "sitemap.xml", ".nojekyll")
_RESERVED = {Path(name).stem for name in OWN}


@dataclass(frozen=True)
class Source:
    """An atlas to be put into a collection: whose results, its finished site, what that says, and its folder."""

    results: Path
    site: Path
    said: Published
    slug: str


def sources(folders: Sequence[Path]) -> list[Source]:
    """Return the atlases of results folders, each with a folder that no other has.

    Raises `UserError` where a folder has no finished site, is there twice, or is titled as another is.
    """
    if not folders:
        raise UserError("no results folder is named; name those of the atlases, such as results lite0/results")
    found: list[Source] = []
    for results in folders:
        if any(results.resolve() == other.results.resolve() for other in found):
            raise UserError(f"{results}: named twice")
        said = _read(results)
        for other in found:
            if said.title == other.said.title:
                raise UserError(
                    f"{results}: the same title as {other.results}, {said.title!r:.80}, by which nobody could tell "
                    "them apart: set site.title of one, and make site"
                )
        slug = _slug(said.network, {other.slug for other in found})
        found.append(Source(results, layout.site(results), said, slug))
    return found


def _read(results: Path) -> Published:
    site = layout.site(results)
    if not (site / "index.html").is_file():
        raise UserError(f"{results}: no finished site in it (site/index.html); make atlas builds results and site")
    if not layout.about(site).is_file():
        raise UserError(f"{layout.about(site)}: no such file; the site is of an earlier version: make site")
    said = published.read_about(site)
    for example in said.examples:
        for name in (example.page, example.picture):
            if not (site / name).is_file():
                raise UserError(f"{site / name}: no such file, but the site says there is one; make site")
    return said


def _slug(network: str, taken: set[str]) -> str:
    """Return a folder for the atlas of a network: its name, and a number where others have that already."""
    name = re.sub(r"[^a-z0-9]+", "-", network.lower()).strip("-")[:60].strip("-") or "network"
    if name in _RESERVED:
        name += "-atlas"
    slug, number = name, 2
    while slug in taken:
        slug, number = f"{name}-{number}", number + 1
    return slug


def build(atlases: Sequence[Source], *, title: str, base_url: str, templates: Path, output: Path) -> None:
    """Write atlases and their home into the folder `output`, whole or not at all.

    Args:
        atlases: in the order of the home.
        title: of the home.
        base_url: where it will be published, without a final slash, or nothing.
        templates: folder of the templates.
        output: the folder; an earlier collection there is replaced.

    Raises `UserError` where an atlas was not built for its place below `base_url`, and where `output` holds anything
    that is not of a collection, or overlaps with results.
    """
    output = output.resolve()
    _check_addresses(atlases, base_url)
    _check_apart(atlases, output)
    _check_replaceable(output)
    description = home.summary([each.said for each in atlases])
    view = home.collection_view([(each.slug, each.said) for each in atlases])
    pages = (
        Page("index.html", "collection.html", title, description, OF_SITE, view),
        Page("404.html", "collection_404.html", "Page not found", "There is no page at this address.", OF_SITE, None),
    )
    renderer = Renderer(Site(title=title, base_url=base_url), templates, structured="")
    with replacing_folder(output) as folder:
        for each in atlases:
            _put(each.site, folder / each.slug)
        for page in pages:
            write_text(folder / page.path, renderer.render(page))
        (folder / "assets").mkdir()
        for name in ("style.css", "collection.css", "icon.svg"):
            (folder / "assets" / name).write_bytes((templates / name).read_bytes())
        (folder / "assets" / "icon.png").write_bytes(images.png(illustrations.icon()))
        (folder / ".nojekyll").touch()
        write_text(folder / "robots.txt", publishing.robots(base_url))
        said = [(each.slug, each.said) for each in atlases]
        write_text(folder / "llms.txt", publishing.llms_of_several(base_url, title, description, said))
        if base_url:
            write_text(folder / "sitemap.xml", publishing.sitemap_index(base_url, [each.slug for each in atlases]))
            link_or_copy(atlases[0].site / OF_SITE, folder / OF_SITE)
        members = (Member(folder=each.slug, network=each.said.network, title=each.said.title) for each in atlases)
        made = Collection(title=title, atlases=tuple(members))
        files.write_json(layout.collection(folder), document.to_json(made))


def _check_addresses(atlases: Sequence[Source], base_url: str) -> None:
    for each in atlases:
        wanted = f"{base_url}/{each.slug}"
        if base_url and each.said.base_url != wanted:
            built = each.said.base_url or "no address"
            raise UserError(
                f"{each.results}: its pages were built for {built}, not for {wanted}, where they would be: "
                "set site.base_url to that, and make site"
            )


def _check_apart(atlases: Sequence[Source], output: Path) -> None:
    for each in atlases:
        results = each.results.resolve()
        if output.is_relative_to(results) or results.is_relative_to(output):
            raise UserError(f"{output}: overlaps with {each.results}; name a folder apart from all results")


def _check_replaceable(output: Path) -> None:
    """Raise `UserError` where something is in the way that is not an earlier collection, and nothing else."""
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    if not layout.collection(output).is_file():
        raise UserError(f"{output}: is there and not a collection of ours, so it stays; name another folder")
    earlier = {each.folder for each in published.read_collection(output).atlases}
    for path in sorted(output.iterdir()):
        if path.name not in earlier.union(OWN):
            raise UserError(f"{path}: not of the collection there, which would be replaced; move it away")


def _put(site: Path, folder: Path) -> None:
    folder.mkdir()
    for path in sorted(site.rglob("*")):
        there = folder / path.relative_to(site)
        if path.is_dir() and not path.is_symlink():
            there.mkdir()
        elif path.name != layout.MARK:
            link_or_copy(path, there)


def main() -> None:
    """Put atlases into one site."""
    parser = options.Parser(
        prog="python -m pipeline.site.collection", description="Put several finished atlases into one site."
    )
    parser.add_argument("results", nargs="*", type=Path, metavar="RESULTS", help="results folders, in this order")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER", help="the folder to write; an earlier one is replaced"
    )
    parser.add_argument("--title", default=TITLE, help="of the home that lists the atlases (default: %(default)s)")
    parser.add_argument(
        "--base-url",
        default="",
        metavar="URL",
        help="where it will be published; the atlas in its folder x was built with site.base_url URL/x",
    )
    parser.add_argument("--templates", type=Path, default=PROJECT / "templates", help="folder of the templates")
    arguments = parser.parse_args()
    base_url = check_base_url(arguments.base_url, "base-url")
    title = " ".join(arguments.title.split()) or TITLE
    if character := formatting.not_for_a_line(title):
        raise UserError(f"title: the character {character} has no place in a page; remove it")
    files.check_place(arguments.output)
    atlases = sources(arguments.results)
    build(atlases, title=title, base_url=base_url, templates=arguments.templates, output=arguments.output)
    for each in atlases:
        print(f"{arguments.output / each.slug}: {each.said.network}, from {each.results}")
    print(f"{arguments.output / 'index.html'}: {len(atlases)} {'atlas' if len(atlases) == 1 else 'atlases'}")


if __name__ == "__main__":
    errors.run(main)
