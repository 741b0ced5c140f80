"""The table of `keras.applications`, held against the installed Keras: names, modes, files, addresses, digests."""

import inspect
import re

import keras
import numpy as np
import pytest
from keras.src.applications import resnet
from keras.src.utils import file_utils

from pipeline.network.applications import APPLICATIONS
from pipeline.network.catalogue import PREPROCESSING_MODES

# One of each family, the quickest to make.
SMALLEST = (
    "vgg16",
    "resnet50",
    "resnet50v2",
    "inceptionv3",
    "inceptionresnetv2",
    "xception",
    "densenet121",
    "nasnetmobile",
    "mobilenet",
    "mobilenetv2",
    "mobilenetv3small",
    "efficientnetb0",
    "efficientnetv2b0",
    "convnexttiny",
)


def module_of(name: str):
    return inspect.getmodule(getattr(keras.applications, APPLICATIONS[name].function))


def test_every_network_of_keras_applications_is_known_by_the_name_of_its_function():
    functions = [name for name in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, name))]

    assert sorted(APPLICATIONS) == sorted(name.lower() for name in functions)
    assert sorted(each.function for each in APPLICATIONS.values()) == sorted(functions)


@pytest.mark.parametrize("name", SMALLEST)
def test_keras_asks_for_the_file_of_the_table(name, monkeypatch):
    asked = []

    def get_file(fname: str, origin: str, **settings: str) -> str:
        asked.append((fname, origin, settings.get("file_hash")))
        raise FileNotFoundError(fname)

    monkeypatch.setattr(file_utils, "get_file", get_file)

    with keras.StatelessScope(), pytest.raises(FileNotFoundError):
        getattr(keras.applications, APPLICATIONS[name].function)(weights="imagenet", include_top=False)

    file = APPLICATIONS[name].weights
    assert asked == [(file.name, file.url, file.digest)]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_digest_is_keras_own_of_the_file_without_classifier(name):
    module = module_of(name)
    digest = APPLICATIONS[name].weights.digest
    # ResNetV2's are kept with ResNet's.
    hashes = getattr(module, "WEIGHTS_HASHES", None) or ("resnet" in name and resnet.WEIGHTS_HASHES)

    if hashes and digest in (each for pair in hashes.values() for each in pair):
        (key,) = [key for key, pair in hashes.items() if digest in pair]
        assert hashes[key][1] == digest
        # "convnext_tiny", "efficientnetv2-b0", "small_224_1.0_float", "b0": the name, or the end of it.
        assert name.endswith(re.sub(r"_224_1\.0_float|\W|_", "", key).lower())
    elif digest is None:
        assert "file_hash" not in inspect.getsource(module)
    else:
        assert f'"{digest}"' in inspect.getsource(module)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_algorithm_of_a_digest_is_told_by_its_length(name):
    file = APPLICATIONS[name].weights

    assert file.digest is None or len(file.digest) == {"md5": 32, "sha256": 64}[file.algorithm]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_way_a_network_wants_its_input_is_that_of_its_preprocess_input(name):
    from pipeline.network.preparation import preprocess

    pictures = np.random.default_rng(0).random((1, 4, 4, 3)).astype(np.float32)

    expected = module_of(name).preprocess_input(pictures * 255)

    assert APPLICATIONS[name].preprocessing in PREPROCESSING_MODES
    np.testing.assert_allclose(preprocess(pictures, APPLICATIONS[name].preprocessing), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_its_paper_is_named_and_a_licence_has_an_address(name):
    credit = APPLICATIONS[name].credit

    assert credit.network == APPLICATIONS[name].function
    assert re.fullmatch(r"https://arxiv\.org/abs/\d{4}\.\d{5}|https://arxiv\.org/abs/1409\.1556", credit.url)
    assert (credit.licence is None) == (credit.licence_url is None)
