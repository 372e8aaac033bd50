"""The end of the application is the end of the worker."""

from panel_examples import add_phantom, open_panel, wait_until
from test_worker_client import is_running


def test_leaving_the_application_ends_the_worker():
    with open_panel() as (_host, _widget, panel):
        add_phantom(panel)
        panel.ui.translateButton.click()
        wait_until(lambda: panel.logic.client.pid)
        pid = panel.logic.client.pid
        assert is_running(pid)
    assert not is_running(pid)
