"""What others made and the site ships: as it was published, byte for byte, with its licence."""

import hashlib

import pytest

from pipeline.files import PROJECT

# OpenSeadragon 6.1.1, BSD-3-Clause, from https://registry.npmjs.org/openseadragon/-/openseadragon-6.1.1.tgz:
# build/openseadragon/openseadragon.min.js and LICENSE.txt.
DIGESTS = {
    "openseadragon.min.js": "14d587cd3ee7c4861f1a41077ce642029364a21029956ba635bd8fb1202cf9ad",
    "openseadragon.LICENSE.txt": "17da96b26ac706d2cbd06d4555dedb43026782f4943faf0156fe7acf89454228",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_a_file_is_the_published_one(name):
    assert hashlib.sha256((PROJECT / "templates" / "vendor" / name).read_bytes()).hexdigest() == DIGESTS[name]


def test_nothing_else_is_shipped_that_others_made():
    assert {path.name for path in (PROJECT / "templates" / "vendor").iterdir()} == set(DIGESTS)
