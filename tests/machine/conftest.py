"""What the tests of the machine share: an environment in which nobody has asked for anything."""

import pytest

from pipeline.machine import device
from pipeline.pool import client


@pytest.fixture(autouse=True)
def environment(monkeypatch) -> pytest.MonkeyPatch:
    """Return the environment, in which nobody has asked for anything."""
    for name in (device.DEVICE, device.BATCH, client.ADDRESS):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch
