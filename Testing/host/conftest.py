"""The fixtures `host` and `interactive`: Slicer's application, in which nothing may be raised unseen."""

import pytest
from slicer_host import Host


@pytest.fixture
def host():
    with Host(testing=True) as host:
        yield host
    assert host.slot_errors == [], "raised in a slot or an observer, where Slicer would only have printed it"


@pytest.fixture
def interactive():
    """A host as a user has it, not under --testing: dialogs come up, and `answers` must know what to say."""
    with Host(testing=False, main_window=True) as host:
        yield host
    assert host.slot_errors == []
