"""The module's self-test: the panel on the real worker and the shipped model, with a small head phantom.

Runs in Slicer (module SASANTranslation, Reload and Test; or Testing/slicer/run_slicer_tests.py) and needs no
network, only the packages of requirements.txt.
"""

import json
import math
import tempfile
import time
from pathlib import Path

import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from SASANTranslationLib import dependencies, results
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.logic import SASANTranslationLogic
from SASANTranslationLib.process import end_process_tree
from SASANTranslationLib.states import RUNNING, State

#: Voxels of the phantom along i, j and k, and their size in mm: a small head, translated in seconds.
SIZE = (18, 22, 14)
SPACING = (6.0, 6.5, 9.0)

TIMEOUT_SECONDS = 240


class SASANTranslationTest(ScriptedLoadableModuleTest):
    """Each test starts with an empty scene, and the panel as a user finds it."""

    def setUp(self):
        absent = dependencies.missing()
        if absent:
            self.skipTest(f"Python packages are missing: {', '.join(absent)}")
        slicer.mrmlScene.Clear(0)
        self.widget = slicer.util.getModuleWidget("SASANTranslation")
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("SASANTranslation")
        else:
            self.widget.enter()
        self.panel, self.ui = self.widget.panel, self.widget.ui
        self.volume = add_phantom()
        self.panel.parameters.inputVolume = self.volume

    def tearDown(self):
        self.panel.cancel()
        wait_until(lambda: self.state not in RUNNING)
        slicer.mrmlScene.Clear(0)

    @property
    def state(self):
        return self.panel.run_section.state

    def test_translate_with_the_logic(self):
        fractions = []
        logic = SASANTranslationLogic()
        nodes = logic.translate(
            self.volume,
            outputs=("attention", "segmentation", "uncertainty"),
            segmentationNode=True,
            progress=lambda fraction, stage, eta: fractions.append(fraction),
        )
        self.assertEqual(fractions, sorted(fractions))
        self.assertEqual(fractions[-1], 1.0)
        self.check_nodes(nodes)
        self.assertEqual(nodes.segments.GetSegmentation().GetNumberOfSegments(), 3)
        self.assertGreater(slicer.util.arrayFromVolume(nodes.uncertainty).max(), 0)

    def test_translate_with_the_button(self):
        self.assertIs(self.state, State.READY)
        self.ui.translateButton.click()
        self.assertEqual(self.ui.translateButton.text, "Cancel")
        self.wait_for(State.DONE)
        nodes = self.panel.results_section.current
        self.check_nodes(nodes)
        self.assertIsNone(nodes.uncertainty)
        self.assertIn(nodes.synthetic.GetName(), self.ui.statusLabel.text)
        # Again, in place: the same nodes, no second folder.
        self.ui.updateInPlaceCheckBox.click()
        self.ui.translateButton.click()
        self.wait_for(State.DONE)
        self.assertEqual([run.run for run in results.find_runs()], [nodes.run])
        self.assertIs(self.panel.results_section.current.synthetic, nodes.synthetic)
        # And away.
        self.ui.removeRunButton.click()
        self.assertEqual(results.find_runs(), [])
        self.assertIsNotNone(slicer.mrmlScene.GetNodeByID(self.volume.GetID()))

    def test_nothing_to_translate_greys_the_button_and_says_why(self):
        self.panel.parameters.inputVolume = None
        self.assertIs(self.state, State.NOT_READY)
        self.assertFalse(self.ui.translateButton.enabled)
        self.assertIn("input volume", self.ui.translateButton.toolTip)

    def test_the_parent_transform_is_the_outputs_too(self):
        matrix = vtk.vtkMatrix4x4()
        matrix.SetElement(0, 3, 12.5)
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Shift")
        transform.SetMatrixTransformToParent(matrix)
        self.volume.SetAndObserveTransformNodeID(transform.GetID())
        nodes = self.panel.logic.translate(self.volume, outputs=())
        self.check_geometry(nodes.synthetic)
        self.assertIs(nodes.synthetic.GetParentTransformNode(), transform)

    def test_cancel(self):
        self.ui.translateButton.click()
        wait_until(lambda: self.state is State.TRANSLATING)
        self.ui.translateButton.click()
        self.wait_for(State.CANCELLED, seconds=5)
        self.assertEqual(results.find_runs(), [])
        self.assertTrue(self.ui.translateButton.enabled)

    def test_a_crash_of_the_worker_is_a_message(self):
        self.ui.translateButton.click()
        wait_until(lambda: self.state is State.TRANSLATING)
        end_process_tree(self.panel.logic.client.pid)
        self.wait_for(State.FAILED, seconds=10)
        self.assertIn("ended unexpectedly", self.ui.statusLabel.text)
        self.assertEqual(results.find_runs(), [])
        self.ui.translateButton.click()
        self.wait_for(State.DONE)

    def test_closing_the_scene_ends_the_run(self):
        self.ui.translateButton.click()
        wait_until(lambda: self.state is State.TRANSLATING)
        slicer.mrmlScene.Clear(0)
        wait_until(lambda: self.state not in RUNNING, seconds=5)
        self.assertEqual(results.find_runs(), [])
        self.assertIs(self.state, State.CANCELLED)
        self.assertFalse(self.ui.translateButton.enabled)

    def test_removing_the_input_ends_in_a_message(self):
        self.ui.translateButton.click()
        wait_until(lambda: self.state is State.TRANSLATING)
        slicer.mrmlScene.RemoveNode(self.volume)
        self.assertIsNone(self.panel.parameters.inputVolume, "no other volume takes its place silently")
        self.wait_for(State.FAILED)
        self.assertIn("was removed while it was translated", self.ui.statusLabel.text)
        self.assertEqual(results.find_runs(), [])

    def test_two_at_once_are_refused(self):
        self.ui.translateButton.click()
        with self.assertRaises(TranslationError) as raised:
            self.panel.logic.translate(self.volume)
        self.assertEqual(raised.exception.kind, "busy")
        self.wait_for(State.DONE)

    def test_a_saved_scene_brings_it_all_back(self):
        self.panel.parameters.fusePlanes = False
        self.panel.parameters.device = "cpu"
        nodes = self.panel.logic.translate(self.volume, direction="mr-to-ct")
        run, name = nodes.run, nodes.synthetic.GetName()
        self.panel.parameters.run = run
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "scene.mrb")
            self.assertTrue(slicer.util.saveScene(path))
            slicer.mrmlScene.Clear(0)
            self.assertEqual(results.find_runs(), [])
            slicer.util.loadScene(path)
            restored = results.find_run(run)
            self.assertEqual(restored.synthetic.GetName(), name)
            self.assertEqual(restored.source.GetName(), "Phantom")
            self.assertEqual(self.panel.parameters.device, "cpu")
            self.assertEqual(self.panel.parameters.inputVolume.GetName(), "Phantom")
            self.assertEqual(self.panel.results_section.current.run, run)
            slicer.mrmlScene.Clear(0)

    def test_copy_as_python_repeats_the_run(self):
        nodes = self.panel.logic.translate(self.volume, outputs=("segmentation",))
        self.panel.results_section.refresh()
        self.ui.copyScriptButton.click()
        script = qt.QApplication.clipboard().text()
        pid = self.panel.logic.client.pid
        names = {"slicer": slicer}
        exec(script, names)
        self.assertEqual(self.panel.logic.client.pid, pid, "a script's logic has no worker of its own")
        again = names["nodes"]
        self.assertNotEqual(again.run, nodes.run)
        self.assertEqual(again.attention, [])
        first, second = (slicer.util.arrayFromVolume(node.synthetic) for node in (nodes, again))
        self.assertTrue((first == second).all())

    # Checks

    def check_nodes(self, nodes):
        """A translation of the phantom: values, names, geometry, colours, hierarchy, provenance."""
        self.assertIs(nodes.source, self.volume)
        self.assertEqual(nodes.synthetic.GetName(), "Phantom → CT (synthetic)")
        self.assertEqual(len(nodes.attention), 8)
        for node in nodes.volumes:
            self.check_geometry(node)
        for node in nodes.outputs:
            self.assertEqual(node.GetAttribute("SASAN.model"), "brain-mr-ct")
            self.assertEqual(node.GetAttribute("SASAN.direction"), "mr-to-ct")
            self.assertEqual(len(node.GetAttribute("SASAN.weights_sha256")), 64)
        values = slicer.util.arrayFromVolume(nodes.synthetic)
        self.assertLess(values.min(), -900)  # air
        self.assertGreater(values.max(), 250)  # bone
        colors = {node.GetDisplayNode().GetColorNodeID() for node in nodes.attention}
        self.assertEqual(len(colors), 8)
        table = nodes.segmentation.GetDisplayNode().GetColorNode()
        self.assertEqual(table.GetColorName(3), "bone")
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        parents = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in nodes.outputs}
        self.assertEqual(parents, {nodes.folder})
        self.assertEqual(
            hierarchy.GetItemParent(nodes.folder), hierarchy.GetItemParent(hierarchy.GetItemByDataNode(self.volume))
        )
        notices = json.loads(nodes.synthetic.GetAttribute("SASAN.notices"))
        self.assertTrue(any("apart" in notice for notice in notices), "such coarse voxels are not what the model knows")

    def check_geometry(self, node):
        """Exactly the input's grid and transform."""
        expected, found = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
        self.volume.GetIJKToRASMatrix(expected)
        node.GetIJKToRASMatrix(found)
        for row in range(4):
            for column in range(4):
                self.assertEqual(found.GetElement(row, column), expected.GetElement(row, column))
        self.assertEqual(node.GetImageData().GetDimensions(), self.volume.GetImageData().GetDimensions())
        self.assertEqual(node.GetTransformNodeID(), self.volume.GetTransformNodeID())

    def wait_for(self, state, seconds=TIMEOUT_SECONDS):
        wait_until(lambda: self.state not in RUNNING, seconds)
        self.assertIs(self.state, state, self.ui.statusLabel.text)


def add_phantom(name="Phantom"):
    """Add a coarse T1-like head to the scene: bright scalp, dark skull, grey brain, oblique and anisotropic."""
    import numpy as np

    k, j, i = np.meshgrid(*(np.linspace(-1, 1, count) for count in reversed(SIZE)), indexing="ij")
    radius = np.sqrt((i / 0.78) ** 2 + (j / 0.9) ** 2 + (k / 0.88) ** 2)
    head = np.select([radius < 0.25, radius < 0.8, radius < 0.9, radius < 1.0], [60, 140, 25, 200], 0)
    noise = np.random.default_rng(0).normal(0, 4, head.shape)
    turn = math.radians(8)
    axes = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array(SPACING) * [-1, 1, 1]  # left-handed
    matrix[:3, 3] = -matrix[:3, :3] @ (np.array(SIZE) - 1) / 2
    return slicer.util.addVolumeFromArray(
        np.abs(head + noise).astype(np.float32), ijkToRAS=slicer.util.vtkMatrixFromArray(matrix), name=name
    )


def wait_until(condition, seconds=TIMEOUT_SECONDS):
    """Let Slicer work until `condition()`; AssertionError when that takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"nothing happened for {seconds} s")
        slicer.app.processEvents()
        time.sleep(0.005)
