"""The published atlas: renders every page and puts it beside its pictures and data, in one folder for any host."""

import dataclasses
import functools
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import jinja2.ext
from markupsafe import Markup
from PIL import Image

import pipeline
from pipeline import files, images, wording
from pipeline.config.base_url import check_base_url
from pipeline.errors import UserError, did_you_mean
from pipeline.files import link_or_copy, replacing_folder
from pipeline.formatting import size_words
from pipeline.network.known import credit, display_name
from pipeline.results import document, layer_summary, layout, sheets
from pipeline.results.atlas import Atlas, Natural
from pipeline.results.exemplars import Exemplars
from pipeline.results.layer_summary import Layer
from pipeline.results.photographs import Collection
from pipeline.results.record import Record
from pipeline.results.sheets import Sheets
from pipeline.site import addresses, cards, citing, contents, downloads, illustrations, own, publishing, search, tables
from pipeline.site.about import about
from pipeline.site.pages import compare, guide, photographs
from pipeline.site.pages import layer as layer_page
from pipeline.site.pages import map as map_page
from pipeline.site.pages import network as network_page
from pipeline.site.pages.filter import FilterView
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import first_kernels

# AVIF quality (0..100) of the grey maps on the page that explains convolution.
RESPONSE_QUALITY = 43


# What shows the map (https://openseadragon.github.io, BSD-3-Clause), as it was published, and its licence.
VIEWER = ("openseadragon.min.js", "openseadragon.LICENSE.txt")


@dataclass(frozen=True)
class Site:
    """What the user says about the site; `config.schema.yaml` says what each means.

    `base_url` has no final slash, and is empty where the site has no public address; an empty title or description is
    made from the atlas. Where `publish_patches` is false, pages show no part of a photograph; where `originals` is,
    pictures are not published as they were measured. Without `highlights`, "layer/filter", some are chosen. Year 0 is
    not said. What is in the folder `extra` is published, too.
    """

    title: str = ""
    author: str = ""
    description: str = ""
    base_url: str = ""
    language: str = "en"
    licence: str = ""
    publish_patches: bool = True
    year: int = 0
    source: str = ""
    originals: bool = True
    highlights: tuple[str, ...] = ()
    extra: str = ""


_KINDS = {str: "text", bool: "true or false", tuple: "a list of texts", int: "a number"}


def parse_site(text: str) -> Site:
    """Return the site that a JSON object describes; raise `UserError` for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"--site: not valid JSON ({error})") from None
    if not isinstance(value, dict):
        raise UserError("--site: should be a JSON object")
    kinds = {each.name: type(each.default) for each in dataclasses.fields(Site)}
    # JSON has no tuples.
    value = {key: tuple(entry) if isinstance(entry, list) else entry for key, entry in value.items()}
    for key, entry in value.items():
        if key not in kinds:
            raise UserError(f"--site: unknown key '{key}'{did_you_mean(key, kinds)}")
        # True is a number to Python, and no year.
        texts = entry if isinstance(entry, tuple) else ()
        if type(entry) is not kinds[key] or not all(isinstance(each, str) for each in texts):
            raise UserError(f"--site: {key}: should be {_KINDS[kinds[key]]}, not {entry!r:.80}")
    site = Site(**value)
    return dataclasses.replace(
        site, base_url=check_base_url(site.base_url), source=check_base_url(site.source, "site.source")
    )


def build(
    atlas: Atlas, site: Site, *, results: Path, templates: Path, output: Path, published: Path | None = None
) -> int:
    """Write the whole site into the folder `output`, whole or not at all; return the number of pages.

    What is in the folder `published` and no build has made is brought along: this site is to take its place.
    """
    description = site.description or guide.summary(atlas)
    title = site.title or wording.title(display_name(atlas.network.model), atlas.words)
    site = dataclasses.replace(site, title=title)
    made = sheets.read_of(results, atlas.layers)
    shown = [
        *contents.site_pages(
            atlas,
            title,
            description,
            highlights=site.highlights,
            with_patches=site.publish_patches,
            with_originals=site.originals,
        ),
        *photographs.photograph_pages(atlas, with_patches=site.publish_patches),
        map_page.map_page(atlas, made, cards.OF_SITE),
        *guide.extra_pages(atlas),
    ]
    renderer = Renderer(site, templates, **names(atlas, site, description))
    with replacing_folder(output) as folder:
        (folder / "assets").mkdir()
        (folder / "data" / "layers").mkdir(parents=True)
        for layer in atlas.layers:
            _write_layer(folder / addresses.folder(layer), results, layer, atlas.records[layer.name])
            orders = {each.name: each.filters for each in layer_page.orders(atlas, layer)}
            script = f"window.ATLAS_SORT={tables.compact(orders)};\n"
            write_text(folder / addresses.folder(layer) / "sort.js", script)
            figures = compare.figures(atlas, layer, with_patches=site.publish_patches)
            write_text(
                folder / addresses.folder(layer) / "figures.js",
                f"(window.ATLAS_FIGURES??={{}})[{tables.compact(layer.name)}]={tables.compact(figures)};\n",
            )
            if site.originals:
                downloads.write(folder, results, atlas.network.name, layer)
            if site.publish_patches and atlas.natural:
                _write_strips(folder, results, layer, atlas.natural.layers[layer.name])
        if atlas.natural:
            _write_photographs(folder, results, atlas.natural, site.publish_patches)
        _write_map(folder, results, atlas, made, templates)
        _write_assets(folder / "assets", atlas, templates)
        _write_data(folder, atlas, site, results)
        # How much there is, as the data page says it, is known once it is written.
        renderer.environment.globals.update(
            size=lambda path: size_words((folder / path).stat().st_size), rows=lambda path: _rows(folder / path)
        )
        for page in shown:
            write_text(folder / page.path, renderer.render(page))
        _write_publishing(folder, atlas, dataclasses.replace(site, description=description), shown)
        if site.extra:
            own.add(folder, Path(site.extra))
        own.write_made(folder)
        if published:
            own.bring_along(published, folder)
    return len(shown)


def names(atlas: Atlas, site: Site, description: str) -> dict[str, Any]:
    """Return what the templates of all pages know beside the site and their page, by name."""
    return {
        "network": display_name(atlas.network.model),
        "credit": credit(atlas.network.model),
        "weights_source": atlas.weights_source,
        "weights_are_published": atlas.weights_are_published,
        "weights_sha256": atlas.weights_sha256,
        "search_example": search.example(atlas),
        "has_photographs": atlas.natural is not None,
        "photographs_are_credited": atlas.natural is not None and atlas.natural.collection.is_credited,
        "licence_url": citing.licence_url(site.licence),
        "bibtex": citing.bibtex,
        "sections": list(contents.sections(atlas)),
        "context": network_page.context(atlas),
        "atlas_bibtex": _bibtex(atlas, site),
        "uncited": _uncited(site),
        "structured": tables.compact(_dataset(site, description)) if site.base_url else "",
    }


class _Unquoted(jinja2.ext.Extension):
    """Takes out of templates the quotes that HTML does not ask for: in the pages of 4,224 filters they are 1 MB."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        del name, filename
        # An address of the site has no blank, quote or angle bracket in it.
        return re.sub(r' ([a-z-]+)="([\w.-]+|\{\{ url\([^{}"=]+\) \}\})"(?=[ >])', r" \1=\2", source)


class Renderer:
    """Turns pages into HTML: one environment, and one function through which every address passes."""

    def __init__(self, site: Site, templates: Path, **names: object) -> None:
        """Prepare for pages of a site; `names` are what their templates know beside `site` and the page itself."""
        self.site = site
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(templates),
            extensions=[_Unquoted],
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # A digest in the address makes browsers fetch the style and the script anew when, and only when, they change.
        # Scripts load one another, so that all have the digest of all.
        scripts = {path.name: _digest(*templates.glob("*.js")) for path in templates.glob("*.js")}
        shipped = [*templates.glob("*.css"), *templates.glob("vendor/*.js")]
        versions = scripts | {path.name: _digest(path) for path in shipped}
        # A layer's page and its filters share a folder: the name alone is their address, and 512 of them stay short.
        self.environment.filters["last_part"] = posixpath.basename
        self.environment.filters["as_text"] = as_text
        self.environment.globals.update(site=site, version=pipeline.__version__, versions=versions, **names)

    def render(self, page: Page) -> str:
        """Return the HTML of a page."""
        is_lost = page.path == addresses.LOST
        base = self.site.base_url
        # A host shows 404.html at any address, so only absolute links lead out of it.
        url = (
            functools.partial(publishing.absolute, base) if is_lost and base else functools.partial(relative, page.path)
        )
        canonical = publishing.absolute(base, page.path) if base and not is_lost else ""
        card = page.view.card if isinstance(page.view, FilterView) else cards.OF_SITE
        template = self.environment.get_template(page.template)
        return template.render(
            page=page,
            view=page.view,
            url=url,
            canonical=canonical,
            card=publishing.absolute(base, card) if base else "",
            card_alt=page.view.alt if isinstance(page.view, FilterView) else self.site.title,
        )


def as_text(markup: str) -> Markup:
    """Return markup as the text of a page that shows it: quotes stay as they are."""
    return Markup(str(markup).replace("&", "&amp;").replace("<", "&lt;"))


def _bibtex(atlas: Atlas, site: Site) -> str:
    name = display_name(atlas.network.model)
    return citing.bibtex(
        f"{name}-filter-atlas",
        title=site.title,
        author=site.author,
        year=site.year,
        url=f"{site.base_url}/" if site.base_url else "",
        note=f"Filters of {name}, weights SHA-256 {atlas.weights_sha256[:12]}, Filter Atlas {pipeline.__version__}",
    )


def _uncited(site: Site) -> str:
    """Return the settings that would add to how pages say they are to be cited, in words; nothing where all are set."""
    left = [f"site.{name}" for name in ("author", "year", "base_url") if not getattr(site, name)]
    return " and ".join(filter(None, [", ".join(left[:-1]), *left[-1:]]))


def _rows(table: Path) -> str:
    return f"{len(table.read_text(encoding='utf-8').splitlines()) - 1:,}"


def _dataset(site: Site, description: str) -> dict[str, Any]:
    return citing.dataset(
        title=site.title,
        description=description,
        author=site.author,
        year=site.year,
        licence=site.licence,
        url=f"{site.base_url}/",
        files={publishing.absolute(site.base_url, each.path): "text/csv" for each in tables.TABLES}
        | {publishing.absolute(site.base_url, "data/datapackage.json"): "application/json"},
    )


def relative(origin: str, target: str) -> str:
    """Return the relative address of `target` seen from the page `origin`, both from the root of the site."""
    path, hash_sign, anchor = target.partition("#")
    return _way(posixpath.dirname(origin), path) + hash_sign + anchor


# Half a million links lead from 13 folders to the same pages and pictures.
@functools.lru_cache(maxsize=2**16)
def _way(folder: str, path: str) -> str:
    return posixpath.relpath(path or ".", folder or ".")


def _write_layer(folder: Path, results: Path, layer: Layer, records: Mapping[int, Record]) -> None:
    folder.mkdir()
    source = layout.layer_paths(results, layer.name).copies
    for name in layout.copies(layer.numbers, with_channels=images.is_false_colour(layer.image_channels)):
        if not (source / name).is_file():
            raise UserError(f"{source / name}: no such file; python -m pipeline.pictures.web makes it")
        link_or_copy(source / name, folder / name)
    for number, record in records.items():
        _write_compact(folder / f"{layout.digits(number)}.json", document.to_json(record))


def _write_strips(folder: Path, results: Path, layer: Layer, natural: Exemplars) -> None:
    for each in natural.filters:
        if each.exemplars:
            source = layout.strip(results, layer.name, each.filter)
            if not source.is_file():
                raise UserError(f"{source}: no such file; python -m pipeline.photographs.strips makes it")
            link_or_copy(source, folder / addresses.strip_path(layer, each.filter))


def _write_photographs(folder: Path, results: Path, natural: Natural, publish_patches: bool) -> None:
    (folder / photographs.INDEX).parent.mkdir()
    for number in natural.paged if publish_patches else ():
        source = layout.photograph_copy(results, number)
        if not source.is_file():
            raise UserError(f"{source}: no such file; python -m pipeline.photographs.copies makes it")
        link_or_copy(source, folder / addresses.photograph_path(number, layout.ENDING))


def _write_map(folder: Path, results: Path, atlas: Atlas, made: Sheets, templates: Path) -> None:
    for name in sheets.files(made):
        source, target = layout.map_folder(results) / name, folder / map_page.FOLDER / name
        if not source.is_file():
            raise UserError(f"{source}: no such file; python -m pipeline.pictures.map makes it")
        target.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(source, target)
    write_text(folder / map_page.DATA, f"window.ATLAS_MAP={tables.compact(map_page.script_data(atlas, made))};\n")
    for name in VIEWER:
        (folder / "assets" / name).write_bytes((templates / "vendor" / name).read_bytes())


def _write_assets(folder: Path, atlas: Atlas, templates: Path) -> None:
    for path in (templates / "style.css", templates / "icon.svg", *templates.glob("*.js")):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "icon.png").write_bytes(images.png(illustrations.icon()))
    write_text(folder / "search.js", search.script(atlas, photographs.search_entries(atlas.natural)))
    kernels = first_kernels(atlas)
    is_grey = len(kernels) and atlas.first_kernels.shape[3] == 1
    card = illustrations.grey_test_card() if is_grey else illustrations.test_card()
    (folder / "card.png").write_bytes(images.png(card))
    if len(kernels):
        (folder / "kernels.png").write_bytes(images.png(illustrations.kernel_sheet(kernels)))
    for number in illustrations.telling_kernels(kernels):
        response = illustrations.response(card, kernels[number])
        (folder / f"response-{number}{layout.PICTURE}").write_bytes(
            images.encode(Image.fromarray(response), RESPONSE_QUALITY)
        )


def _write_data(folder: Path, atlas: Atlas, site: Site, results: Path) -> None:
    for table, text in tables.texts(atlas):
        write_text(folder / table.path, text)
    files.write_json(folder / "data" / "datapackage.json", tables.package(atlas.words, site.title, site.licence))
    said = about(
        atlas,
        title=site.title,
        language=site.language,
        author=site.author,
        licence=site.licence,
        base_url=site.base_url,
        named=site.highlights,
    )
    files.write_json(layout.about(folder), document.to_json(said))
    for layer in atlas.layers:
        paths = layout.layer_paths(results, layer.name)
        _write_compact(folder / "data" / "layers" / paths.summary.name, _without_lists(layer))
        if not paths.responses.is_file():
            raise UserError(f"{paths.responses}: no such file; python -m pipeline.summary makes it")
        layer_summary.check_responses(paths.responses, (len(layer.numbers), layer.filters_total))
        link_or_copy(paths.responses, folder / "data" / "layers" / paths.responses.name)
    for name in atlas.tuning:
        source = layout.tuning(results, name)
        (folder / "data" / "tuning").mkdir(exist_ok=True)
        link_or_copy(source, folder / "data" / "tuning" / source.name)

    if atlas.natural:
        (folder / "data" / "photographs").mkdir()
        _write_compact(folder / "data" / "photographs.json", _published(atlas.natural.collection))
        for layer in atlas.layers:
            natural = document.to_json(atlas.natural.layers[layer.name])
            _write_compact(folder / "data" / "photographs" / f"{layer.slug}.json", natural)


def _published(collection: Collection) -> dict[str, Any]:
    # Where the folder lies on its owner's machine, and what else is in it, is nobody's business.
    name = collection.folder and Path(collection.folder).name
    return document.to_json(collection) | {"folder": name, "left_out": []}


def _without_lists(layer: Layer) -> dict[str, Any]:
    # They are in slices.csv and similar.csv but for the kernels, which are the network's own: of 4,224 filters, 13 MB.
    summary = document.to_json(layer)
    for each in summary["filters"]:
        for name in ("incoming", "outgoing", "similar"):
            del each[name]
    return summary


def _write_publishing(folder: Path, atlas: Atlas, site: Site, shown: list[Page]) -> None:
    (folder / ".nojekyll").touch()
    listed = [page for page in shown if page.path != addresses.LOST]
    write_text(folder / "robots.txt", publishing.robots(site.base_url))
    write_text(folder / "llms.txt", publishing.llms(site.base_url, site.title, site.description, atlas, shown))
    # Also where no other page shows it: Snakemake's report does.
    cards.write_of_site(folder, atlas, site.title)
    if site.base_url:
        write_text(folder / "sitemap.xml", publishing.sitemap(site.base_url, listed))
        cards.write_of_filters(folder, atlas)


def write_text(path: Path, text: str) -> None:
    """Write a page or another text of a site, the same bytes on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_compact(path: Path, value: Any) -> None:
    # A third of the bytes of the indented original, thousands of times.
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:8]
