"""Parameters and widgets kept equal: `connectGui` for widgets with the property SlicerParameterName."""

import slicer
import vtk

from .connectors import connector_for

PROPERTY = "SlicerParameterName"


class GuiConnections:
    """The widgets that one wrapper's parameters are connected to."""

    def __init__(self, wrapper):
        self._wrapper = wrapper
        self._connectors = {}  # by tag: {parameter: connector}
        self._observers = {}
        self._next = 0
        self._updating = False

    def connect_tagged(self, gui):
        """Connect the descendants of a widget, or the attributes of what childWidgetVariables gave. Returns a tag."""
        import qt

        is_widget = getattr(gui, "isWidgetType", lambda: False)()
        widgets = gui.findChildren(qt.QWidget) if is_widget else gui.__dict__.values()
        return self.connect({w.property(PROPERTY): w for w in widgets if w.property(PROPERTY)})

    def connect(self, mapping):
        """Connect {parameter: widget}; the widgets show the parameters' values at once. Returns a tag.

        Raises ValueError for an unknown parameter, RuntimeError for a widget that cannot show its type.
        """
        hints = {name: self._wrapper.dataType(name) for name in mapping}
        connectors = {name: connector_for(widget, hints[name]) for name, widget in mapping.items()}
        tag, self._next = self._next, self._next + 1
        self._connectors[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self._wrapper.getValue(name))
            connector.connect(self._from_gui(name, connector))
        self._observers[tag] = self._wrapper.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._to_gui())
        return tag

    def disconnect(self, tag):
        for connector in self._connectors.pop(tag, {}).values():
            connector.disconnect()
        if tag in self._observers:
            self._wrapper.RemoveObserver(self._observers.pop(tag))

    def _from_gui(self, name, connector):
        def changed():
            with slicer.util.NodeModify(self._wrapper):
                if not self._updating:
                    self._wrapper.setValue(name, connector.read())

        return changed

    def _to_gui(self):
        if self._updating:
            return
        self._updating = True
        try:
            with slicer.util.NodeModify(self._wrapper):
                for connectors in list(self._connectors.values()):
                    for name, connector in connectors.items():
                        connector.write(self._wrapper.getValue(name))
        finally:
            self._updating = False
