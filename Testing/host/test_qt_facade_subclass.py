"""Python classes on top of Qt's: their attributes, overridden virtual methods, signals."""

import pytest
from facade_session import fresh_facade, qt, take_slot_errors  # noqa: F401


class Panel(qt.QWidget):
    renamed = qt.Signal(str)
    counted = qt.Signal(int, object)

    def __init__(self, parent=None):
        qt.QWidget.__init__(self, parent)
        self.anything = {"at": "all"}
        self.events = []

    def sizeHint(self):
        return qt.QSize(77, 33)

    def closeEvent(self, event):
        self.events.append(event.type())
        qt.QWidget.closeEvent(self, event)

    def resizeEvent(self, event):
        self.events.append((event.size().width(), event.size().height()))

    @qt.Slot(str)
    def rename(self, name):
        self.renamed.emit(name)


def test_a_subclass_takes_any_new_attribute():
    panel = Panel()
    panel.typo = 1
    assert panel.typo == 1 and panel.anything == {"at": "all"}
    panel.windowTitle = "Properties stay properties"
    assert panel.windowTitle == "Properties stay properties"
    with pytest.raises(AttributeError, match="can not be overwritten"):
        panel.update = None


def test_the_class_of_a_subclass():
    panel = Panel()
    assert isinstance(panel, Panel) and isinstance(panel, qt.QWidget)
    assert panel.className() == "Panel"
    assert panel.inherits("QWidget") and not panel.inherits("Panel")
    assert qt.QWidget(panel).parent() is panel


def test_virtual_methods_are_overridden():
    panel = Panel()
    layout = qt.QVBoxLayout()
    layout.addWidget(panel)
    holder = qt.QWidget()
    holder.setLayout(layout)
    layout.setContentsMargins(0, 0, 0, 0)
    assert (holder.sizeHint.width(), holder.sizeHint.height()) == (77, 33)
    panel.setParent(None)
    panel.resize(40, 50)
    panel.show()
    panel.close()
    assert panel.events == [(40, 50), qt.QEvent.Close]


def test_super_reaches_constructors_only():
    class Child(Panel):
        def __init__(self):
            super().__init__()
            self.ready = True

        def hideEvent(self, event):
            super().hideEvent(event)

    child = Child()
    assert child.ready and child.anything
    child.show()
    child.hide()
    assert [type(error) for error in take_slot_errors()] == [AttributeError]


def test_declared_signals():
    panel, got = Panel(), []
    panel.renamed.connect(got.append)
    panel.connect("renamed(QString)", lambda name: got.append(name.upper()))
    panel.counted.connect(lambda number, thing: got.append((number, thing)))
    panel.rename("a")
    panel.counted.emit(2, panel)
    assert got == ["a", "A", (2, panel)]


def test_a_property_of_python():
    class Named(qt.QObject):
        _title = "first"

        def title(self):
            return self._title

        def setTitle(self, title):
            self._title = title

        heading = qt.Property(str, title, setTitle)

    named = Named()
    assert named.heading == "first"
    named.heading = "second"
    assert named.title() == "second"


def test_an_event_filter_sees_proxies():
    class Filter(qt.QObject):
        seen = ()

        def eventFilter(self, watched, event):
            self.seen = (*self.seen, (watched, event.type()))
            if event.type() == qt.QEvent.Close:
                event.ignore()
            return event.type() == qt.QEvent.Close

    widget, watching = qt.QWidget(), Filter()
    widget.installEventFilter(watching)
    widget.show()
    widget.close()
    assert widget.visible is True  # the filter refused
    assert (widget, qt.QEvent.Close) in watching.seen
    widget.removeEventFilter(watching)
    widget.close()
    assert widget.visible is False


def test_painting():
    class Painted(qt.QWidget):
        def paintEvent(self, event):
            painter = qt.QPainter(self)
            painter.fillRect(self.rect, qt.QColor(0, 128, 255))
            painter.end()

    painted = Painted()
    painted.resize(4, 4)
    assert painted.grab().toImage().pixelColor(2, 2).name() == "#0080ff"


def test_an_error_in_an_overridden_method_is_collected(capsys):
    class Broken(qt.QWidget):
        def showEvent(self, event):
            raise RuntimeError("broken")

    broken = Broken()
    broken.show()
    assert broken.visible is True
    assert [str(error) for error in take_slot_errors()] == ["broken"]
    assert "RuntimeError: broken" in capsys.readouterr().err


def test_a_class_mixed_in_may_override():
    class Counting:
        shown = 0

        def showEvent(self, event):
            self.shown += 1

    class Counted(Counting, qt.QWidget):
        pass

    counted = Counted()
    counted.show()
    assert counted.shown == 1
