"""A stand-in for Slicer's application process, in which a panel runs with real MRML and without a display.

    with Host(testing=True) as host:
        widget = host.load_module("SASANTranslation")
        host.select_module("SASANTranslation")

Scene, logics, file formats, slice views and `slicer.util` are slicer-core's own; Qt is PySide6 behind `qt_facade`,
which refuses what PythonQt refuses; the rest is in `slicer_facade`. One host at a time; a process may have many.
"""

import sys
from contextlib import ExitStack
from pathlib import Path

# Not Testing itself: slicer-core would take Testing/slicer for a part of its own package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "slicer"))

import qt_facade
import shiboken6
import slicer
import slicer.util
from slicer_facade import packaging_recorder, pytorch_utils, sample_data
from slicer_facade.application import qSlicerApplication
from slicer_facade.file_io import FileManager
from slicer_facade.layout_manager import qSlicerLayoutManager
from slicer_facade.log import LogRecorder
from slicer_facade.logics import make_logics, release_logics
from slicer_facade.module_manager import Module, qSlicerModuleManager, qSlicerScriptedLoadableModule
from slicer_facade.namespace import Namespace
from slicer_facade.observer_errors import ObserverErrors
from slicer_facade.subject_hierarchy import SubjectHierarchyUpkeep
from slicer_facade.window import Window, qSlicerMainWindow
from slicer_session import Session

MODULES_FOLDER = Path(__file__).resolve().parents[2]


class Host:
    """Slicer's application, from start to exit.

    `testing` is Slicer's --testing: message boxes are logged and answered for the panel. Without it they come up,
    and `answers` must have been told what to say. `packages` says what counts as installed and records what pip is
    asked for. `slot_errors` are the exceptions that Slicer would only have printed: of slots and of observers.
    `log` is what was logged. With `main_window`, `slicer.util.mainWindow()` finds one; Slicer's tests of widgets run
    without, and only with one does Slicer show its error messages. `dark` is the style "Dark Slicer".
    """

    def __init__(self, testing=True, main_window=False, dark=False):
        if hasattr(slicer, "app"):
            raise RuntimeError("There is a host already: close it first.")
        qt_facade.ensure_application()
        qt_facade.use_palette(dark)
        qt_facade.reset()
        self.slot_errors = qt_facade.slot_errors
        self.selected_module = None
        self._exit = ExitStack()
        with self._exit:
            self._start(testing, main_window)
            self._exit = self._exit.pop_all()  # nothing went wrong: all this is undone by close()

    def _start(self, testing, main_window):
        undo = self._exit.callback
        undo(ObserverErrors(self.slot_errors).close)
        self.log = LogRecorder()
        undo(self.log.close)
        undo(qt_facade.cancel_timers)
        self.session = Session()
        self._logics = make_logics(self.session.scene, self.session.application)
        undo(release_logics, self._logics, self.session.application)
        # What a panel forgot must not hear of the scene's end, whenever that comes.
        undo(self.session.scene.RemoveAllObservers)
        undo(self.session.close)
        self.packages = packaging_recorder.restart()
        sample_data.restart()
        self._namespace = namespace = Namespace()
        undo(namespace.close)
        namespace.replace(slicer.util, "executePythonModule", self.packages.execute_python_module)
        undo(SubjectHierarchyUpkeep(self.session.scene).close)
        self.crosshair = self._add_crosshair()
        self.window = qSlicerMainWindow(self) if main_window else Window()
        undo(self._close_window)
        self._module_manager = qSlicerModuleManager()
        files = FileManager(self.session.application, self._logics["Volumes"])
        self._application = qSlicerApplication(self.session, self._module_manager, files, testing)
        self.app = qt_facade.wrap(self._application)
        namespace.add("app", self.app)
        for name, logic in self._logics.items():
            setattr(slicer.modules, name.lower(), Module(name, logic=logic))
        self.session.layout.GetLayoutNode().SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        self._layout_manager = qSlicerLayoutManager(self.session, self.window.viewport, lambda: self.crosshair)
        undo(self._layout_manager.close)
        self._application.layout_manager = self._layout_manager
        undo(self._application.close)
        undo(self._unload_all)
        self.window.show()
        self.app.processEvents()

    @property
    def answers(self):
        """What to say to dialogs: `host.answers.expect(kind, answer)`; one without an answer raises."""
        return qt_facade.answers

    @property
    def exit_code(self):
        """What `slicer.app.exit()` or `slicer.util.exit()` was called with, the last time; None if it was not."""
        return self._application.exit_code

    @property
    def processes_start_at_once(self):
        """Whether QProcess.start() waits until its program runs, or could not be started: Windows does with Qt 5."""
        return qt_facade.processes_start_at_once()

    @processes_start_at_once.setter
    def processes_start_at_once(self, value):
        qt_facade.set_processes_start_at_once(value)

    def add_pytorch(self):
        """Install the extension PyTorch; without this, there is no module PyTorchUtils."""
        self.add_module("PyTorchUtils", pytorch_utils)

    def add_module(self, name, script):
        """Let a Python module be one of Slicer's, without a panel."""
        self._namespace.add_module(name, script)
        setattr(slicer.modules, name.lower(), Module(name, script.__file__))

    def load_module(self, name, folder=None):
        """Load <folder>/<name>.py as Slicer does, by default that of this repository; returns its set up widget."""
        path = Path(folder or MODULES_FOLDER / name) / f"{name}.py"
        if not path.is_file():
            raise FileNotFoundError(path)
        sys.modules.pop(name, None)
        module = qSlicerScriptedLoadableModule(name, str(path))
        self._module_manager.moduleLoaded.emit(name)
        # Slicer starts once, with all its modules: those of the next module are not to hear of this one's start.
        self._application.startupCompleted.emit()
        self.app.disconnect("startupCompleted()")
        return module.widgetRepresentation().self()

    def unload_module(self, name):
        """Take a module away as Slicer does at exit: cleanup() of the widget, then its destruction."""
        if self.selected_module == name:
            self.select_module(None)
        module = getattr(slicer.modules, name.lower())
        self._module_manager.moduleAboutToBeUnloaded.emit(name)
        for attribute in (name.lower(), f"{name}Widget", f"{name}Instance"):
            if hasattr(slicer.modules, attribute):
                delattr(slicer.modules, attribute)
        module.delete_widget()
        sys.modules.pop(name, None)

    def select_module(self, name):
        """Show a module's panel, or with None no panel: exit() of what leaves, enter() of what comes."""
        if self.selected_module is not None:
            qt_facade.unwrap(self._module(self.selected_module).widgetRepresentation()).exit()
        self.selected_module = name
        panel = None if name is None else qt_facade.unwrap(self._module(name).widgetRepresentation())
        self.window.show_panel(panel, "" if name is None else self._module(name).title)
        if panel is not None:
            panel.enter()
        self.app.processEvents()

    def close_scene(self):
        """File > Close scene."""
        self.session.scene.Clear(0)

    def save_scene(self, path):
        """Save a .mrb or .mrml file; raises RuntimeError when Slicer would say that it failed."""
        if not slicer.util.saveScene(str(path)):
            raise RuntimeError(f"The scene could not be saved as {path}")

    def load_scene(self, path, clear=True):
        """Load a .mrb or .mrml file, by default in place of the current scene."""
        slicer.util.loadScene(str(path), {"clear": clear})

    def view_image(self, name):
        """What the slice view `name` shows: uint8 (height, width, 3), first row on top."""
        return self._slice_widget(name).picture.image()

    def hover(self, name, ras=None):
        """Move the mouse over the slice view `name` to a RAS point, or with None out of the view."""
        if ras is None:
            self.crosshair.SetCursorPositionInvalid()
            return
        picture = self._slice_widget(name).picture
        row, column = picture.pixel(ras)
        self.crosshair.SetCursorPositionXYZ([column, picture.node.GetDimensions()[1] - 1 - row, 0.0], picture.node)

    def screenshot(self, path, width=1400, height=900):
        """Write what a user would see, panel and views, to a PNG file."""
        self.window.resize(width, height)
        self.app.processEvents()
        self.window.settle()
        if not self.window.grab().save(str(path), "PNG"):
            raise OSError(f"{path} cannot be written.")

    def close(self):
        """Leave the application: modules are unloaded, then the scene goes. What went wrong is raised at the end."""
        self._exit.close()

    def _unload_all(self):
        for module in list(vars(slicer.modules).values()):
            if isinstance(module, qSlicerScriptedLoadableModule):
                self.unload_module(module.name)

    def _close_window(self):
        self.window.show_panel(None, "")
        shiboken6.delete(self.window)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _module(self, name):
        return getattr(slicer.modules, name.lower())

    def _slice_widget(self, name):
        widget = self._layout_manager.sliceWidget(name)
        if widget is None:
            raise KeyError(f"There is no slice view {name!r}, but {self._layout_manager.sliceViewNames()}")
        return widget

    def _add_crosshair(self):
        """The node that says where the mouse is; in Slicer each view's displayable manager sees that it is there."""
        node = slicer.vtkMRMLCrosshairNode()
        node.SetCrosshairName("default")
        node.SetSingletonTag("default")
        node.SetName("Crosshair")
        return self.session.scene.AddNode(node)
