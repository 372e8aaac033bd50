"""The panel Inspect in the host's window, with a run and a reference to compare it with."""

import pytest
import qt_facade
import slicer
from inspect_examples import Worker
from inspection_examples import add_run


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def parameters(host):
    from SASANTranslationLib.parameter_node import SASANTranslationParameterNode

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "SASANTranslation")
    return SASANTranslationParameterNode(node)


@pytest.fixture
def panel(host, worker, parameters):
    """The panel, in the window, entered, without a run."""
    import qt

    from SASANTranslationLib.inspection.panel import InspectPanel

    widget = qt.QWidget()
    panel = InspectPanel(qt.QVBoxLayout(widget), worker)
    host.window.show_panel(qt_facade.unwrap(widget), "Inspect")
    panel.set_parameter_node(parameters)
    panel.enter()
    host.app.processEvents()
    yield panel
    panel.cleanup()
    host.window.show_panel(None, "")


@pytest.fixture
def nodes(panel):
    nodes = add_run()
    panel.set_nodes(nodes)
    return nodes


@pytest.fixture
def reference(nodes, parameters):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "planning CT")
    parameters.referenceVolume = node
    return node
