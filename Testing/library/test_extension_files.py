"""The extension's descriptions agree with each other and with what lies on disk."""

import json
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = "https://github.com/SASAN-project/SlicerSASAN"
RAW = "https://raw.githubusercontent.com/SASAN-project/SlicerSASAN/main/"
BINARY = {".png", ".safetensors", ".nrrd", ".gz", ".mrb"}


def cmake_values(path: Path) -> dict[str, list[str]]:
    """Every `set(NAME values…)` of a CMake file, quotes removed."""
    text = re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    calls = re.findall(r"\bset\(\s*(\w+)((?:\s+(?:\"[^\"]*\"|[^\s()\"]+))*)\s*\)", text)
    return {name: re.findall(r"\"([^\"]*)\"|([^\s\"]+)", rest) for name, rest in calls}


def cmake_list(path: Path, name: str) -> list[str]:
    return [quoted or bare for quoted, bare in cmake_values(path)[name]]


@pytest.fixture(scope="module")
def extension() -> dict[str, str]:
    path = ROOT / "CMakeLists.txt"
    return {name: " ".join(cmake_list(path, name)) for name in cmake_values(path)}


@pytest.fixture(scope="module")
def s4ext() -> dict[str, str]:
    lines = (ROOT / "SASAN.s4ext").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in pairs}


@pytest.fixture(scope="module")
def catalogue() -> dict:
    return json.loads((ROOT / "SASAN.json").read_text(encoding="utf-8"))


def modules() -> list[str]:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.findall(r"^add_subdirectory\((\w+)\)", text, flags=re.MULTILINE)


def test_the_extension_builds_the_modules_that_exist():
    on_disk = sorted(
        folder.name for folder in ROOT.iterdir() if folder.is_dir() and (folder / f"{folder.name}.py").exists()
    )
    assert modules() == on_disk
    assert on_disk, "no module found"


@pytest.mark.parametrize("module", modules())
def test_every_shipped_script_is_listed(module):
    folder = ROOT / module
    listed = cmake_list(folder / "CMakeLists.txt", "MODULE_PYTHON_SCRIPTS")
    shipped = [
        folder / f"{module}.py",
        *folder.glob(f"{module}Lib/**/*.py"),
        *folder.glob("SASANLib/**/*.py"),
    ]
    shipped = {path.relative_to(folder).as_posix() for path in shipped}
    missing, stale = sorted(shipped - set(listed)), sorted(set(listed) - shipped)
    message = [f"{module}/CMakeLists.txt, MODULE_PYTHON_SCRIPTS:"]
    message += [f"  add     {name}" for name in missing] + [f"  remove  {name}" for name in stale]
    assert not missing and not stale, "\n".join(message)
    assert listed == [f"{module}.py", *sorted(listed[1:])], "the list is not sorted or has a name twice"
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("module", modules())
def test_listed_resources_exist(module):
    folder = ROOT / module
    resources = cmake_list(folder / "CMakeLists.txt", "MODULE_PYTHON_RESOURCES")
    named = [r.replace("${MODULE_NAME}", module) for r in resources if r != "${MODULE_MODELS}"]
    assert f"Resources/Icons/{module}.png" in named
    assert [name for name in named if not (folder / name).is_file()] == []


@pytest.mark.parametrize("module", modules())
def test_every_folder_of_scripts_is_a_package(module):
    packages = {path.parent for path in (ROOT / module).glob("*Lib/**/*.py")}
    assert [str(p) for p in sorted(packages) if not (p / "__init__.py").is_file()] == []


def test_both_descriptions_name_the_same_source(s4ext, catalogue):
    assert catalogue["scm_url"] == s4ext["scmurl"] == f"{HOME}.git"
    assert catalogue["scm_type"] == s4ext["scm"] == "git"
    assert catalogue["scm_revision"] == s4ext["scmrevision"]
    assert catalogue["build_subdirectory"] == s4ext["build_subdirectory"] == "."


def test_all_three_say_the_same(extension, s4ext, catalogue):
    assert extension["EXTENSION_CATEGORY"] == s4ext["category"] == catalogue["category"] == "Image Synthesis"
    assert extension["EXTENSION_HOMEPAGE"] == s4ext["homepage"] == HOME
    assert extension["EXTENSION_CONTRIBUTORS"] == s4ext["contributors"]
    assert extension["EXTENSION_DESCRIPTION"] == s4ext["description"]
    assert extension["EXTENSION_ICONURL"] == s4ext["iconurl"]
    assert extension["EXTENSION_SCREENSHOTURLS"] == s4ext["screenshoturls"]
    depends = s4ext["depends"].replace("NA", "").split()
    assert extension["EXTENSION_DEPENDS"].replace("NA", "").split() == depends == catalogue["build_dependencies"]
    assert catalogue["enabled"] == (s4ext["enabled"] == "1")


def test_catalogue_entry_has_only_what_its_schema_allows(catalogue):
    assert catalogue["$schema"].endswith("/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    optional = {
        "scm_revision",
        "scm_type",
        "build_dependencies",
        "dicom_support_rule",
        "build_subdirectory",
        "enabled",
        "tier",
    }
    required = {"$schema", "category", "scm_url"}
    assert required <= set(catalogue) <= required | optional


def test_urls_of_pictures_lead_to_files(extension):
    for url in (extension["EXTENSION_ICONURL"], *extension["EXTENSION_SCREENSHOTURLS"].split()):
        assert url.startswith(RAW)
        assert (ROOT / url.removeprefix(RAW)).is_file(), f"{url} has no file in the repository"


@pytest.mark.parametrize("icon", ["Resources/SASAN.png", *(f"{m}/Resources/Icons/{m}.png" for m in modules())])
def test_icons_are_128_pixels_square(icon):
    header = (ROOT / icon).read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (128, 128)


def test_text_files_have_unix_line_ends():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name.decode() for name in listing.stdout.split(b"\0") if name]
    text = [path for path in paths if path.is_file() and path.suffix not in BINARY]
    assert len(text) > 20
    assert [str(path) for path in text if b"\r\n" in path.read_bytes()] == []


def test_licence_is_the_apache_licence():
    text = (ROOT / "LICENSE.txt").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def shipped_in_slicer() -> list[Path]:
    """What Slicer's own process imports: everything but the library, which is the worker's."""
    return [path for module in modules() for path in (ROOT / module).glob("**/*.py") if "SASANLib" not in path.parts]


def test_nothing_in_slicer_imports_third_parties_at_file_scope():
    # Slicer imports every module at start-up, before anything could have been installed; numpy alone takes its time.
    own = {folder.name for module in modules() for folder in (ROOT / module).glob("*Lib")} - {"SASANLib"}
    allowed = {"slicer", "qt", "vtk", "ctk", *own, *sys.stdlib_module_names}
    assert len(shipped_in_slicer()) > 30
    for path in shipped_in_slicer():
        text = path.read_text(encoding="utf-8")
        imported = set(re.findall(r"^(?:from|import) +(\w+)", text, flags=re.MULTILINE))
        assert imported <= allowed, f"{path}: {imported - allowed}"


def test_nothing_in_slicer_ever_imports_the_library():
    pattern = re.compile(r"^\s*(?:from|import)\s+(torch|SASANLib|pydantic|SimpleITK|monai)\b", flags=re.MULTILINE)
    assert [str(p) for p in shipped_in_slicer() if pattern.search(p.read_text(encoding="utf-8"))] == []
