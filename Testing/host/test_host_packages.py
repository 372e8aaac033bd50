"""`slicer.packaging` and `SampleData` in the host: nothing is installed or downloaded."""

import subprocess

import numpy as np
import pytest
import slicer
from slicer_host import Host

# Packages


def test_packages_that_are_there_are_not_asked_for(interactive):
    import slicer.packaging

    assert slicer.packaging.pip_check(["numpy", "pytest>=8"])
    slicer.packaging.pip_ensure(["numpy"], requester="SASAN")
    assert interactive.packages.installed == [] and interactive.answers.asked == []
    assert not slicer.packaging.pip_check("no-such-package-at-all")
    assert not slicer.packaging.pip_check("numpy>=99")
    assert slicer.packaging.pip_check("no-such-package-at-all; sys_platform == 'none'")


def test_missing_packages_are_asked_for_once_and_recorded(interactive):
    import slicer.packaging

    interactive.packages.missing = {"torch", "numpy"}
    interactive.answers.expect("exec", "Cancel")
    with pytest.raises(RuntimeError, match="declined"):
        slicer.packaging.pip_ensure("torch numpy", requester="SASAN")
    assert interactive.packages.installed == [] and len(interactive.answers.asked) == 1
    interactive.packages.user = "accept"
    slicer.packaging.pip_ensure(["torch>=2", "numpy", "pytest"], requester="SASAN")
    assert interactive.packages.installed == [["torch>=2", "numpy"]]
    assert interactive.packages.missing == set() and slicer.packaging.pip_check("torch")


def test_a_failing_pip_raises(interactive):
    import slicer.packaging

    interactive.packages.missing, interactive.packages.outcome = {"numpy"}, "fail"
    interactive.packages.user = "accept"
    with pytest.raises(subprocess.CalledProcessError):
        slicer.packaging.pip_ensure("numpy")
    with pytest.raises(subprocess.CalledProcessError):
        slicer.util.pip_install("numpy")
    codes = []
    slicer.packaging.pip_install("numpy", blocking=False, completedCallback=codes.append)
    interactive.app.processEvents()
    assert codes == [1] and "numpy" in interactive.packages.missing


def test_a_python_module_is_recorded_and_never_run(interactive):
    run, packages = slicer.util.executePythonModule, interactive.packages
    packages.missing = {"torch", "numpy"}
    run("light_the_torch", ["install", "torch>=2"])
    slicer.util.executePythonModule("venv", ["folder"])
    assert packages.executed == [("light_the_torch", ["install", "torch>=2"]), ("venv", ["folder"])]
    assert packages.missing == {"numpy"} and packages.installed == []
    packages.failing = {"light_the_torch"}
    with pytest.raises(subprocess.CalledProcessError, match=r"light_the_torch.*numpy.*exit status 1"):
        run("light_the_torch", ["install", "numpy"])
    assert packages.missing == {"numpy"}
    codes = []
    run("light_the_torch", ["install", "numpy"], blocking=False, completedCallback=codes.append)
    assert codes == []
    interactive.app.processEvents()
    assert codes == [1] and len(packages.executed) == 4
    with pytest.raises(ValueError, match="list"):
        run("pip", "install numpy")


def test_the_function_comes_back_after_the_host():
    original = slicer.util.executePythonModule
    with Host():
        assert slicer.util.executePythonModule is not original
    assert slicer.util.executePythonModule is original


def test_the_extension_pytorch_is_there_only_if_a_test_says_so_and_never_used():
    with Host() as host:
        with pytest.raises(ImportError):
            import PyTorchUtils
        assert not hasattr(slicer.modules, "pytorchutils")
        host.add_pytorch()
        import PyTorchUtils

        assert slicer.util.getModule("PyTorchUtils").name == "PyTorchUtils" and slicer.modules.pytorchutils.path
        with pytest.raises(AssertionError, match="never be imported"):
            PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True)
        with pytest.raises(AssertionError, match="never be imported"):
            PyTorchUtils.PyTorchUtilsLogic().torch  # noqa: B018
    with pytest.raises(ImportError):
        import PyTorchUtils


def test_under_testing_nothing_is_ensured_unless_told(host):
    import slicer.packaging

    host.packages.missing = {"numpy"}
    slicer.packaging.pip_ensure("numpy")
    assert host.packages.installed == []
    with pytest.raises(RuntimeError, match="declined"):
        slicer.packaging.pip_ensure("numpy", skip_in_testing=False)


def test_requirements_are_read_as_slicer_reads_them(host, tmp_path):
    from slicer.packaging import load_requirements

    (tmp_path / "requirements.txt").write_text("# these\n\ntorch>=2.2\n--index-url https://x\n  numpy \n")
    assert [str(r) for r in load_requirements(tmp_path / "requirements.txt")] == ["torch>=2.2", "numpy"]


# Sample data


def test_the_sample_is_a_phantom_head(host):
    import SampleData

    lines = []
    node = SampleData.SampleDataLogic(lines.append).downloadMRHead()
    array = slicer.util.arrayFromVolume(node)
    assert node.GetName() == "MRHead" and array.dtype == np.int16 and array.max() > 300 and lines
    assert host.view_image("Red").max() > 100
    SampleData.SampleDataLogic.failure = OSError("no network")
    with pytest.raises(OSError, match="no network"):
        SampleData.SampleDataLogic().downloadMRHead()
    SampleData.SampleDataLogic.registerCustomSampleDataSource(category="SASAN", sampleName="Head", checksums="SHA256:1")
    (source,) = SampleData.SampleDataLogic.sources["SASAN"]
    assert source.sampleName == "Head" and source.checksums == "SHA256:1"
    with pytest.raises(TypeError):
        SampleData.SampleDataLogic.registerCustomSampleDataSource(catgory="SASAN", sampleName="Head")
