"""Putting the host's modules and classes where panels look for them, and taking them back."""

import sys
import types

import slicer
from qt_facade import create_proxy_class, make_ctk_module, make_qt_module, register_custom_widget

from . import i18n, packaging_recorder, parameter_nodes, sample_data, scripted_module
from .module_manager import qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
from .mrml_widget import qMRMLWidget
from .node_combo_box import qMRMLNodeComboBox

_MISSING = object()

#: Made once: panels keep references to them from one host to the next.
_qt_modules = {}

_SLICER_MODULES = {
    "ScriptedLoadableModule": scripted_module,
    "i18n": i18n,
    "packaging": packaging_recorder,
    "parameterNodeWrapper": parameter_nodes,
}
#: Widgets that .ui files and Python code may use, by Slicer's names.
_WIDGETS = {
    "qMRMLNodeComboBox": qMRMLNodeComboBox,
    "qMRMLWidget": qMRMLWidget,
    "qSlicerWidget": qMRMLWidget,
}


class Namespace:
    """What is installed while a host lives."""

    def __init__(self):
        self._modules, self._before = {}, []
        self._path = list(sys.path)
        for name, make in (("qt", make_qt_module), ("ctk", make_ctk_module)):
            if name not in _qt_modules:
                _qt_modules[name] = make()
            self.add_module(name, _qt_modules[name])
        self.add_module("SampleData", sample_data)
        for name, module in _SLICER_MODULES.items():
            self.add_module(f"slicer.{name}", module)
            self.add(name, module)
        for name, native in _WIDGETS.items():
            register_custom_widget(name, native)
            self.add(name, create_proxy_class(native))
        self.add("qSlicerScriptedLoadableModule", qSlicerScriptedLoadableModule)
        self.add("qSlicerScriptedLoadableModuleWidget", create_proxy_class(qSlicerScriptedLoadableModuleWidget))
        self.add("modules", types.ModuleType("slicer.modules"))
        self.add("selfTests", {})
        self._hide_functions_of_util()

    def add_module(self, name, module):
        self._modules.setdefault(name, sys.modules.get(name, _MISSING))
        sys.modules[name] = module

    def add(self, name, value):
        """Set an attribute of `slicer`."""
        self.replace(slicer, name, value)

    def replace(self, owner, name, value):
        """Set an attribute of any module."""
        self._before.append((owner, name, getattr(owner, name, _MISSING)))
        _assign(owner, name, value)

    def close(self):
        for name, module in self._modules.items():
            if module is _MISSING:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
        while self._before:
            _assign(*self._before.pop())
        sys.path[:] = self._path

    def _hide_functions_of_util(self):
        """slicer-core shows `slicer.util.getNode` also as `slicer.getNode`, which Slicer does not."""
        for name, value in list(vars(slicer.util).items()):
            if getattr(value, "__module__", None) == "slicer.util" and vars(slicer).get(name) is value:
                self.replace(slicer, name, _MISSING)


def _assign(owner, name, value):
    if value is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, value)
