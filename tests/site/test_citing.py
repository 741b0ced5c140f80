import pytest

from pipeline.site import citing


@pytest.mark.parametrize(
    ("licence", "url"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC BY-SA 3.0", "https://creativecommons.org/licenses/by-sa/3.0/"),
        ("cc by-nc-nd 4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("ask me", ""),
        ("", ""),
    ],
)
def test_the_text_of_a_licence_is_linked_where_it_is_known(licence, url):
    assert citing.licence_url(licence) == url


def test_bibtex_says_what_there_is_and_nothing_else():
    entry = citing.bibtex("vgg16 atlas", title="A & B", author="", year=0, url="", note="100 %")
    assert entry == "@misc{vgg16-atlas,\n  title = {{A \\& B}},\n  note = {100 \\%},\n}"


def test_bibtex_has_author_year_and_address_where_they_are_known():
    entry = citing.bibtex("x", title="T", author="An Author", year=2026, url="https://example.org/a_b/", note="n")
    assert "  author = {{An Author}},\n  year = {2026},\n  howpublished = {\\url{https://example.org/a_b/}},\n" in entry


def test_what_would_end_a_field_of_bibtex_early_is_escaped():
    entry = citing.bibtex("x", title="}, evil = {", author="", year=0, url="", note="n")
    assert "title = {{\\}, evil = \\{}}" in entry


def test_a_dataset_names_its_files_and_its_licence():
    told = citing.dataset(
        title="T",
        description="D",
        author="A",
        year=2026,
        licence="CC BY 4.0",
        url="https://example.org/",
        files={"https://example.org/data/filters.csv": "text/csv"},
    )
    assert told["@type"] == "Dataset"
    assert told["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert told["datePublished"] == "2026"
    assert told["distribution"][0]["contentUrl"].endswith("filters.csv")
