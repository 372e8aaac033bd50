"""Slicer's application, and the panel opened in it; nothing may be raised unseen."""

import pytest
from panel_examples import open_panel
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


@pytest.fixture(scope="module")
def opened(request):
    """(host, widget, panel) for all tests of a module; under --testing unless the module has `TESTING = False`."""
    with open_panel(testing=getattr(request.module, "TESTING", True)) as opened:
        yield opened
