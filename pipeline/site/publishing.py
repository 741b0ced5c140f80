"""The files that hosts, crawlers and language models look for beside the pages."""

from collections.abc import Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape

from pipeline.network.known import display_name
from pipeline.results.atlas import Atlas
from pipeline.results.published import Published
from pipeline.site.pages.network import context
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import rendered_words


def absolute(base_url: str, path: str) -> str:
    """Return the public address of a page, or of a place on it; folders are named without their index."""
    path, hash_sign, anchor = path.partition("#")
    path = path.removesuffix("index.html") if path == "index.html" or path.endswith("/index.html") else path
    return f"{base_url}/{quote(path)}{hash_sign}{anchor}"


def robots(base_url: str) -> str:
    """Return robots.txt: everything may be read, and where the sitemap is."""
    return "User-agent: *\nAllow: /\n" + (f"\nSitemap: {base_url}/sitemap.xml\n" if base_url else "")


def sitemap(base_url: str, pages: Sequence[Page]) -> str:
    """Return sitemap.xml: the address of every page."""
    lines = "".join(f"<url><loc>{escape(absolute(base_url, page.path))}</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
    )


def sitemap_index(base_url: str, folders: Sequence[str]) -> str:
    """Return sitemap.xml of several atlases: where that of each is."""
    lines = "".join(f"<sitemap><loc>{escape(base_url)}/{quote(each)}/sitemap.xml</loc></sitemap>\n" for each in folders)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</sitemapindex>\n'
    )


def llms(base_url: str, title: str, description: str, atlas: Atlas, pages: Sequence[Page]) -> str:
    """Return llms.txt: what the site is and where its parts are, in Markdown."""
    prefix = f"{base_url}/" if base_url else ""

    def link(path: str, name: str) -> str:
        return f"[{_plain(name)}]({prefix}{quote(path)})"

    network = context(atlas) or f"{display_name(atlas.network.model)}."
    counts = {layer.name: rendered_words(layer) for layer in atlas.layers}
    layers = "".join(
        f"- {link(page.path, page.title)}: {counts[page.title]}\n" for page in pages if page.template == "layer.html"
    )
    described = "Photographs: whose they are, and which filters each excites most"
    photographs = f"- {link('photographs/index.html', described)}\n" if atlas.natural else ""
    return (
        f"# {_plain(title)}\n\n> {_plain(description) or 'What the filters of a convolutional network look for.'}\n\n"
        f"Network: {_plain(network)} In a layer’s folder each filter has a page (`007.html`; of filter 404, "
        "`filter-404.html`), a picture (`007.avif`) and a record (`007.json`), by its number in at least three digits."
        "\n\n"
        f"## Layers\n\n{layers}\n## More\n\n"
        f"- {link('how-to-read.html', 'How to read the pictures: convolution, gradient ascent, limits, glossary')}\n"
        f"- {link('search.html', 'Words that describe the pictures, with examples of each')}\n"
        f"{photographs}"
        f"- {link('data/index.html', 'Data: all measures as CSV and JSON, with field descriptions')}\n"
    )


def llms_of_several(base_url: str, title: str, description: str, atlases: Sequence[tuple[str, Published]]) -> str:
    """Return llms.txt of several atlases, each given with its folder: what they are, and where that of each is."""
    prefix = f"{base_url}/" if base_url else ""
    lines = "".join(
        f"- [{_plain(said.title)}]({prefix}{quote(folder)}/llms.txt): {_plain(said.network)}, "
        f"{said.totals.filters:,} of {said.totals.filters_total:,} filters\n"
        for folder, said in atlases
    )
    return f"# {_plain(title)}\n\n> {_plain(description)}\n\n## Atlases\n\n{lines}"


def _plain(text: str) -> str:
    """Return text on one line, without what Markdown would read as a link or as HTML."""
    return " ".join(text.translate({ord(each): " " for each in "[]<>`"}).split())
