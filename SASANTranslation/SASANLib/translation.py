"""A volume → its counterpart in the other modality, attention maps, segmentation and uncertainty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from SASANLib.batches import BatchRunner
from SASANLib.body import body_mask, with_margin
from SASANLib.cropping import BodyBox, body_box
from SASANLib.devices import is_out_of_memory, resolve_device
from SASANLib.errors import Cancelled, OutOfMemory, SASANError
from SASANLib.familiarity import unfamiliar
from SASANLib.fusion import Fusion, predict_plane
from SASANLib.grid import slice_grid
from SASANLib.intensity import IntensityMapping
from SASANLib.provenance import provenance
from SASANLib.volumes import Volume, check_image

RIM_MM = 3.0
"""kept around the body: half of the skin's voxels are air to the body mask"""

ZERO_UNCERTAINTY = (
    "The uncertainty is zero everywhere because each slice was translated only once: "
    "use several planes or mirror images to measure it."
)
"""the notice of that"""

Progress = Callable[[int, int, str], None]


@dataclass(eq=False)
class Translation:
    """What comes of one input; every volume lies on exactly its grid (shape and affine)."""

    synthetic: Volume
    """float32 in the target's units (HU for CT); the target's air beyond the body and a rim of it"""
    attention: list[Volume]
    """float32 in [0, 1], each map scaled on its own (`fusion.scale_map`); averaged over planes and flips"""
    segmentation: Volume
    """uint8, the most probable class; 0 is background"""
    uncertainty: Volume
    """float32 in the target's units: standard deviation over overlapping slices, mirror images and planes"""
    notices: list[str]
    provenance: dict
    network_seconds: float
    """of the time taken, what the networks themselves took"""


class Translator:
    """A model ready to translate volumes on one device.

    bundle: a ModelBundle, or anything with its `card` and `networks()`.
    device: "auto", "cpu", "cuda", "cuda:1" or "mps".
    batch_size: slices at a time; None chooses by device.

    Raises:
        SASANError: no such device here.
    """

    def __init__(self, bundle, device: str = "auto", batch_size: int | None = None) -> None:
        self.card = bundle.card
        self._device = resolve_device(device)
        self._batch_size = batch_size
        self._networks = bundle.networks().eval()

    def translate(
        self,
        volume: Volume,
        direction: str,
        *,
        name: str = "the image",
        planes: Sequence[str] | None = None,
        flips: bool | None = None,
        overlap: Literal["average", "centre"] = "average",
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        notice: Callable[[str], None] | None = None,
        unlike: Callable[[str], None] | None = None,
    ) -> Translation:
        """Translate a volume in `direction` ("mr-to-ct").

        name: what messages and the provenance call the input.
        planes: of slices to translate and average; None is the model's first one.
        flips: also translate mirrored slices. None does so where nothing else would tell the uncertainty:
            with one plane of a model that reads single slices.
        overlap: "average" every prediction of a slice by its neighbours' windows, or take its own ("centre").
        progress(done, total, stage): slices done of all, after every batch.
        cancelled: asked before every batch.
        notice: told every notice as it comes; they are in the result too.
        unlike: told, instead of `notice`, in what the input is unlike what the model knows.

        Raises:
            Cancelled: `cancelled` said so.
            OutOfMemory: not even one slice fits, or the results do not.
            SASANError: unknown direction or plane, an unusable image, no body.
        """
        source, target = self.card.direction(direction)
        check_image(volume, name)
        origin = self.provenance(volume, direction, name=name, planes=planes, flips=flips, overlap=overlap)
        planes, flips = origin["planes"], origin["parameters"]["flips"]
        notices: list[str] = []

        def tell(text: str, is_unlike: bool = False) -> None:
            notices.append(text)
            hear = (unlike if is_unlike else None) or notice
            if hear is not None:
                hear(text)

        def check() -> None:
            if cancelled is not None and cancelled():
                raise Cancelled

        runner = BatchRunner(self._networks, source, self._device, self._batch_size, tell)
        counter = _Counter(progress, check)
        try:
            check()
            body = body_mask(volume.array, self.card.domains[source].units, volume.spacing)
            if not body.any():
                raise SASANError(f"No body was found in {name}.", "Check that it shows the anatomy the model is for.")
            shown = with_margin(body, max(RIM_MM, *volume.spacing), volume.spacing)
            fusion = self._predict(volume, body, shown, (source, target), planes, flips, overlap, runner, counter, tell)
            results = _finish(volume, body, shown, fusion, self.card.domains[target].mapping)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                f"There is not enough memory to translate {name}.",
                "Use one plane, close other programs, or use a machine with more memory.",
            ) from error
        check()
        # Not where it was to run: it may have had to retreat.
        return Translation(*results, notices, {**origin, "device": str(runner.device)}, runner.seconds)

    def _predict(
        self,
        volume: Volume,
        body: np.ndarray,
        shown: np.ndarray,
        domains: tuple[str, str],
        planes: Sequence[str],
        flips: bool,
        overlap: str,
        runner: BatchRunner,
        counter: "_Counter",
        tell: Callable[..., None],
    ) -> Fusion:
        """All planes' predictions together on the volume's grid. `body`, and `shown` with its rim: bool (k, j, i)."""
        source, target = (self.card.domains[key] for key in domains)
        image = volume.like(source.mapping.forward(volume.array, body))
        for sentence in unfamiliar(volume, body, image.array, source):
            tell(sentence, is_unlike=True)
        # Noise and couches in the air would be translated into something, and weigh in every instance norm.
        air = float(image.array[body].min())
        image.array[~shown] = air
        boxes = self._boxes(volume, body, planes)
        counter.total = (1 + flips) * sum(box.grid.shape[0] for box in boxes)
        fusion = Fusion(volume, len(planes), target.mapping.background)
        estimates = 0
        for box in boxes:
            counter.stage = f"{box.grid.plane.capitalize()} slices"
            plane = predict_plane(
                runner,
                image,
                box,
                context=self.card.network.context_slices,
                source_background=air,  # the same beyond the field of view: a step there would pass for a surface
                target_background=target.mapping.background,
                flips=flips,
                overlap=overlap,
                step=counter.step,
            )
            estimates += plane.estimates
            counter.stage = f"{box.grid.plane.capitalize()} slices onto the input's grid"
            counter.step(0)
            fusion.add(plane, counter.check)
        if estimates < 2:
            tell(ZERO_UNCERTAINTY)
        return fusion

    def provenance(
        self,
        volume: Volume,
        direction: str,
        *,
        name: str = "the image",
        planes: Sequence[str] | None = None,
        flips: bool | None = None,
        overlap: Literal["average", "centre"] = "average",
    ) -> dict:
        """The provenance that `translate` with these arguments will record, the defaults resolved."""
        self.card.direction(direction)
        planes = self.planes(planes)
        context = self.card.network.context_slices
        if flips is None:
            flips = len(planes) == 1 and (context == 1 or overlap == "centre")
        return provenance(
            self.card,
            direction.lower(),
            name,
            volume,
            planes=planes,
            parameters={"flips": flips, "overlap": overlap, "context_slices": context},
            device=str(self._device),
        )

    def planes(self, planes: Sequence[str] | None) -> tuple[str, ...]:
        """`planes` without repetitions; None is the model's first one.

        Raises:
            SASANError: the model was not trained on one of them.
        """
        known = self.card.grid.planes
        if not planes:
            return known[:1]
        for plane in planes:
            if plane not in known:
                raise SASANError(
                    f"The model {self.card.name} was not trained on {plane} slices.",
                    f"Choose {', '.join(known)}.",
                )
        return tuple(dict.fromkeys(planes))

    def _boxes(self, volume: Volume, body: np.ndarray, planes: Sequence[str]) -> list[BodyBox]:
        grid, mask = self.card.grid, volume.like(body.astype(np.uint8))
        return [body_box(mask, slice_grid(volume, body, plane, grid.spacing_mm, grid.size)) for plane in planes]


class _Counter:
    """Counts slices over all planes for the progress callback, and asks for cancellation at every step."""

    def __init__(self, progress: Progress | None, check: Callable[[], None]) -> None:
        self.stage = ""
        self.total = 0
        self.check = check
        self._done = 0
        self._progress = progress

    def step(self, slices: int) -> None:
        self.check()
        self._done += slices
        if self._progress is not None:
            self._progress(self._done, self.total, self.stage)


def _finish(volume: Volume, body: np.ndarray, shown: np.ndarray, fusion: Fusion, mapping: IntensityMapping) -> tuple:
    """(synthetic, attention, segmentation, uncertainty); each frees what it came from."""
    segmentation = volume.like(np.where(shown, fusion.take_labels(), np.uint8(0)))
    uncertainty = np.where(shown, fusion.take_spread(), np.float32(0))
    # Both mappings are straight lines but for a floor at 0, which the upper half of the range stays clear of.
    uncertainty *= 2 * (mapping.inverse(1.0) - mapping.inverse(0.5))
    synthetic = volume.like(mapping.inverse(np.where(shown, fusion.image(), np.float32(mapping.background))))
    attention = [volume.like(values) for values in fusion.take_maps(body)]
    return synthetic, attention, segmentation, volume.like(uncertainty)
