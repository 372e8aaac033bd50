"""What opening the panel costs: nothing heavy is imported, by whoever does it."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "panel.py"


def test_opening_the_panel_imports_nothing_large():
    """In a process of its own, where nothing has been imported yet: all that comes while the module opens."""
    output = subprocess.run(
        [sys.executable, str(BENCHMARK), "--opening"], check=True, capture_output=True, text=True
    ).stdout
    imported = set(json.loads(output.splitlines()[-1])["imported"])
    assert not imported & {"numpy", "torch", "SimpleITK", "pydantic", "monai", "SASANLib"}
    assert "SASANTranslationLib" in imported, "the module was opened, and its imports were seen"
