"""The networks: golden sizes and costs, shapes, receptive field, and the arithmetic of the normalisation."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from SASANLib.networks import (
    OTHER,
    AttentionModule,
    Generator,
    InstanceNorm,
    NetworkConfig,
    SelfAttentiveNormalization,
    TranslationNetworks,
    UNet,
    image_discriminator,
    instance_norm,
    segmentation_discriminator,
)
from SASANLib.networks.blocks import ConvBlock
from SASANLib.networks.precision import autocast_off

META = torch.device("meta")
PAPER = NetworkConfig(context_slices=3, maps=8, classes=5)
SMALL = NetworkConfig(context_slices=1, maps=2, classes=3, embedding=4)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: Generator(PAPER), 1_580_291),
        (lambda: AttentionModule(PAPER), 2_427_925),
        (lambda: image_discriminator(3), 167_649),
        (lambda: segmentation_discriminator(5), 35_937),
        (lambda: UNet(3, 5), 17_263_237),
        (lambda: TranslationNetworks(PAPER), 2 * (1_580_291 + 2_427_925)),
    ],
    ids=["generator", "attention", "image discriminator", "segmentation discriminator", "U-Net", "both directions"],
)
def test_parameter_counts_are_those_of_the_paper_and_its_authors(build, expected):
    with META:
        network = build()
    assert sum(p.numel() for p in network.parameters()) == expected


def test_multiply_accumulates_per_slice():
    with META:
        image, maps = torch.empty(1, 3, 256, 256), torch.empty(1, 8, 256, 256)
        generator, attention = Generator(PAPER), AttentionModule(PAPER)
    with FlopCounterMode(display=False) as synthesis:
        generator(image, maps)
    with FlopCounterMode(display=False) as mapping:
        attention(image)
    assert synthesis.get_total_flops() / 2 == 27_444_379_648
    assert mapping.get_total_flops() / 2 == 6_086_459_392


@pytest.mark.parametrize("context", [1, 3])
@pytest.mark.parametrize("size", [(32, 32), (48, 80), (256, 128)])
def test_translation_keeps_context_and_size_and_knows_no_device(context, size):
    with META:
        networks = TranslationNetworks(NetworkConfig(context_slices=context, maps=8, classes=5))
        output = networks.translate(torch.empty(2, context, *size), "a")
    assert output.image.shape == (2, context, *size)
    assert output.maps.shape == (2, 8, *size)
    assert output.logits.shape == (2, 5, *size)
    assert {t.device.type for t in output} == {"meta"}


@pytest.mark.parametrize("source", OTHER)
def test_translation_reads_its_own_domain_and_produces_the_other(source):
    torch.manual_seed(0)
    networks, image = TranslationNetworks(SMALL).eval(), torch.rand(1, 1, 32, 48) * 2 - 1
    with torch.no_grad():
        maps, logits = networks.attention[source](image)
        expected = networks.generator["b" if source == "a" else "a"](image, maps)
        output = networks.translate(image, source)
    for made, wanted in zip(output, (expected, maps, logits), strict=True):
        assert torch.equal(made, wanted)
    assert output.image.abs().max() <= 1


def test_translation_is_float32_under_bfloat16():
    torch.manual_seed(0)
    networks, image = TranslationNetworks(SMALL), torch.rand(1, 1, 32, 32) * 2 - 1
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rough = networks.translate(image, "a").image
    with torch.no_grad():
        fine = networks.translate(image, "a").image
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, fine, atol=0.15, rtol=0)


def test_output_layers_are_float32_under_bfloat16():
    """And what is before them is not: norms take bfloat16 in and give it out, but their statistics are float32."""
    networks = TranslationNetworks(SMALL.model_copy(update={"map_activation": "softmax"}))
    image = torch.rand(1, 1, 32, 32)
    kinds, inputs = {}, {}

    def keep(name):
        def hook(_module, x, y):
            kinds[name], inputs[name] = y.dtype, (x[0].detach(), y.detach())

        return hook

    layers = {
        "image": networks.generator["b"].head[1],
        "logits": networks.attention["a"].classifier,
        "before": networks.generator["b"].head[0][0],
        "maps": networks.attention["a"].maps,
    }
    for name, layer in layers.items():
        layer.register_forward_hook(keep(name))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        networks.translate(image, "a")
    single, half = torch.float32, torch.bfloat16
    assert kinds == {"image": single, "logits": single, "before": half, "maps": half}
    for name in ("image", "logits"):
        x, y = inputs[name]
        with torch.no_grad():
            assert torch.equal(layers[name].forward(x.float()), y)


def test_networks_can_be_converted_as_a_whole():
    networks, image = TranslationNetworks(SMALL).bfloat16(), torch.rand(1, 1, 32, 32).bfloat16()
    output = networks.translate(image, "a")
    assert (output.image.dtype, output.logits.dtype) == (torch.float32, torch.bfloat16)


def test_there_is_nothing_to_switch_off_where_torch_has_no_autocast(monkeypatch):
    monkeypatch.setattr(torch.amp, "is_autocast_available", lambda kind: kind != "mps", raising=False)
    with autocast_off(torch.device("mps")), torch.autocast("cpu", torch.bfloat16):
        pass
    monkeypatch.delattr(torch.amp, "is_autocast_available")  # torch < 2.5
    with autocast_off(torch.device("mps")):
        pass
    with torch.autocast("cpu", torch.bfloat16), autocast_off(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_instance_norm_is_pytorchs_and_keeps_channels_last():
    torch.manual_seed(0)
    x = (5 + 3 * torch.randn(2, 4, 6, 10)).to(memory_format=torch.channels_last)
    normalised = instance_norm(x)
    torch.testing.assert_close(normalised, F.instance_norm(x, eps=1e-5))
    assert normalised.is_contiguous(memory_format=torch.channels_last)
    assert instance_norm(x.bfloat16()).dtype == torch.bfloat16


def test_self_attentive_normalization_by_hand():
    """Centre taps only, so that each pixel can be worked out by itself: γ₀ = 2·relu(m₀), β₀ = ¼ − relu(m₁)."""
    layer = SelfAttentiveNormalization(channels=2, maps=2, embedding=4)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.embed[0].weight[0, 0, 1, 1] = layer.embed[0].weight[1, 1, 1, 1] = 1
        layer.gamma.weight[0, 0, 1, 1] = 2
        layer.gamma.bias[1] = 0.5
        layer.beta.weight[0, 1, 1, 1] = -1
        layer.beta.bias.copy_(torch.tensor([0.25, 3.0]))
        x = torch.tensor([[[[1.0, 2], [3, 4]], [[-1, -1], [1, 1]]]])
        maps = torch.tensor([[[[1.0, -1], [0.5, 0]], [[0, 1], [2, -3]]]])
        result = layer(x, maps)
    deviation = 1.25**0.5  # of 1, 2, 3, 4 about 2.5
    first = [
        [(1 + 2) * -1.5 / deviation + 0.25, (1 + 0) * -0.5 / deviation + 0.25 - 1],
        [(1 + 1) * 0.5 / deviation + 0.25 - 2, (1 + 0) * 1.5 / deviation + 0.25],
    ]
    second = [[1.5 * -1 + 3] * 2, [1.5 * 1 + 3] * 2]
    torch.testing.assert_close(result, torch.tensor([[first, second]]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("resize", "shrunk"),
    [("nearest", lambda maps, step: maps[..., ::step, ::step]), ("area", F.avg_pool2d)],
)
def test_maps_steer_the_decoder_at_quarter_half_and_full_size(resize, shrunk):
    torch.manual_seed(0)
    generator = Generator(SMALL.model_copy(update={"map_resize": resize}))
    seen = []
    for block in generator.decoder:
        block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    maps = torch.randn(1, 2, 32, 48)
    with torch.no_grad():
        generator(torch.zeros(1, 1, 32, 48), maps)
    for given, step in zip(seen, (4, 2, 1), strict=True):
        torch.testing.assert_close(given, shrunk(maps, step))


def test_map_activation_bounds_the_maps_that_the_classifier_reads():
    made = {}
    for activation in ("none", "sigmoid", "softmax"):
        torch.manual_seed(0)
        attention = AttentionModule(SMALL.model_copy(update={"map_activation": activation}))
        with torch.no_grad():
            attention.maps.weight *= 30
            maps, logits = attention(torch.rand(1, 1, 32, 32))
            assert torch.equal(logits, attention.classifier(maps))
        made[activation] = maps
    raw = made["none"]
    assert raw.min() < -1 and raw.max() > 1
    torch.testing.assert_close(made["sigmoid"], 1 / (1 + (-raw).exp()))
    torch.testing.assert_close(made["softmax"], raw.exp() / raw.exp().sum(1, keepdim=True))


@pytest.mark.parametrize("network", [AttentionModule, Generator])
@pytest.mark.parametrize("norm", ["instance", "none"])
@pytest.mark.parametrize("act", ["leaky_relu", "relu"])
def test_conv_norm_and_conv_act_reach_every_block(network, norm, act):
    torch.manual_seed(0)
    blocks = [m for m in network(NetworkConfig(conv_norm=norm, conv_act=act)).modules() if isinstance(m, ConvBlock)]
    assert len(blocks) == {AttentionModule: 10, Generator: 5}[network]
    for block in blocks:
        conv = block[0]
        x = torch.randn(1, conv.in_channels, 8, 12)
        half = conv.kernel_size[0] // 2
        expected = F.conv2d(F.pad(x, [half] * 4, mode="reflect"), conv.weight, conv.bias, conv.stride)
        expected = F.instance_norm(expected) if norm == "instance" else expected
        expected = torch.where(expected < 0, (0.2 if act == "leaky_relu" else 0.0) * expected, expected)
        torch.testing.assert_close(block(x), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("depth", "field", "stride"), [(3, 46, 8), (4, 94, 16)])
def test_receptive_field_and_stride_of_the_image_discriminator(depth, field, stride):
    """Measured: which pixels does one patch's score answer to? Instance norms, which see everything, are taken out."""
    torch.manual_seed(0)
    judge = image_discriminator(1, width=4, depth=depth)
    for index, layer in enumerate(judge.layers):
        if isinstance(layer, InstanceNorm):
            judge.layers[index] = nn.Identity()
    image = torch.randn(1, 1, 224, 192, requires_grad=True)
    scores = judge(image)
    assert scores.shape == (1, 1, 224 // stride - 1, 192 // stride - 1)

    def seen(row, column):
        (gradient,) = torch.autograd.grad(scores[0, 0, row, column], image, retain_graph=True)
        rows, columns = gradient[0, 0].nonzero().T
        return rows.min().item(), rows.max().item() + 1, columns.min().item(), columns.max().item() + 1

    top, bottom, left, right = seen(5, 5)
    assert (bottom - top, right - left) == (field, field)
    assert seen(6, 5) == (top + stride, bottom + stride, left, right)
    assert seen(5, 6) == (top, bottom, left + stride, right + stride)


def test_discriminators_normalise_from_the_second_layer_on():
    for judge, widths in ((image_discriminator(3), (32, 64, 128)), (segmentation_discriminator(5), (32, 32, 32))):
        kinds = [type(layer).__name__ for layer in judge.layers]
        strided, normed = ["Conv2d", "LeakyReLU"], ["Conv2d", "InstanceNorm", "LeakyReLU"]
        assert kinds == strided + normed + normed + ["Conv2d"]
        assert [c.out_channels for c in judge.layers if isinstance(c, nn.Conv2d)] == [*widths, 1]


def test_unet_segments_any_size():
    torch.manual_seed(0)
    network = UNet(1, 4, width=4).eval()
    with torch.no_grad():
        assert network(torch.rand(2, 1, 50, 36)).shape == (2, 4, 50, 36)


def test_even_context_is_refused():
    with pytest.raises(ValueError, match="odd"):
        NetworkConfig(context_slices=2)
