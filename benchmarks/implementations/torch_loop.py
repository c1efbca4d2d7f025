"""A straight PyTorch loop over tensors in memory, with the fused optimizers."""

# PyTorch is optional, and so are its types.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch._dynamo  # else the first optimizer imports it, and imports are not timed
from torch import nn
from torch.nn import functional

from benchmarks.implementations import Epoch, Trained
from benchmarks.work import layers_to_logits
from mnist_assets.networks.layers import BatchNormalization, Dense
from mnist_assets.networks.optimizers import Adam

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.work import Work
    from mnist_assets.networks.declaration import Training
    from mnist_assets.networks.optimizers import Optimizer


class TorchLoop:
    """Trains on the first GPU if PyTorch sees one."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.images, self.labels = self._tensors("train")
        self.val_images, self.val_labels = self._tensors("validation")

    def train(self, name: str, training: Training) -> Trained:
        """Build and train."""
        del name
        generator = torch.Generator().manual_seed(training.seed)
        model = self._build(training, generator).to(self.device)
        optimizer = _optimizer(training.optimizer, model)
        epochs = []
        for _ in range(training.epochs):
            order = torch.randperm(len(self.labels), generator=generator).to(self.device)
            trained = self._run_epoch(model, optimizer, order, training.batch_size)
            epochs.append(Epoch(*trained, *self._validate(model)))
        return Trained(epochs, _weights(model))

    def _run_epoch(
        self, model: Any, optimizer: Any, order: Any, batch_size: int
    ) -> tuple[float, float]:
        model.train()
        total, correct = torch.zeros(2, device=self.device)
        for rows in order.split(batch_size):
            labels = self.labels[rows]
            logits = model(self.images[rows])
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            correct += (logits.detach().argmax(1) == labels).sum()
        return total.item() / len(order), correct.item() / len(order)

    @torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # typed if installed
    def _validate(self, model: Any) -> tuple[float, float]:
        model.eval()
        logits = model(self.val_images)
        loss = functional.cross_entropy(logits, self.val_labels)
        return loss.item(), (logits.argmax(1) == self.val_labels).float().mean().item()

    def _tensors(self, part: str) -> tuple[Any, Any]:
        images, labels = self.work.part(part)
        return (
            torch.from_numpy(images).flatten(1).to(self.device),
            torch.from_numpy(labels).long().to(self.device),
        )

    def _build(self, training: Training, generator: Any) -> Any:
        """The network up to the softmax, with Keras's initial weights and defaults."""
        width = self.images.shape[1]
        modules: list[Any] = []
        for layer in layers_to_logits(training, self.work.classes):
            match layer:
                case Dense(units=units, activation=activation):
                    dense = nn.Linear(width, units)
                    nn.init.xavier_uniform_(dense.weight, generator=generator)
                    nn.init.zeros_(dense.bias)
                    modules += [dense, nn.ReLU()] if activation == "relu" else [dense]
                    width = units
                case BatchNormalization():
                    # Keras's momentum is the share that is kept: 0.99.
                    modules.append(nn.BatchNorm1d(width, eps=1e-3, momentum=0.01))
        return nn.Sequential(*modules)


def _optimizer(optimizer: Optimizer, model: Any) -> Any:
    if isinstance(optimizer, Adam):
        return torch.optim.Adam(
            model.parameters(), lr=optimizer.learning_rate, eps=1e-7, fused=True
        )
    return torch.optim.SGD(model.parameters(), lr=optimizer.learning_rate, fused=True)


def _weights(model: Any) -> list[NDArray[np.float32]]:
    """As Keras orders and shapes them."""
    weights = []
    for module in model:
        match module:
            case nn.Linear():
                weights += [module.weight.T, module.bias]
            case nn.BatchNorm1d():
                weights += [module.weight, module.bias, module.running_mean, module.running_var]
    return [weight.detach().cpu().numpy() for weight in weights]
