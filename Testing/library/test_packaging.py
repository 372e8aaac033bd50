"""What pip builds and declares: packages, version, models within reach of a wheel."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import SASANLib

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "SASANTranslation" / "SASANLib"


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_of_the_library_is_shipped(project):
    on_disk = {".".join(path.parent.relative_to(LIBRARY.parent).parts) for path in LIBRARY.glob("**/__init__.py")}
    assert sorted(project["tool"]["setuptools"]["packages"]) == sorted(on_disk | {"SASANLib.Models"})


def test_a_wheel_carries_every_file_of_the_bundled_models(project):
    patterns = project["tool"]["setuptools"]["package-data"]["SASANLib.Models"]
    models = ROOT / project["tool"]["setuptools"]["package-dir"]["SASANLib.Models"]
    on_disk = {path for path in models.glob("**/*") if path.is_file()}
    assert list(models.glob("*/model.json")), "no bundled model"
    assert on_disk == {path for pattern in patterns for path in models.glob(pattern)}


def test_the_version_is_one(project):
    assert re.fullmatch(r"\d+\.\d+\.\d+", SASANLib.__version__)
    assert "version" in project["project"]["dynamic"]
    assert f"\nversion: {SASANLib.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f" {SASANLib.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_importing_the_library_needs_neither_torch_nor_slicer():
    modules = ("volumes", "grid", "body", "intensity", "phantom")
    code = "".join(f"import SASANLib.{name}; " for name in modules)
    code += "import sys; print(*sorted({'torch', 'slicer', 'vtk', 'qt', 'monai'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=LIBRARY.parent, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_the_library_never_imports_slicer():
    pattern = re.compile(r"^\s*(?:from|import)\s+(slicer|vtk|qt|ctk|mrml)\b", flags=re.MULTILINE)
    assert [str(p) for p in LIBRARY.glob("**/*.py") if pattern.search(p.read_text(encoding="utf-8"))] == []
