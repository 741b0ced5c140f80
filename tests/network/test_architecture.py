"""Reading architectures as Keras serialises them, and refusing by name what cannot be run."""

import json
import zipfile

import pytest

from pipeline.errors import UserError
from pipeline.network import architecture
from pipeline.network.architecture import load_network

GEOMETRY = {"Conv2D": ("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "activation",
                       "use_bias", "data_format"),
            "MaxPooling2D": ("pool_size", "strides", "padding", "data_format"),
            "InputLayer": ("batch_shape",)}  # fmt: skip

CONV = {"filters": 2, "kernel_size": [3, 3]}


def archive_of(path, content: bytes, member: str = "config.json"):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def test_the_architecture_of_vgg16_is_what_keras_builds_today(keras):
    # Keras numbers its unnamed layers through a whole process: other tests build models too.
    keras.utils.clear_session()
    today = json.loads(keras.applications.VGG16(weights=None, include_top=False).to_json())
    ours = json.loads((architecture.ARCHITECTURES / "vgg16.json").read_text())

    def parsed(config):
        return [
            (
                layer["class_name"],
                layer["name"],
                {key: layer["config"][key] for key in GEOMETRY[layer["class_name"]]},
                architecture._inputs(layer),
            )
            for layer in config["config"]["layers"]
        ]

    assert parsed(ours) == parsed(today)


def test_a_sequential_keras_file_is_read(keras_file):
    network = load_network(str(keras_file), "unit")

    assert network.name == "mine"
    assert [(layer.name, layer.filters, layer.sources) for layer in network.layers] == [
        ("first", 4, ()),
        ("second", 6, ("first",)),
    ]
    assert [node.kind for node in network.nodes] == ["InputLayer", "Conv2D", "MaxPooling2D", "Conv2D"]


def test_a_functional_keras_file_is_read(tmp_path, functional):
    model, network = functional(lambda x, layers: layers.Conv2D(2, 3, name="b")(layers.Conv2D(4, 3, name="a")(x)))
    model.save(tmp_path / "f.keras")

    read = load_network(str(tmp_path / "f.keras"), "tf")

    assert read.layers == network.layers
    assert (read.name, read.preprocessing) == ("f", "tf")


def test_an_unknown_model_names_what_is_known():
    with pytest.raises(UserError, match=r"unknown model 'vg16'; did you mean vgg16\?.*\.keras"):
        load_network("vg16")


def test_a_keras_file_without_preprocessing_says_what_to_say(keras_file):
    with pytest.raises(UserError, match=r"preprocessing: say how .*caffe, tf, torch, unit or raw"):
        load_network(str(keras_file))


@pytest.mark.parametrize("model", ["vgg16", "mine.keras"])
def test_an_unknown_preprocessing_is_not_taken_for_another(keras_file, model):
    with pytest.raises(UserError, match=r"preprocessing: .*'cafe'; did you mean caffe\?"):
        load_network("vgg16" if model == "vgg16" else str(keras_file), "cafe")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (("LSTM", {}), "layer l0: layers of kind LSTM are not supported"),
        (("Conv2D", CONV | {"data_format": "channels_first"}), "layer l0: data_format channels_first"),
        (("Conv2D", CONV | {"activation": "mine"}), "layer l0: activation mine is not supported"),
        (("Activation", {"activation": {"class_name": "Mine"}}), "layer l0: activation .* is not supported"),
        (("ReLU", {"threshold": 1.0}), "layer l0: .*threshold"),
        (("BatchNormalization", {"axis": 1}), "layer l0: .*axis"),
        (("Conv2D", {"filters": 2}), "layer l0: .*kernel_size"),
        (("Conv2D", CONV | {"strides": [0, 0]}), "layer l0: .*strides"),
        (("Conv2D", CONV | {"filters": -1}), "layer l0: .*filters"),
        (("Conv2D", CONV | {"kernel_size": "wide"}), "layer l0: .*kernel_size"),
    ],
)
def test_a_layer_that_cannot_be_run_is_refused_by_name(sequential, layer, message):
    with pytest.raises(UserError, match=message):
        sequential(layer, ("Conv2D", CONV | {"name": "last"}))


def test_a_network_without_convolutions_is_refused(sequential):
    with pytest.raises(UserError, match="no convolutional layer"):
        sequential(("Dense", {"units": 2}))


def test_what_follows_the_last_convolution_does_not_matter(sequential):
    network = sequential(("Conv2D", CONV), ("LSTM", {}), ("Dense", {}))

    assert [layer.name for layer in network.layers] == ["l0"]


def test_grey_input_is_refused():
    config = {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "InputLayer", "config": {"name": "input", "batch_shape": [None, 8, 8, 1]}},
        {"class_name": "Conv2D", "config": {"name": "a"} | CONV},
    ]}}  # fmt: skip

    with pytest.raises(UserError, match="must be RGB images"):
        architecture.from_keras_config(config, name="grey", preprocessing="unit")


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"config": 3}',
        b'{"config": {"layers": "text"}}',
        b'{"config": {"layers": [{"class_name": "Conv2D", "config": {}}]}}',
        b'{"config": {"layers": [{"class_name": "Conv2D", "config": []}]}}',
        b'{"config": {"layers": [{"class_name": ["Conv2D"], "config": {"name": "a"}}]}}',
        b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv2D", "config": {"name": [1]}}]}}',
        b'{"config": {"layers": [{"class_name": "Conv2D", "config": {"name": "a"}, "inbound_nodes": 7}]}}',
        b'{"config": {"layers": [{"class_name": "InputLayer", "config": {"name": "a", "batch_shape": 7}},'
        b'{"class_name": "Conv2D", "config": {"name": "b"}}]}}',
    ],
)
def test_a_keras_file_with_a_foreign_config_is_refused(tmp_path, config):
    path = archive_of(tmp_path / "x.keras", config)

    with pytest.raises(UserError, match="model"):
        load_network(str(path), "unit")


def test_a_file_that_is_not_a_keras_file_says_how_to_make_one(tmp_path):
    (tmp_path / "text.keras").write_text("hello")
    archive_of(tmp_path / "empty.keras", b"", member="other")

    for name in ("text.keras", "empty.keras"):
        with pytest.raises(UserError, match=rf"{name}: not a \.keras file.*model\.save"):
            load_network(str(tmp_path / name), "unit")


def test_a_missing_file_or_a_directory_is_named(tmp_path):
    (tmp_path / "d.keras").mkdir()

    with pytest.raises(UserError, match=r"x\.keras: no such file"):
        load_network(str(tmp_path / "x.keras"), "unit")
    with pytest.raises(UserError, match=r"d\.keras: is a directory"):
        load_network(str(tmp_path / "d.keras"), "unit")


def test_a_config_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(architecture, "LARGEST_CONFIG_BYTES", 10)

    with pytest.raises(UserError, match="implausibly large"):
        load_network(str(archive_of(tmp_path / "x.keras", b" " * 11)), "unit")


def test_planning_imports_no_tensorflow(repository):
    import subprocess
    import sys

    script = (
        "import sys; from pipeline.render import request; from pipeline.config import plan; "
        "plan.plan({'filters': 'all'}); "
        "print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
