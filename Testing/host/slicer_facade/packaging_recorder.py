"""`slicer.packaging`: what would be installed is written down, and nothing ever is."""

import importlib.metadata
import logging
import subprocess
import sys

import slicer
from packaging.requirements import InvalidRequirement, Requirement


class Packages:
    """What the tests say of packages, and what was asked of pip.

    `missing`: names that count as not installed. `user`: "accept" or "decline", what the user answers to the question
    (None: the question goes to the message box that Slicer shows). `outcome`: "succeed" or "fail", how pip ends.
    `checked`, `ensured`, `installed`: the calls, in order; a successful installation takes its names from `missing`.
    `executed`: what `slicer.util.executePythonModule` was to run, as (module, arguments); of the modules in `failing`,
    the process fails. One told to "install" takes its names from `missing`, too.
    """

    def __init__(self):
        self.missing, self.user, self.outcome = set(), None, "succeed"
        self.checked, self.ensured, self.installed = [], [], []
        self.executed, self.failing = [], set()

    def pip_check(self, req):
        """Whether all requirements are met here."""
        requirements = to_requirements(req)
        self.checked.append([str(requirement) for requirement in requirements])
        return all(self._is_met(requirement) for requirement in requirements)

    def pip_ensure(
        self,
        requirements,
        constraints=None,
        skip_packages=None,
        prompt_install=True,
        prompt_restart=True,
        requester=None,
        skip_in_testing=True,
        show_progress=True,
    ):
        """Ask once for what is missing, then "install" it. Raises RuntimeError when the user declines."""
        missing = [str(r) for r in to_requirements(requirements) if not self._is_met(r)]
        self.ensured.append({"missing": missing, "requester": requester})
        if not missing:
            return None
        if skip_in_testing and slicer.app.testingEnabled():
            logging.info("Testing mode is enabled: skipping pip_ensure for %s", missing)
            return None
        if prompt_install and not self._user_agrees(missing, requester):
            raise RuntimeError("User declined package installation")
        return self.pip_install(missing, constraints, skip_packages=skip_packages, requester=requester)

    def pip_install(
        self,
        requirements,
        constraints=None,
        no_deps_requirements=None,
        skip_packages=None,
        blocking=True,
        show_progress=True,
        requester=None,
        logCallback=None,
        completedCallback=None,
    ):
        """Write the call down. Raises CalledProcessError where the test wants pip to fail."""
        arguments = requirements.split() if isinstance(requirements, str) else requirements
        if not isinstance(arguments, list):
            raise ValueError("pip_install requirement input must be string or list")
        self.installed.append(arguments)
        self._end("pip", ["install", *arguments], self.outcome == "fail", blocking, completedCallback)
        return [] if skip_packages else None

    def execute_python_module(self, module, args, blocking=True, logCallback=None, completedCallback=None):
        """Write the call down. Raises CalledProcessError where the test wants the module to fail."""
        if isinstance(args, str) or not all(isinstance(argument, str) for argument in args):
            raise ValueError("executePythonModule takes a list of texts")
        self.executed.append((module, list(args)))
        self._end(module, list(args), module in self.failing, blocking, completedCallback)

    def _end(self, module, arguments, failed, blocking, told):
        """What a process `PythonSlicer -m module arguments` leaves behind, and how its end is told."""
        if not failed and arguments[:1] == ["install"]:
            names = {Requirement(a).name for a in arguments[1:] if not a.startswith("-") and "/" not in a}
            self.missing -= names
        if not blocking:
            if told is not None:
                import qt

                qt.QTimer.singleShot(0, lambda: told(int(failed)))
        elif failed:
            raise subprocess.CalledProcessError(1, [sys.executable, "-m", module, *arguments])

    def _is_met(self, requirement):
        if requirement.marker is not None and not requirement.marker.evaluate():
            return True
        if requirement.name in self.missing:
            return False
        try:
            return importlib.metadata.version(requirement.name) in requirement.specifier
        except importlib.metadata.PackageNotFoundError:
            return False

    def _user_agrees(self, missing, requester):
        if self.user is not None:
            return self.user == "accept"
        title = f"{requester} - Install Python Packages" if requester else "Install Python Packages"
        message = f"{len(missing)} Python package(s) need to be installed."
        detail = "\n".join(f"- {name}" for name in missing)
        return slicer.util.confirmOkCancelDisplay(message, title, detailedText=detail)


def to_requirements(requirements):
    """A text of one or several requirements, a Requirement, or a list of either, as a list of Requirement."""
    if isinstance(requirements, str):
        try:
            return [Requirement(requirements)]
        except InvalidRequirement:
            return [Requirement(part) for part in requirements.split()]
    if isinstance(requirements, Requirement):
        return [requirements]
    if isinstance(requirements, list):
        return [Requirement(r) if isinstance(r, str) else r for r in requirements]
    raise TypeError(f"Expected str, Requirement, or list, got {type(requirements).__name__}")


def load_requirements(path):
    """The requirements in a requirements.txt, without comments and options."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


_current = Packages()


def restart():
    """Forget what an earlier host recorded; returns what records from now on."""
    global _current
    _current = Packages()
    return _current


def pip_check(*arguments, **keywords):
    return _current.pip_check(*arguments, **keywords)


def pip_ensure(*arguments, **keywords):
    return _current.pip_ensure(*arguments, **keywords)


def pip_install(*arguments, **keywords):
    return _current.pip_install(*arguments, **keywords)
