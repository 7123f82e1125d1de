"""The models in PyTorch as functions of a flat list of parameters, with losses of one example and of a batch. Used by
the peers torch_eager.py and torch_func.py."""
import math

import torch
import torch.nn.functional as F

import inputs


def tensors(tree):
    """A flat list of tensors from nested lists and tuples of arrays."""
    if isinstance(tree, (list, tuple)):
        return [t for branch in tree for t in tensors(branch)]
    return [torch.from_numpy(tree)]


def batch(arrays):
    x, y = (torch.from_numpy(a) for a in arrays)
    return x, y.long() if y.dtype == torch.int32 else y


def many(x, c, ops):
    for _ in range(ops // 2):
        x = x * c + c
    return x


def layer_norm(x, scale, shift):
    centred = x - x.mean(-1, keepdim=True)
    return centred * torch.rsqrt(torch.square(centred).mean(-1, keepdim=True) + 1e-5) * scale + shift


def gelu_by_hand(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def gelu(x):
    return F.gelu(x, approximate="tanh")


def mlp(p, x, activation=F.relu):
    for w, b in zip(p[:-2:2], p[1:-2:2]):
        x = activation(torch.addmm(b, x, w) if x.ndim == 2 else x @ w + b)
    return torch.addmm(p[-1], x, p[-2]) if x.ndim == 2 else x @ p[-2] + p[-1]


def mlp_loss(p, x, label):
    return F.cross_entropy(mlp(p, x), label)


def cnn_loss(p, image, label):
    """A batch [n, 1, 28, 28], or one image [1, 28, 28]."""
    h = F.max_pool2d(F.relu(F.conv2d(image, p[0], p[1], padding=1)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, p[2], p[3], padding=1)), 2)
    return F.cross_entropy(h.flatten(-3) @ p[4] + p[5], label)


def block_loss(p, x, target):
    """A batch [n, tokens, width], or one sequence."""
    shape = [inputs.WIDTH]
    h = F.layer_norm(x, shape, p[0], p[1])
    q, k, v = (h @ p[2] + p[3]).unflatten(-1, (3, inputs.HEADS, -1)).transpose(-4, -2).unbind(-3)
    mixed = F.scaled_dot_product_attention(q, k, v).transpose(-3, -2).flatten(-2)
    x = x + mixed @ p[4] + p[5]
    return F.mse_loss(x + gelu(F.layer_norm(x, shape, p[6], p[7]) @ p[8] + p[9]) @ p[10] + p[11], target)


MODELS = {"mlp": (lambda: inputs.mlp(10, (784, 256, 10)), mlp_loss, lambda: inputs.digits(256)),
          "cnn": (inputs.cnn, cnn_loss, lambda: inputs.images(64)),
          "transformer": (inputs.block, block_loss, lambda: inputs.sentences(8))}


def states(xs, w, u, b):
    h = torch.zeros(xs.shape[1], 128)
    all_states = []
    for x in xs.unbind():
        h = torch.tanh(torch.addmm(b, x, w) + h @ u)
        all_states.append(h)
    return torch.stack(all_states)


def flat(y):
    """The tensors of a result, in order."""
    if isinstance(y, dict):
        y = list(y.values())
    return [t for branch in y for t in flat(branch)] if isinstance(y, (list, tuple)) else [y]


def version():
    return f"PyTorch {torch.__version__}"


def set_threads(n):
    torch.set_num_threads(n)
    torch.set_num_interop_threads(1)
