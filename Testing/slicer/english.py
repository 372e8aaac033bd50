"""`slicer.i18n` for tests without the application: slicer-core does not bring it. Import before the panel's code."""

import importlib.util
import sys
from pathlib import Path

if "slicer.i18n" not in sys.modules and importlib.util.find_spec("slicer.i18n") is None:
    _file = Path(__file__).resolve().parents[1] / "host" / "slicer_facade" / "i18n.py"
    _spec = importlib.util.spec_from_file_location("slicer.i18n", _file)
    sys.modules["slicer.i18n"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["slicer.i18n"])
