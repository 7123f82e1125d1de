"""Per-example gradients by Opacus: stacked by its hooks, and their clipped mean by ghost clipping (norms without
gradients, then a second backward pass), which is its fastest way where a layer allows it."""
import torch
import torch.nn.functional as F
from opacus import __version__
from opacus.grad_sample import GradSampleModule, GradSampleModuleFastGradientClipping
from torch import nn

import inputs
import torch_models as models
from worker import THREADS, case, serve


def linear(arrays):
    w, b = (torch.from_numpy(a) for a in arrays)
    layer = nn.Linear(*w.shape)
    layer.weight.data, layer.bias.data = w.T.contiguous(), b
    return layer


def conv(arrays):
    w, b = (torch.from_numpy(a) for a in arrays)
    layer = nn.Conv2d(w.shape[1], w.shape[0], 3, padding=1)
    layer.weight.data, layer.bias.data = w, b
    return layer


def norm(arrays):
    layer = nn.LayerNorm(inputs.WIDTH)
    layer.weight.data, layer.bias.data = (torch.from_numpy(a) for a in arrays)
    return layer


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        norm1, qkv, proj, norm2, up, down = inputs.block()
        self.norm1, self.qkv, self.proj = norm(norm1), linear(qkv), linear(proj)
        self.norm2, self.up, self.down = norm(norm2), linear(up), linear(down)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, inputs.HEADS, -1)).transpose(-4, -2).unbind(-3)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(-3, -2).flatten(-2)
        x = x + self.proj(mixed)
        return x + self.down(models.gelu(self.up(self.norm2(x))))


def mlp():
    first, second = inputs.mlp(10, (784, 256, 10))
    return nn.Sequential(linear(first), nn.ReLU(), linear(second))


def cnn():
    first, second, out = inputs.cnn()
    return nn.Sequential(conv(first), nn.ReLU(), nn.MaxPool2d(2), conv(second), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), linear(out))


def cross_entropy(y, labels):
    return F.cross_entropy(y, labels, reduction="none")


def squares(y, target):
    return torch.square(y - target).mean((1, 2))


def in_our_order(model, attribute):
    """Linear weights as [in, out]."""
    return [getattr(p, attribute).mT if p.ndim == 2 else getattr(p, attribute) for p in model.parameters()]


def cases(name, build, loss, batch):
    @case(f"per_example/{name}_all")
    def stacked():
        model, (x, y) = GradSampleModule(build(), loss_reduction="sum"), models.batch(batch())

        def call():
            model.zero_grad()
            loss(model(x), y).sum().backward()
            return in_our_order(model, "grad_sample")
        return call

    @case(f"per_example/{name}_clipped")
    def clipped():
        model = GradSampleModuleFastGradientClipping(build(), max_grad_norm=inputs.CLIP[name], use_ghost_clipping=True,
                                                     loss_reduction="sum")
        x, y = models.batch(batch())

        def call():
            losses = loss(model(x), y)
            losses.sum().backward(retain_graph=True)
            model.zero_grad()
            weights = model.get_clipping_coef()
            model.disable_hooks()
            (weights * losses).mean().backward()
            model.enable_hooks()
            return in_our_order(model, "grad")
        return call


cases("mlp", mlp, cross_entropy, lambda: inputs.digits(256))
cases("cnn", cnn, cross_entropy, lambda: inputs.images(64))
cases("transformer", Block, squares, lambda: inputs.sentences(8))

models.set_threads(THREADS)
serve(f"Opacus {__version__}", models.flat, lambda y: y.detach().numpy())
