"""The answer to "translate"."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from SASANLib.results import describe
from SASANLib.translation import ZERO_UNCERTAINTY, Translation
from SASANLib.worker.arrays import check_folder, read_volume, write_array
from SASANLib.worker.failures import blaming
from SASANLib.worker.reporter import Reporter
from SASANLib.worker.requests import Translate
from SASANLib.worker.warm_model import WarmModel


def translate(request: Translate, model: WarmModel, reporter: Reporter) -> dict:
    """The fields of the result.

    Raises:
        Failure: whatever went wrong, with nothing left in the request's folder.
        Cancelled: the client asked for it.
    """
    began = time.perf_counter()
    with blaming("disk"):
        check_folder(request.folder)
    translator = model.translator(request.model, request.device, lambda: reporter.stage("Reading the model"))
    with blaming("request"):
        translator.card.direction(request.direction)
        translator.planes(request.planes)
    # Who has not asked for the uncertainty should not hear of it.
    hidden = set() if "uncertainty" in request.outputs else {ZERO_UNCERTAINTY}
    reporter.stage("Preparing")
    with blaming("input"):
        translation = translator.translate(
            read_volume(request.input),
            request.direction,
            name=request.input.name,
            planes=request.planes,
            flips=request.flips,
            progress=reporter.progress,
            cancelled=reporter.cancelled,
            notice=lambda text: text in hidden or reporter.notice(text),
            unlike=reporter.unlike,
        )
    translation.notices[:] = [text for text in translation.notices if text not in hidden]
    reporter.stage("Writing the results")
    with blaming("disk"):
        files = _write(translation, request.outputs, request.folder, reporter)
    return {
        "files": files,
        "description": describe(translation, translator.card),
        "seconds": {"total": time.perf_counter() - began, "networks": translation.network_seconds},
    }


def _write(translation: Translation, outputs: Sequence[str], folder: Path, reporter: Reporter) -> dict:
    files: dict[str, str | list[str]] = {}
    written: list[Path] = []
    try:
        for output, name, array in _arrays(translation, outputs):
            reporter.check()
            written.append(folder / name)
            write_array(folder / name, array)
            if output == "attention":
                files.setdefault(output, []).append(name)
            else:
                files[output] = name
    except BaseException:
        for path in written:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    return files


def _arrays(translation: Translation, outputs: Sequence[str]) -> Iterator[tuple[str, str, np.ndarray]]:
    """(output, file name, array) of each output asked for."""
    for output in dict.fromkeys(outputs):
        if output == "attention":
            for number, volume in enumerate(translation.attention, start=1):
                yield output, f"attention_{number}.npy", volume.array
        else:
            yield output, f"{output}.npy", getattr(translation, output).array
