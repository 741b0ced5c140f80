"""What holds for every document: written, read and described from one definition."""

import json
from pathlib import Path

import pytest

from docs import formats
from pipeline.errors import UserError
from pipeline.results import document
from pipeline.results.layer_summary import Filter, Layer
from pipeline.results.record import Record
from tests.support import documents

ALL = [(documents.a_layer(), Layer), (documents.a_record(image_channels=5, copied_steps=1), Record)]


def parse(text: str, kind: type[document.Document]) -> document.Document:
    return document.parse(text.encode(), Path("x.json"), kind, "what it should be", "make it anew")


@pytest.mark.parametrize(("made", "kind"), ALL)
def test_what_is_written_is_read_back(made, kind):
    assert parse(document.to_line(made), kind) == made


@pytest.mark.parametrize(("made", "kind"), ALL)
def test_a_document_begins_with_the_name_of_its_format(made, kind):
    assert next(iter(document.to_json(made).items())) == ("schema", document.schema(kind))


@pytest.mark.parametrize(("made", "kind"), ALL)
def test_every_key_is_described_in_the_order_in_which_it_is_written(made, kind):
    keys = list(document.to_json(made))

    # What a document may lack is not written where it is not there.
    described = ["schema", *(each.name for each in document.columns(kind))]
    assert [name for name in described if name in keys] == keys


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "\x00", '{"schema": NaN}', "[" * 100_000])
def test_what_is_not_json_is_said_to_be_none_or_no_such_document(text):
    with pytest.raises(UserError, match=r"^x\.json: (not valid JSON|.*not what it should be)"):
        parse(text, Record)


def test_a_document_of_another_format_is_named():
    with pytest.raises(UserError, match="schema: should be atlas/record/1, not 'atlas/layer/1': not what it should be"):
        parse(document.to_line(documents.a_layer()), Record)


def test_a_place_deep_in_a_document_is_named():
    value = document.to_json(documents.a_layer())
    value["filters"][0]["bias"] = "large"

    with pytest.raises(UserError, match=r"x\.json: filters\.0\.bias: expected `float`, got `str`"):
        parse(json.dumps(value), Layer)


def test_a_column_says_what_a_key_is():
    found = {each.name: each for each in document.columns(Filter)}

    assert (found["hue"].type, found["hue"].is_nullable) == ("number", True)
    assert (found["alive"].type, found["alive"].is_nullable) == ("boolean", False)
    assert found["own_rank"].description.startswith(
        "1 + number of the layer’s other pictures that {excite} the filter more"
    )


def test_the_page_on_formats_says_what_the_definitions_say():
    text = formats.PAGE.read_text(encoding="utf-8")

    assert text.count("<!-- ") == 31
    assert formats.fill(text) == text
