"""The Translator on networks whose right answer is known, and once on real ones."""

import numpy as np
import pytest
import torch
from bundle_examples import NETWORK, make_state
from translation_examples import (
    AIR,
    HIGH,
    LOW,
    SPACING,
    StubBundle,
    StubNetworks,
    rotation,
    small_card,
    smooth_head,
)

from SASANLib.body import body_mask, with_margin
from SASANLib.devices import is_out_of_memory, list_devices, resolve_device
from SASANLib.errors import Cancelled, SASANError
from SASANLib.networks import TranslationNetworks
from SASANLib.provenance import same_translation
from SASANLib.translation import Translator
from SASANLib.volumes import Volume

HU = (HIGH - LOW) / 2
"""one unit of the model's range"""
ALL = ("axial", "coronal", "sagittal")
LEFT_HANDED = np.diag([1.0, 1.0, -1.0])
SAGITTAL_SCAN = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def translator(networks=None, card=None, **options) -> Translator:
    return Translator(StubBundle(card or small_card(), networks or StubNetworks()), "cpu", **options)


def body_of(volume: Volume) -> np.ndarray:
    return body_mask(volume.array, "HU", volume.spacing)


# ---- geometry ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planes", [("axial",), ("coronal",), ("sagittal",), ALL])
def test_identity_gives_back_the_input_where_grids_agree(planes):
    volume = smooth_head()
    result = translator().translate(volume, "ct-to-ct2", planes=planes)
    body = body_of(volume)
    assert np.abs(result.synthetic.array - volume.array)[body].max() < 0.01
    assert result.uncertainty.array[body].max() < 0.01


@pytest.mark.parametrize("planes", [("axial",), ("coronal",), ("sagittal",), ALL])
@pytest.mark.parametrize(
    ("directions", "spacing", "shape"),
    [
        (rotation(20, -15, 35), (3.0, 2.5, 4.0), (36, 58, 46)),
        (LEFT_HANDED @ rotation(-10, 25, 5), (3.0, 3.0, 3.0), (44, 48, 44)),
        (rotation(5, 0, 10) @ SAGITTAL_SCAN, (2.0, 2.0, 5.0), (26, 66, 70)),
    ],
    ids=["oblique anisotropic", "left-handed", "sagittal scan"],
)
def test_identity_gives_back_any_input_to_within_interpolation(directions, spacing, shape, planes):
    volume = smooth_head(directions, spacing, shape)
    result = translator().translate(volume, "ct-to-ct2", planes=planes)
    # Away from the skin, where interpolating a cliff of 1000 HU costs what it costs.
    inside = smooth_head(directions, spacing, shape).array > -150
    error = np.abs(result.synthetic.array - volume.array)[inside]
    assert error.mean() < 12 and np.percentile(error, 99) < 60
    voxels = max(1, round(SPACING / spacing[0]))
    shifted = np.abs(np.roll(volume.array, voxels, axis=2) - volume.array)[inside]
    assert error.mean() < 0.5 * shifted.mean(), "as bad as a shift by half of the coarser grid's voxel"


def test_every_output_has_exactly_the_inputs_grid():
    volume = smooth_head(rotation(20, -15, 35), (3.1, 2.7, 4.3), (30, 51, 43))
    result = translator().translate(volume, "ct-to-ct2", planes=ALL)
    outputs = [result.synthetic, result.segmentation, result.uncertainty, *result.attention]
    assert all(output.shape == volume.shape for output in outputs)
    assert all(np.array_equal(output.affine, volume.affine) for output in outputs)
    types = [result.synthetic.array.dtype, result.uncertainty.array.dtype, result.segmentation.array.dtype]
    assert types == [np.float32, np.float32, np.uint8]
    assert all(m.array.dtype == np.float32 for m in result.attention)


def test_the_input_is_left_as_it_was():
    volume = smooth_head()
    before = volume.array.copy()
    translator().translate(volume, "ct-to-ct2", planes=ALL)
    assert np.array_equal(volume.array, before)


# ---- what is computed, and what lies outside -----------------------------------------------------------------------


def test_only_the_body_is_computed():
    volume = smooth_head(shape=(80, 60, 64))
    networks = StubNetworks()
    translator(networks).translate(volume, "ct-to-ct2", flips=False)
    body = body_of(volume)
    slices = int(body.any(axis=(1, 2)).sum())
    assert sum(len(batch) for batch in networks.seen) == slices < volume.shape[0] / 2
    assert {tuple(batch.shape[1:]) for batch in networks.seen} == {(1, 64, 64)}, "the model's field is 128 × 128"


def test_the_target_is_air_where_nothing_was_computed():
    volume = smooth_head(shape=(60, 60, 64))
    volume.array[4:8, 2:6, 2:6] = 500  # not the body's: smaller and apart
    networks = StubNetworks(image=lambda x: torch.zeros_like(x))
    result = translator(networks).translate(volume, "ct-to-ct2", flips=False)
    assert (result.synthetic.array[4:8, 2:6, 2:6] == AIR).all()
    assert result.synthetic.array[30, 30, 32] == pytest.approx(0, abs=1e-3)
    assert (result.segmentation.array[4:8, 2:6, 2:6] == 0).all()


def test_noise_and_couches_in_the_air_do_not_reach_the_networks_nor_the_result():
    volume = smooth_head(shape=(30, 60, 60))
    noisy = volume.like(volume.array.copy())
    noisy.array[:, 1:3] = 300  # a couch: thin, and apart from the body
    noisy.array[:, :, -3:] += np.random.default_rng(0).normal(0, 40, noisy.array[:, :, -3:].shape).astype(np.float32)
    quiet, loud = StubNetworks(image=lambda x: x + 0.5), StubNetworks(image=lambda x: x + 0.5)
    expected = translator(quiet).translate(volume, "ct-to-ct2", flips=False)
    result = translator(loud).translate(noisy, "ct-to-ct2", flips=False)
    assert torch.equal(torch.cat(quiet.seen), torch.cat(loud.seen))
    assert np.array_equal(result.synthetic.array, expected.synthetic.array)


def test_air_is_the_same_within_and_beyond_the_field_of_view():
    volume = smooth_head(rotation(0, 0, 20), shape=(30, 34, 32))
    volume.array[:] = np.maximum(volume.array, -700)  # an air of its own, above the mapping's lower end
    volume = volume.like(np.where(body_of(volume), volume.array, np.float32(-700)))
    networks = StubNetworks()
    translator(networks).translate(volume, "ct-to-ct2", flips=False)
    seen = torch.cat(networks.seen)
    values, counts = seen.unique(return_counts=True)
    assert torch.isclose(seen[:, 0, 0, 0], values[counts.argmax()], atol=1e-4).all() and seen.min() > -0.71


def test_beyond_the_body_and_its_rim_is_air_and_in_it_the_networks_own_answer():
    volume = smooth_head(shape=(30, 60, 60))
    networks = StubNetworks(image=lambda x: torch.full_like(x, 0.1))
    result = translator(networks).translate(volume, "ct-to-ct2", flips=True)
    shown = with_margin(body_of(volume), 4.0, volume.spacing)
    assert (result.synthetic.array[~shown] == AIR).all()
    assert not result.uncertainty.array[~shown].any() and not result.segmentation.array[~shown].any()
    skin = shown & ~body_of(volume)
    skin[: np.flatnonzero(shown.any(axis=(1, 2)))[0] + 2] = False  # not computed above and below the body
    skin[np.flatnonzero(shown.any(axis=(1, 2)))[-1] - 1 :] = False
    assert skin.any() and np.allclose(result.synthetic.array[skin], 0.1 * HU, atol=0.5)


# ---- averages, their spread, and units --------------------------------------------------------------------------


def ramp(x: torch.Tensor) -> torch.Tensor:
    return torch.linspace(-0.1, 0.1, x.shape[-1]).expand_as(x)


def test_flips_cancel_what_depends_on_the_side_and_tell_its_spread():
    volume = smooth_head()
    networks = StubNetworks(image=lambda x: x + ramp(x))
    result = translator(networks).translate(volume, "ct-to-ct2", flips=True)
    middle = np.s_[18, 17, 6:26]
    assert np.allclose(result.synthetic.array[middle], volume.array[middle], atol=0.05)
    # 64 pixels were computed; i runs to the left in the slices and to the right in this volume.
    pixels = networks.seen[0].shape[-1]
    step = 0.2 / (pixels - 1) * HU
    spread = result.uncertainty.array[middle]
    assert np.abs(np.diff(spread, 2)).max() < 1.1 * 2 * step and np.abs(np.diff(spread)).max() == pytest.approx(
        step, rel=0.01
    )
    assert spread.min() < step < spread.max() < 0.1 * HU


def test_one_estimate_has_no_spread_and_says_so():
    networks = StubNetworks(image=lambda x: x + ramp(x))
    result = translator(networks).translate(smooth_head(), "ct-to-ct2", flips=False)
    assert result.uncertainty.array.max() == 0
    assert any("uncertainty is zero" in text for text in result.notices)


@pytest.mark.parametrize(
    ("context", "planes", "overlap", "flips"),
    [
        (1, ("axial",), "average", True),
        (1, ALL, "average", False),
        (3, ("axial",), "average", False),
        (3, ("axial",), "centre", True),
    ],
)
def test_mirror_images_are_used_where_nothing_else_tells_the_uncertainty(context, planes, overlap, flips):
    card = small_card(context)
    result = translator(card=card).translate(smooth_head(), "ct-to-ct2", planes=planes, overlap=overlap)
    assert result.provenance["parameters"]["flips"] is flips
    assert not any("uncertainty" in text for text in result.notices)


def test_neighbouring_slices_are_read_and_their_predictions_averaged():
    networks = StubNetworks(image=lambda x: x[:, 1:2] + torch.tensor([-0.1, 0.0, 0.1]).reshape(1, 3, 1, 1).expand_as(x))
    constant = Volume(np.where(body_of(smooth_head()), 0.25, AIR).astype(np.float32), smooth_head().affine)
    card = small_card(3)
    result = translator(networks, card).translate(constant, "ct-to-ct2")
    batch = torch.cat(networks.seen)
    assert torch.equal(batch[0, 0], batch[0, 1]), "the edge slice stands in for its neighbour"
    assert torch.equal(batch[1, 2], batch[2, 1]) and torch.equal(batch[1, 0], batch[0, 1])
    k = np.flatnonzero(body_of(constant).any(axis=(1, 2)))
    middle = np.s_[k[3] : k[-3], 17, 16]
    assert np.allclose(result.synthetic.array[middle], 0.25, atol=0.01)
    assert np.allclose(result.uncertainty.array[middle], 0.1 * np.sqrt(2 / 3) * HU, atol=0.01)
    centre = translator(networks, card).translate(constant, "ct-to-ct2", overlap="centre", flips=False)
    assert centre.uncertainty.array.max() == 0


def test_synthetic_is_in_the_targets_units():
    volume = smooth_head()
    networks = StubNetworks(image=lambda x: -x)
    result = translator(networks).translate(volume, "ct-to-ct2", flips=False)
    middle = np.s_[16:20, 15:19, 14:18]
    assert np.allclose(result.synthetic.array[middle], -volume.array[middle], atol=0.01)


def test_attention_maps_are_those_of_the_networks_scaled():
    volume = smooth_head()
    result = translator().translate(volume, "ct-to-ct2", planes=ALL)
    first, second = (volume.array for volume in result.attention)
    body = body_of(volume)
    low, high = np.percentile(volume.array[body], (1, 99))
    expected = np.clip((volume.array - low) / (high - low), 0, 1)
    assert np.abs(first - expected)[body].max() < 0.01
    assert np.allclose(first[body] + second[body], 1, atol=0.02), "the second map is the negative of the first"
    for values in (first, second):
        assert values.min() == 0 and values.max() == 1


def test_mirrored_maps_and_labels_are_mirrored_back():
    volume = smooth_head()
    volume.array[10:26, 12:22, 6:12] = 700  # on one side only
    networks = StubNetworks()
    result = translator(networks).translate(volume, "ct-to-ct2", flips=True)
    assert (result.segmentation.array[12:24, 14:20, 7:11] == 1).all()
    assert result.attention[0].array[18, 17, 8] == 1
    plain = translator().translate(volume, "ct-to-ct2", flips=False)
    assert np.array_equal(plain.segmentation.array, result.segmentation.array)


def test_segmentation_is_the_most_probable_class():
    volume = smooth_head()
    result = translator().translate(volume, "ct-to-ct2")
    body = body_of(volume)
    clear = body & (np.abs(volume.array) > 1)
    assert np.array_equal(result.segmentation.array[clear], (volume.array > 0)[clear])
    assert 0.2 < result.segmentation.array[body].mean() < 0.8


def test_maps_beyond_half_precision_do_no_harm():
    networks = StubNetworks(maps=lambda x: torch.cat([x * 1e7, x * 0], dim=1))
    result = translator(networks).translate(smooth_head(), "ct-to-ct2")
    assert np.isfinite(result.attention[0].array).all() and (result.attention[1].array == 0).all()


# ---- on the way ----------------------------------------------------------------------------------------------------


def test_progress_counts_every_slice_of_every_plane():
    calls = []
    networks = StubNetworks()
    translator(networks, batch_size=5).translate(
        smooth_head(), "ct-to-ct2", planes=ALL, progress=lambda *call: calls.append(call)
    )
    done, totals, stages = zip(*calls, strict=True)
    assert list(done) == sorted(done) and done[0] == 0
    assert set(totals) == {done[-1]} and done[-1] == sum(len(batch) for batch in networks.seen)
    assert {"Axial slices", "Coronal slices", "Sagittal slices"} <= set(stages)


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_cancelling_takes_effect_within_one_batch(batches):
    networks = StubNetworks()
    with pytest.raises(Cancelled):
        translator(networks, batch_size=2).translate(
            smooth_head(), "ct-to-ct2", cancelled=lambda: len(networks.seen) >= batches
        )
    assert len(networks.seen) == batches


def test_cancelling_takes_effect_after_the_last_batch():
    networks = StubNetworks()
    translator(networks).translate(smooth_head(), "ct-to-ct2")
    total, fresh = len(networks.seen), StubNetworks()
    with pytest.raises(Cancelled):
        translator(fresh).translate(smooth_head(), "ct-to-ct2", cancelled=lambda: len(fresh.seen) == total)


class Forgetful(StubNetworks):
    """Runs out of memory on any batch larger than `most`, or on a device other than the CPU."""

    def __init__(self, error: Exception, most: int, most_elsewhere: int = 0) -> None:
        super().__init__()
        self.error, self.most, self.most_elsewhere = error, most, most_elsewhere
        self.tried: list[tuple[str, int]] = []

    def translate(self, image, source):
        self.tried.append((image.device.type, len(image)))
        if len(image) > (self.most if image.device.type == "cpu" else self.most_elsewhere):
            raise self.error
        return super().translate(image, source)


MEMORY_ERRORS = [
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried …"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 268435456 bytes."),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    MemoryError(),
]


@pytest.mark.parametrize("error", MEMORY_ERRORS, ids=lambda error: str(error)[:30] or type(error).__name__)
def test_out_of_memory_halves_the_batch_and_says_so(error):
    told = []
    networks = Forgetful(error, most=3)
    volume = smooth_head()
    result = translator(networks, batch_size=8).translate(volume, "ct-to-ct2", notice=told.append)
    assert [size for _, size in networks.tried[:3]] == [8, 4, 2]
    assert {len(batch) for batch in networks.seen} <= {2, 1}
    assert told == result.notices
    assert [text for text in told if "memory" in text] == [
        "The memory of cpu ran out: continuing with batches of 4 slices.",
        "The memory of cpu ran out: continuing with batches of 2 slices.",
    ]
    expected = translator().translate(volume, "ct-to-ct2")
    assert np.allclose(result.synthetic.array, expected.synthetic.array, atol=1e-3)


def test_out_of_memory_on_a_gpu_ends_on_the_cpu():
    # torch's "meta" device stands for a GPU: tensors go there without memory, and nothing comes back.
    networks = Forgetful(RuntimeError("MPS backend out of memory"), most=9)
    one = translator(networks, batch_size=2)
    one._device = torch.device("meta")
    result = one.translate(smooth_head(), "ct-to-ct2")
    assert networks.tried[:3] == [("meta", 2), ("meta", 1), ("cpu", 1)]
    assert "The memory of meta ran out even for one slice: continuing on the CPU." in result.notices
    assert result.provenance["device"] == "cpu"


def test_out_of_memory_on_the_cpu_is_an_error_in_the_end():
    with pytest.raises(SASANError, match=r"not enough memory to translate even one slice.*Close other programs"):
        translator(Forgetful(MemoryError(), most=0), batch_size=4).translate(smooth_head(), "ct-to-ct2")


def test_out_of_memory_between_batches_is_a_sentence(monkeypatch):
    def exhausted(*_arguments, **_options):
        raise MemoryError("Unable to allocate 8.00 GiB for an array")

    monkeypatch.setattr("SASANLib.fusion.from_grid", exhausted)
    with pytest.raises(SASANError, match=r"not enough memory to translate head\.nrrd"):
        translator().translate(smooth_head(), "ct-to-ct2", name="head.nrrd")


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))
    with pytest.raises(RuntimeError, match="illegal"):
        translator(Forgetful(RuntimeError("an illegal memory access"), most=0)).translate(smooth_head(), "ct-to-ct2")


# ---- the request -------------------------------------------------------------------------------------------------


def test_provenance_tells_how_the_result_came_about():
    volume = smooth_head()
    origin = translator().translate(volume, "CT-to-CT2", planes=ALL, name="head.nrrd").provenance
    assert origin["model"] == "tiny-mr-ct" and origin["model_version"] == "0.1.0"
    assert origin["weights_sha256"] == "0" * 64
    assert origin["direction"] == "ct-to-ct2" and origin["planes"] == list(ALL)
    assert origin["parameters"] == {"flips": False, "overlap": "average", "context_slices": 1}
    assert origin["input"]["name"] == "head.nrrd" and origin["input"]["ijk_to_ras"] == volume.affine.tolist()
    assert origin["library"].startswith("SASANLib ") and origin["device"] == "cpu"


def test_the_same_request_is_known_again_and_another_is_not():
    one, volume = translator(), smooth_head()
    done = one.translate(volume, "ct-to-ct2", name="a.nrrd").provenance
    assert same_translation(done, one.provenance(volume, "ct-to-ct2", name="moved/a.nrrd"))
    assert not same_translation(done, one.provenance(volume, "ct2-to-ct"))
    assert not same_translation(done, one.provenance(volume, "ct-to-ct2", planes=["coronal"]))
    assert not same_translation(done, one.provenance(volume, "ct-to-ct2", flips=False))
    volume.array[0, 0, 0] += 1
    assert not same_translation(done, one.provenance(volume, "ct-to-ct2"))
    moved = Volume(smooth_head().array, volume.affine + np.eye(4)[::-1] * 0.1)
    assert not same_translation(done, one.provenance(moved, "ct-to-ct2"))


def test_unknown_direction_names_the_known_ones():
    with pytest.raises(SASANError, match=r"no direction 'ct-to-pet'.*ct-to-ct2 or ct2-to-ct"):
        translator().translate(smooth_head(), "ct-to-pet")


def test_a_plane_the_model_was_not_trained_on_is_refused():
    card = small_card()
    card = card.model_copy(update={"grid": card.grid.model_copy(update={"planes": ("coronal",)})})
    with pytest.raises(SASANError, match=r"not trained on axial slices.*coronal"):
        translator(card=card).translate(smooth_head(), "ct-to-ct2", planes=["axial"])
    assert translator(card=card).translate(smooth_head(), "ct-to-ct2").provenance["planes"] == ["coronal"]


def test_an_unusable_image_is_refused_by_name():
    volume = smooth_head()
    volume.array[3, 3, 3] = np.nan
    with pytest.raises(SASANError, match=r"thorax\.nrrd"):
        translator().translate(volume, "ct-to-ct2", name="thorax.nrrd")


def test_devices():
    assert list_devices()[-1].name == "cpu"
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto") == torch.device(list_devices()[0].name)
    for name in ("cuda:99", "tpu", ""):
        with pytest.raises(SASANError, match="auto"):
            resolve_device(name)


def test_a_gpu_is_preferred_where_there_is_one(monkeypatch):
    class Properties:
        name, total_memory = "Fast GPU", 16 * 2**30

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _index: Properties)
    assert [device.name for device in list_devices()][:2] == ["cuda:0", "cuda:1"]
    assert list_devices()[0].description == "Fast GPU, 16 GiB"
    assert resolve_device("auto") == resolve_device("cuda") == torch.device("cuda:0")
    assert resolve_device("cuda:1") == torch.device("cuda:1")


# ---- real networks -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_networks():
    networks = TranslationNetworks(NETWORK)
    networks.load_state_dict(make_state())
    return networks


@pytest.fixture(scope="module")
def thick_slices():
    """Few slices: these networks are full-sized but for their maps."""
    return smooth_head(spacing=(4.0, 4.0, 14.0), shape=(8, 34, 32))


@pytest.fixture(scope="module")
def real_result(real_networks, thick_slices):
    return translator(real_networks, batch_size=4).translate(thick_slices, "ct-to-ct2")


def test_real_networks_give_a_sound_result(real_result):
    body = real_result.synthetic.array != AIR
    assert np.isfinite(real_result.synthetic.array).all() and body.any()
    assert real_result.synthetic.array.min() >= LOW and real_result.synthetic.array.max() <= HIGH
    assert real_result.uncertainty.array.max() > 0.1, "mirrored slices are not translated quite alike"
    assert len(real_result.attention) == NETWORK.maps
    assert all(values.array.max() == 1 for values in real_result.attention)


def test_real_networks_give_the_same_result_again(real_networks, thick_slices, real_result):
    again = translator(real_networks, batch_size=4).translate(thick_slices, "ct-to-ct2")
    for name in ("synthetic", "segmentation", "uncertainty"):
        assert np.array_equal(getattr(real_result, name).array, getattr(again, name).array)
    assert all(np.array_equal(a.array, b.array) for a, b in zip(real_result.attention, again.attention, strict=True))


def test_the_batch_size_does_not_matter(real_networks, thick_slices, real_result):
    single = translator(real_networks, batch_size=1).translate(thick_slices, "ct-to-ct2")
    difference = np.abs(real_result.synthetic.array - single.synthetic.array)
    # Sums in another order, which untrained networks amplify: 0.1 of 2000 HU. A slice of another patient is 100 off.
    assert difference.mean() < 1


def test_each_direction_uses_its_own_networks(real_networks, thick_slices, real_result):
    back = translator(real_networks).translate(thick_slices, "ct2-to-ct", flips=False)
    assert np.abs(real_result.synthetic.array - back.synthetic.array).max() > 10
