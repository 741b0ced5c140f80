import dataclasses
import itertools
import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote, urldefrag

import msgspec
import pytest

from pipeline.errors import UserError
from pipeline.network import catalogue, known
from pipeline.network.catalogue import Network
from pipeline.results import atlas as atlases
from pipeline.results import layout
from pipeline.site import build as site
from pipeline.site.build import Site
from tests.support import networks, synthetic
from tests.support.markup import Document, documents
from tests.support.sites import BASE, NUMBERS
from tests.support.synthetic import PHOTOGRAPHS

# What pages run: scripts of ours, by name, and what is written into a page for search engines.
OWN_SCRIPTS = (
    "atlas.js",
    "compare.js",
    "filter.js",
    "layer.js",
    "map.js",
    "openseadragon.min.js",
    "originals.js",
    "results.js",
    "sheets.js",
    "application/ld+json",
)

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)> '{{ 7*7 }}' ../../etc \u202e𝕏 </title>"


def renamed(network: Network, names: list[str]) -> Network:
    """Return a network whose layers, l0, l1, …, have other names."""
    new = {f"l{place}": name for place, name in enumerate(names)}
    layers = tuple(
        dataclasses.replace(layer, name=new[layer.name], sources=tuple(map(new.get, layer.sources)))
        for layer in network.layers
    )
    return dataclasses.replace(network, catalogue=dataclasses.replace(network.catalogue, layers=layers))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_how_to_cite_says_which_settings_would_add_to_it(plain, public, build, tmp_path):
    name = f"{next(iter(NUMBERS))}/000.html"
    whole = build(tmp_path / "site", author="A", year=2026, base_url=BASE)
    texts = [" ".join((folder / name).read_text().split()) for folder in (plain, public, whole)]

    assert "Whoever builds the atlas can add site.year and site.base_url of its configuration." in texts[0]
    assert "can add site.author and site.year of" in texts[1]
    assert "Whoever builds" not in texts[2]


def test_every_layer_every_filter_and_every_photograph_has_a_page(plain):
    expected = {
        "index.html",
        "map.html",
        "how-to-read.html",
        "data/index.html",
        "search.html",
        "compare.html",
        "404.html",
    }
    expected |= {f"{layer}/index.html" for layer in NUMBERS}
    expected |= {f"{layer}/{number:03}.html" for layer, numbers in NUMBERS.items() for number in numbers}
    expected |= {"photographs/index.html", *(f"photographs/{number:03}.html" for number in range(PHOTOGRAPHS))}
    assert set(documents(plain)) == expected


def test_every_link_and_every_anchor_resolves_inside_the_site(plain):
    pages = documents(plain)
    ids = {document.path.resolve(): set(document.ids()) for document in pages.values()}
    for name, document in pages.items():
        for address in document.addresses():
            if address.startswith(("https://", "data:")):
                continue
            path, anchor = document.target(address)
            assert path.is_relative_to(plain.resolve()), f"{name}: {address}"
            assert path.is_file(), f"{name}: {address}"
            assert not anchor or anchor in ids[path], f"{name}: {address}"


def test_ids_are_unique_on_each_page(plain):
    for name, document in documents(plain).items():
        assert len(document.ids()) == len(set(document.ids())), name


def test_every_page_can_be_reached_from_home_by_links_alone(plain):
    pages = {document.path.resolve(): document for document in documents(plain).values()}
    reached, waiting = set(), [(plain / "index.html").resolve()]
    while waiting:
        page = waiting.pop()
        if page in reached or page not in pages:
            continue
        reached.add(page)
        links = [each["href"] for each in pages[page].all("a") if not each["href"].startswith("https:")]
        waiting += [pages[page].target(link)[0] for link in links]
    assert set(pages) - reached == {(plain / "404.html").resolve()}


def test_every_picture_has_a_text_and_a_size_which_small_ones_have_from_the_style_sheet(plain):
    small = (layout.THUMBNAIL, f"-photographs{layout.ENDING}")
    for name, document in documents(plain).items():
        for image in document.all("img"):
            assert {"src", "alt"} <= image.keys(), name
            if not image["src"].endswith(small):
                assert image["width"].isdecimal(), name
                assert image["height"].isdecimal(), name


def test_the_text_of_a_filters_picture_says_which_filter_and_how_it_looks(plain, atlas):
    described = atlas.by_name["block3_conv1"].by_number[159].description
    images = Document(plain / "block3_conv1" / "159.html").all("img")
    assert f"Filter 159 of block3_conv1: {described}" in [image["alt"] for image in images]


def test_headings_go_down_by_one_level_at_a_time(plain):
    for name, document in documents(plain).items():
        levels = [int(tag[1]) for tag, _ in document.elements if tag in ("h1", "h2", "h3", "h4")]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), name


def test_nothing_is_loaded_from_elsewhere(plain, public):
    for folder in (plain, public):
        for name, document in documents(folder).items():
            loaded = [each.get("src", "") for each in document.all("img") + document.all("script")]
            loaded += [each["href"] for each in document.all("link") if each["rel"] not in ("canonical", "alternate")]
            if name == "404.html" and folder == public:
                assert all(address.startswith(BASE) for address in loaded)
            else:
                assert not [each for each in loaded if "//" in each and not each.startswith("data:")], name


def test_without_a_base_address_nothing_absolute_is_written(plain):
    assert not (plain / "sitemap.xml").exists()
    assert not (plain / "feed.xml").exists()
    for document in documents(plain).values():
        assert not [each for each in document.all("link") if each["rel"] == "canonical"]
        assert not [each for each in document.all("meta") if "property" in each]


def test_the_picture_for_other_sites_is_there_when_it_is_named(public):
    home = {
        each["property"]: each["content"] for each in Document(public / "index.html").all("meta") if "property" in each
    }
    assert home["og:image"] == f"{BASE}/assets/card.jpg"
    assert (public / "assets" / "card.jpg").stat().st_size > 10_000


def test_every_link_of_the_lost_page_leads_to_a_page(public):
    for address in Document(public / "404.html").addresses():
        if address.startswith(BASE):
            name = unquote(urldefrag(address.removeprefix(f"{BASE}/").partition("?")[0])[0])
            assert (public / (f"{name}index.html" if name.endswith("/") or not name else name)).is_file(), address
    links = [each["href"] for each in Document(public / "404.html").all("a")]
    assert f"{BASE}/#layers" in links


def test_the_lost_page_finds_its_way_from_any_depth(public):
    links = [each["href"] for each in Document(public / "404.html").all("a") if not each["href"].startswith("#")]
    assert all(link.startswith("https://") for link in links)


def test_two_builds_give_the_same_bytes(public, build, tmp_path):
    assert contents(build(tmp_path / "site", base_url=BASE)) == contents(public)


def test_a_failure_leaves_the_previous_site(results, atlas, build, repository, tmp_path):
    output = build(tmp_path / "site", title="Before")
    before = contents(output)
    broken = tmp_path / "results"
    shutil.copytree(results, broken)
    (broken / "tiles" / "block3_conv1" / "159-thumb.avif").unlink()
    with pytest.raises(UserError, match=r"159-thumb\.avif"):
        site.build(atlas, Site(title="After"), results=broken, templates=repository / "templates", output=output)
    assert contents(output) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


def test_an_atlas_of_one_filter_is_whole(repository, tmp_path):
    network = catalogue.load("vgg16")
    synthetic.make_results(tmp_path, network, {"block4_conv2": [300]})
    atlas = atlases.read(tmp_path, tmp_path / "weights.npz", network, ["block4_conv2"])
    site.build(atlas, Site(), results=tmp_path, templates=repository / "templates", output=tmp_path / "site")
    page = Document(tmp_path / "site" / "block4_conv2" / "300.html")
    assert "1 of 1" in page.text
    assert not page.all("a")[0]["href"].startswith("None")
    home = Document(tmp_path / "site" / "index.html")
    assert "1 of 512 filters" in home.text
    assert "Pictures of what 1 filter of VGG16 looks for, made by gradient ascent." in home.text
    # With nothing to compare with, nothing is said of it.
    texts = [document.text for name, document in documents(tmp_path / "site").items() if name != "how-to-read.html"]
    assert not [text for text in texts if "own best" in text or "excites it more" in text]


def test_the_published_record_is_the_result(plain, results):
    published, result = plain / "block3_conv1/159.json", results / "filters/block3_conv1/159.json"

    assert json.loads(published.read_text()) == json.loads(result.read_text())


def test_the_published_summary_is_the_result_without_what_the_tables_have(plain, results):
    published = json.loads((plain / "data/layers/block3_conv1.json").read_text())
    result = json.loads((results / "layers/block3_conv1.json").read_text())

    for each in result["filters"]:
        assert all(each.pop(name) for name in ("incoming", "outgoing", "similar"))
    assert published == result


def test_hostile_settings_are_text_and_nothing_else(build, tmp_path):
    output = build(
        tmp_path / "site", title=HOSTILE, author=HOSTILE, description=HOSTILE, licence=HOSTILE, base_url=BASE
    )
    for name, document in documents(output).items():
        assert {*document.scripts()} <= {*OWN_SCRIPTS}, name
        assert not [each for _, each in document.elements if any(key.startswith("on") for key in each)], name
        assert "{{ 7*7 }}" in document.text, name
        assert not [each for each in document.all("img") if each["src"] == "x"], name
    ElementTree.parse(output / "sitemap.xml")
    assert "<script" not in (output / "llms.txt").read_text()
    assert "<script" not in (output / "assets" / "search.js").read_text()


def test_hostile_layer_names_stay_inside_the_site(sequential, repository, tmp_path):
    names = ["../../up", 'a"><script>x</script>', "data", "Ünï/côdé 𝕏"]
    # Keras refuses a slash; a catalogue is a document, and may say anything.
    network = renamed(sequential(*[("Conv2D", {"filters": 4, "kernel_size": [3, 3], "padding": "same"})] * 4), names)
    results = tmp_path / "results"
    synthetic.make_results(results, network, {name: [0, 1, 2, 3] for name in names})
    atlas = atlases.read(results, results / "weights.npz", network, names)
    output = tmp_path / "out" / "site"
    site.build(atlas, Site(base_url=BASE), results=results, templates=repository / "templates", output=output)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["site"]
    pages = documents(output)
    assert len([name for name in pages if name.endswith("/003.html")]) == len(names)
    for name, document in pages.items():
        assert {*document.scripts()} <= {*OWN_SCRIPTS}, name
        for address in document.addresses():
            if not address.startswith(("https://", "data:")):
                path, _ = document.target(address)
                assert path.is_relative_to(output.resolve()), address
                assert path.is_file(), address
    headings = {Document(path).text for path in output.glob("*/index.html")}
    assert all(any(name in text for text in headings) for name in names)


@pytest.fixture
def any_site(repository, tmp_path):
    """Return a function that builds the site of a network, all its layers with two filters each."""

    def build(network: Network) -> Path:
        results = tmp_path / "results"
        synthetic.make_results(results, network, {layer.name: [0, 1] for layer in network.layers})
        atlas = atlases.read(results, results / "weights.npz", network, [layer.name for layer in network.layers])
        site.build(atlas, Site(), results=results, templates=repository / "templates", output=tmp_path / "site")
        return tmp_path / "site"

    return build


def nested(keras) -> Network:
    """Return a network in a network: normalised, depthwise, with a gate and a sum, and a layer called twice."""
    layers = keras.layers
    photo = keras.Input((32, 32, 3), name="photo")
    stem = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", name="stem")(photo)))
    depthwise = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", name="depthwise")(stem))
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(depthwise))
    gated = layers.Multiply()([depthwise, gate])
    branch = layers.Conv2D(4, 3, padding="same", name="branch")(gated)
    encoder = keras.Model(photo, layers.Add()([gated, branch]), name="encoder")
    image = keras.Input((32, 32, 3), name="image")
    shared = layers.Conv2D(4, 3, padding="same", activation="relu", name="shared")
    return networks.network_of(keras.Model(image, shared(shared(encoder(image))), name="nested"))


def test_layers_of_nested_models_have_pages_that_are_found_and_linked(keras, any_site):
    network = nested(keras)
    names = ["encoder/stem", "encoder/depthwise", "encoder/branch", "shared", "shared@2"]
    assert [layer.name for layer in network.layers] == names

    folder = any_site(network)

    pages = documents(folder)
    for page in pages.values():
        for address in page.addresses():
            if not address.startswith(("https://", "data:")):
                path, anchor = page.target(address)
                assert path.is_file(), address
                assert not anchor or anchor in Document(path).ids(), address
    search = json.loads((folder / "assets/search.js").read_text().removeprefix("window.ATLAS=").removesuffix(";\n"))
    assert [layer["name"] for layer in search["layers"]] == names
    for layer in search["layers"]:
        assert (folder / layer["folder"] / "001.html").is_file()
        assert layer["name"] in Document(folder / layer["folder"] / "index.html").text
        assert f"nested {layer['name']}/1, weights" in Document(folder / layer["folder"] / "001.html").text


def test_pages_say_of_each_layer_what_the_network_does_with_it(keras, any_site):
    folder = any_site(nested(keras))
    texts = {
        name: Document(next(folder.glob(f"{pattern}/000.html"))).text
        for name, pattern in {"stem": "*-stem-*", "depthwise": "*-depthwise-*", "branch": "*-branch-*"}.items()
    }

    assert "The response is the value after BatchNormalization, before ReLU." in texts["stem"]
    assert "sign of a filter" not in texts["stem"]
    assert "each filter reads one channel alone" in texts["depthwise"]
    assert "The response is the convolution’s own output, which Add reads." in texts["branch"]
    assert "Pictures show the positive end; the objective negative_channel shows the negative one." in texts["branch"]
    assert "Besides, it sees the whole image, by way of a gate, a normalisation over the whole map" in texts["branch"]
    home, guide = (Document(folder / f"{name}.html").text for name in ("index", "how-to-read"))
    assert "found, all but depthwise" in home
    assert "own best, depthwise" in home
    assert "Stride 1" in home
    assert "the value after BatchNormalization, before ReLU (in 1 layer)" in guide


def test_pages_of_a_network_of_several_inputs_say_which_one_they_picture(keras, any_site):
    conv = keras.layers.Conv2D
    left, right = (keras.Input((32, 32, 3), name=name) for name in ("left", "right"))
    merged = keras.layers.Add()([conv(2, 3, name="one")(left), conv(2, 3, name="two")(right)])
    folder = any_site(networks.network_of(keras.Model([left, right], merged, name="pair")))

    for layer, words in {
        "one": "pictures of this layer are of left, with right held at mid grey.",
        "two": "pictures of this layer are of right, with left held at mid grey.",
    }.items():
        for page in ("index", "000"):
            assert Document(folder / layer / f"{page}.html").text.count(words) == 1
    assert (
        "Other images are held at mid grey and all other inputs at zero" in Document(folder / "how-to-read.html").text
    )


def test_where_there_is_one_input_nothing_is_said_of_others(plain):
    assert [name for name, page in documents(plain).items() if "held at" in page.text] == []


def test_false_colours_are_said_to_be_false_and_every_channel_is_shown(sequential, any_site):
    plain = {"kernel_size": [3, 3], "padding": "same", "activation": "relu"}
    folder = any_site(sequential(("Conv2D", plain | {"filters": 4}), ("Conv2D", plain | {"filters": 2}), channels=5))

    page = Document(folder / "l0/001.html")
    assert "of which channel 0 is shown as red, channel 1 as green, channel 2 as blue." in page.text
    assert "001-channels.avif" in [each["src"] for each in page.all("img")]
    assert (folder / "l0/001-channels.avif").is_file()
    assert "channel 4" in page.text
    everywhere = " ".join(document.text for document in documents(folder).values())
    assert "red, green and blue" not in everywhere.replace("are not red, green and blue", "")
    assert not (folder / "assets/kernels.png").exists()


def test_nothing_is_said_of_colours_where_images_are_grey(sequential, any_site):
    plain = {"kernel_size": [3, 3], "padding": "same", "activation": "relu"}
    folder = any_site(sequential(("Conv2D", plain | {"filters": 4}), channels=1))

    assert "pictures are grey" in Document(folder / "l0/index.html").text
    assert "Input: a grey image" in Document(folder / "index.html").text
    assert "for each colour" not in Document(folder / "l0/000.html").text
    assert (folder / "assets/kernels.png").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "JSON object"),
        ('{"titel": "x"}', "did you mean title"),
        ('{"title": 3}', "title: should be text"),
        ('{"year": true}', "year: should be a number"),
        ('{"source": "javascript:alert(1)"}', "site.source"),
        ('{"publish_patches": "no"}', "publish_patches: should be true or false"),
        ('{"highlights": "a/1"}', "highlights: should be a list of texts"),
        ('{"highlights": [1]}', "highlights: should be a list of texts"),
        ('{"base_url": "javascript:alert(1)"}', "base_url"),
        ('{"base_url": "https://"}', "base_url"),
        ('{"base_url": "https://example.org/?q=1"}', "base_url"),
        ('{"base_url": "https://[::1"}', "base_url"),
    ],
)
def test_mistakes_in_the_site_section_are_named(text, message):
    with pytest.raises(UserError, match=message):
        site.parse_site(text)


def test_a_final_slash_of_the_base_address_does_not_matter():
    assert site.parse_site(json.dumps({"base_url": BASE + "/"})).base_url == BASE


@pytest.mark.parametrize(
    ("origin", "target", "address"),
    [
        ("index.html", "block1_conv1/000.html", "block1_conv1/000.html"),
        ("block1_conv1/000.html", "block1_conv1/001.html", "001.html"),
        ("block1_conv1/000.html", "index.html#layers", "../index.html#layers"),
        ("data/index.html", "", ".."),
        ("index.html", "", "."),
    ],
)
def test_addresses_are_relative(origin, target, address):
    assert site.relative(origin, target) == address


def test_a_site_without_a_title_is_named_after_what_it_shows(atlas, results, repository, tmp_path):
    for objective, words in (("channel", "look for"), ("negative_channel", "are against")):
        layers = tuple(msgspec.structs.replace(layer, objective=objective) for layer in atlas.layers)
        changed = dataclasses.replace(atlas, layers=layers)
        output = tmp_path / objective
        site.build(changed, Site(), results=results, templates=repository / "templates", output=output)
        assert f"What the filters of VGG16 {words}" in Document(output / "index.html").text
        assert f"Pictures of what 10 filters of VGG16 {words}" in (output / "llms.txt").read_text()


def test_the_makers_of_a_network_and_of_its_published_weights_are_named(plain):
    foot = Document(plain / "index.html").text

    assert "Network and weights: VGG16 by K. Simonyan and A. Zisserman" in foot
    assert "University of Oxford, CC BY 4.0." in foot


def test_weights_of_the_users_own_are_not_said_to_be_the_makers(atlas, results, repository, tmp_path):
    own = dataclasses.replace(atlas, weights_are_published=False, weights_source="the file mine.h5")

    site.build(own, Site(), results=results, templates=repository / "templates", output=tmp_path / "site")

    foot = Document(tmp_path / "site/index.html").text
    assert "Network: VGG16 by K. Simonyan and A. Zisserman, Visual Geometry Group, University of Oxford." in foot
    assert "Weights from the file mine.h5." in foot
    for page in ("index.html", "how-to-read.html", "data/index.html"):
        text = Document(tmp_path / "site" / page).text
        assert "and weights" not in text
        assert "and its weights" not in text


def test_a_licence_that_nobody_named_is_not_claimed(atlas, results, repository, tmp_path, monkeypatch):
    unsaid = known.credit("efficientnetb0")
    monkeypatch.setattr("pipeline.site.build.credit", lambda model: unsaid)
    monkeypatch.setattr("pipeline.site.build.display_name", lambda model: unsaid.network)

    site.build(atlas, Site(licence=""), results=results, templates=repository / "templates", output=tmp_path / "site")

    for page in ("index.html", "how-to-read.html", "data/index.html"):
        assert "None" not in Document(tmp_path / "site" / page).text
    assert "Network and weights: EfficientNetB0 by M. Tan and Q. V. Le, Google." in (
        Document(tmp_path / "site/index.html").text
    )
