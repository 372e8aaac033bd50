"""The full objective, eq. 7: which images go through which networks, and which losses they meet.

An objective knows no optimiser: it turns networks and a batch into named, weighted terms. The discriminators'
side gets the fakes of the generators' side, detached; translating again would cost 84 % more.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from SASANLib import losses
from SASANLib.networks import OTHER, Domain, TranslationNetworks, image_discriminator, segmentation_discriminator
from SASANLib.networks.discriminator import PatchDiscriminator
from SASANLib.training.batch import AIR, BACKGROUND, IGNORED, PAIRED, Batch
from SASANLib.training.config import DiscriminatorConfig, ObjectiveConfig

Terms = dict[str, Tensor]
"""Weighted scalar losses by name, "term/domain"; a network is trained on their sum."""


class PerClassDiscriminator(nn.Module):
    """One 64-wide PatchGAN a class, each of which sees its own class alone: (n, classes, h, w) → (n, classes, …)."""

    def __init__(self, classes: int):
        super().__init__()
        self.classes = nn.ModuleList(PatchDiscriminator(1, (64, 64, 64)) for _ in range(classes))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([d(x[:, c : c + 1]) for c, d in enumerate(self.classes)], dim=1)


class Discriminators(nn.Module):
    """An image discriminator a domain, and one of segmentations shared by both (section 3.2.1)."""

    def __init__(self, config: DiscriminatorConfig, context_slices: int, classes: int):
        super().__init__()
        self.image = nn.ModuleDict({d: image_discriminator(context_slices, config.width, config.depth) for d in OTHER})
        self.segmentation = PerClassDiscriminator(classes) if config.per_class else segmentation_discriminator(classes)


@dataclass
class Fakes:
    """What the networks made of a batch, by domain. `fake[d]` shows the anatomy of `images[OTHER[d]]`."""

    fake: dict[Domain, Tensor] = field(default_factory=dict)
    maps: dict[Domain, Tensor] = field(default_factory=dict)
    logits: dict[Domain, Tensor] = field(default_factory=dict)
    fake_maps: dict[Domain, Tensor] = field(default_factory=dict)
    fake_logits: dict[Domain, Tensor] = field(default_factory=dict)


class Objective:
    """Eq. 7 for the terms that `config` switches on and the labels and pairs that a batch brings."""

    def __init__(self, config: ObjectiveConfig, summed: losses.Sum = lambda x: x):
        """`summed` adds up a tensor over the processes that share a batch: eq. 5 and 6 are of the whole batch."""
        self.config, self.summed = config, summed

    def warmup_terms(self, networks: TranslationNetworks, batch: Batch) -> Terms:
        """The labelled attention's own loss, eq. 5 on real images, before anything is translated."""
        terms = {}
        for d, labels in batch.labels.items():
            _, logits = networks.attention[d](batch.images[d])
            terms[f"auxiliary/{d}"] = self._semantic(logits.float(), labels)
        return terms

    def translate(self, networks: TranslationNetworks, batch: Batch) -> Fakes:
        """Both translations of the batch, and the attention of real and translated images."""
        made = Fakes()
        for d in OTHER:
            output = networks.translate(batch.images[d], d)
            made.fake[OTHER[d]] = output.image
            made.maps[d], made.logits[d] = output.maps.float(), output.logits.float()
        if self._attends_fakes(batch):
            for d in OTHER:
                maps, logits = networks.attention[d](made.fake[d])
                made.fake_maps[d], made.fake_logits[d] = maps.float(), logits.float()
        return made

    def generator_terms(
        self, networks: TranslationNetworks, discriminators: Discriminators, batch: Batch, made: Fakes
    ) -> Terms:
        """The terms that attention modules and generators minimise."""
        c = self.config
        terms: Terms = {}
        for d, o in OTHER.items():
            image = batch.images[d]
            if c.adversarial:
                scores = discriminators.image[d](_judged(made.fake[d], batch))
                terms[f"adversarial/{d}"] = c.adversarial * losses.lsgan_generator(scores.float())
            if c.cycle:
                back = networks.generator[d](made.fake[o], made.fake_maps[o])
                terms[f"cycle/{d}"] = c.cycle * losses.cycle(back, image)
            if c.identity:
                same = networks.generator[d](image, made.maps[d])
                terms[f"identity/{d}"] = c.identity * losses.identity(same, image, c.identity_ssim)
            if c.regularisation:
                maps = [made.maps[d]] + ([made.fake_maps[d]] if c.regularise_fakes else [])
                loss = sum(losses.orthogonality(m, c.regularisation_squared) for m in maps)
                terms[f"regularisation/{d}"] = c.regularisation * loss
            if c.auxiliary and (semantic := self._auxiliary(d, batch, made)):
                terms[f"auxiliary/{d}"] = c.auxiliary * sum(semantic)
            if c.voxel:
                terms[f"voxel/{d}"] = c.voxel * self._paired(made.fake[d], image, batch)
        if c.segmentation_adversarial and (fakes := self._segmentation_fakes(batch, made)):
            loss = sum(losses.lsgan_generator(discriminators.segmentation(f).float()) for f in fakes)
            terms["segmentation_adversarial"] = c.segmentation_adversarial * loss
        return terms

    def discriminator_terms(self, discriminators: Discriminators, batch: Batch, made: Fakes) -> Terms:
        """The terms that the discriminators minimise, on detached fakes."""
        c = self.config
        terms: Terms = {}
        if not c.discriminator:
            return terms
        if c.adversarial:
            for d in OTHER:
                judge = discriminators.image[d]
                real = judge(_judged(batch.images[d], batch)).float()
                fake = judge(_judged(made.fake[d].detach(), batch)).float()
                terms[f"discriminator/{d}"] = c.discriminator * losses.lsgan_discriminator(real, fake)
        if c.segmentation_adversarial and (fakes := self._segmentation_fakes(batch, made)):
            judge = discriminators.segmentation
            loss = sum(judge(f.detach()).float().square().mean() for f in fakes)
            # Eq. 1 counts the real sample twice in each direction, against two fakes: real and fake weigh the same.
            reals = self._segmentation_reals(batch, made)
            for real in reals:
                loss = loss + len(fakes) / len(reals) * (judge(real).float() - 1).square().mean()
            terms["segmentation_discriminator"] = c.discriminator * loss
        return terms

    def _attends_fakes(self, batch: Batch) -> bool:
        c = self.config
        labelled = bool(batch.labels)
        return bool(
            c.cycle
            or (c.regularisation and c.regularise_fakes)
            or (c.auxiliary and labelled and (c.auxiliary_fakes or len(batch.labels) == 1))
            or (c.segmentation_adversarial and labelled)
        )

    def _paired(self, fake: Tensor, image: Tensor, batch: Batch) -> Tensor:
        if batch.region is None:
            return losses.voxelwise(fake, image)
        target = torch.where(batch.region == AIR, image.new_tensor(BACKGROUND), image)
        return losses.voxelwise(fake, target, batch.region > 0, self.summed)

    def _semantic(self, logits: Tensor, labels: Tensor) -> Tensor:
        c = self.config
        loss = losses.cross_entropy(logits, labels, self.summed)
        return loss + c.dice_weight * losses.dice(logits, labels, c.dice, self.summed) if c.dice_weight else loss

    def _auxiliary(self, d: Domain, batch: Batch, made: Fakes) -> list[Tensor]:
        """Eq. 5 for domain d.

        An unlabelled real image takes its pseudo-labels from the attention of its translation. Such labels are
        not turned back on the translation itself, whose logits they are.
        """
        c, o = self.config, OTHER[d]
        found = []
        if d in batch.labels:
            found.append(self._semantic(made.logits[d], batch.labels[d]))
        elif o in batch.labels:
            teacher = made.fake_logits[o].detach()
            found.append(self._semantic(made.logits[d], teacher.argmax(1)))
            if c.pseudo_logits:
                found.append(c.pseudo_logits * F.l1_loss(made.logits[d], teacher))
        if o in batch.labels and c.auxiliary_fakes:
            found.append(self._semantic(made.fake_logits[d], batch.labels[o]))
        return found

    def _segmentation_fakes(self, batch: Batch, made: Fakes) -> list[Tensor]:
        """Softmax segmentations that D_seg is to tell from labels: of real images and of translated ones.

        None of a batch without labels, nor of "unlabelled" anatomy where both domains have labels.
        """
        if not batch.labels:
            return []
        logits = []
        for d, o in OTHER.items():
            if self.config.segmentation_fakes == "all" or d not in batch.labels:
                logits += [made.logits[d], made.fake_logits[o]]
        return [_labelled_part(z.softmax(1), batch) for z in logits]

    def _segmentation_reals(self, batch: Batch, made: Fakes) -> list[Tensor]:
        if self.config.segmentation_real == "predicted":
            reals = [made.logits[d].detach().softmax(1) for d in batch.labels]
        else:
            classes = made.logits["a"].shape[1]
            reals = [losses.one_hot(labels, classes) for labels in batch.labels.values()]
        return [_labelled_part(real, batch) for real in reals]


def _judged(image: Tensor, batch: Batch) -> Tensor:
    """What an image discriminator sees: of paired data the common region, lest the couch give the real away."""
    if batch.region is None:
        return image
    return torch.where(batch.region == PAIRED, image, image.new_tensor(BACKGROUND))


def _labelled_part(segmentation: Tensor, batch: Batch) -> Tensor:
    """What D_seg sees: of paired data only where labels can be, lest the holes in them give the real away."""
    return segmentation if batch.region is None else segmentation * (batch.region != IGNORED)
