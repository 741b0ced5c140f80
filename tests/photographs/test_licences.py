import pytest

from pipeline.photographs import licences

BY = "https://creativecommons.org/licenses/by"


@pytest.mark.parametrize(
    ("licence", "name", "address"),
    [
        ("CC-BY-SA-3.0", "CC BY-SA 3.0", f"{BY}-sa/3.0/"),
        ("CC BY 4.0", "CC BY 4.0", f"{BY}/4.0/"),
        ("cc by-nc-nd 2.0", "CC BY-NC-ND 2.0", f"{BY}-nc-nd/2.0/"),
        ("CC0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("public-domain", "Public domain", None),
        ("GPL-2+", "GPL-2+", None),
        ("CC BY 9.0", "CC BY 9.0", None),
        ("all rights reserved", "all rights reserved", None),
    ],
)
def test_a_licence_has_one_name_and_that_of_creative_commons_an_address(licence, name, address):
    assert licences.named(licence) == name
    assert licences.address(licence) == licences.address(name) == address
