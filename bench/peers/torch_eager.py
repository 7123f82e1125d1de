"""The cases in PyTorch, eager: what its users write and its own fused functions where it has them."""
import torch
import torch.nn.functional as F

import inputs
import torch_models as models
from inputs import uniform
from worker import THREADS, case, serve

N = 1024


def simple(name, f, *make, per=1):
    @case(name, per=per)
    def setup():
        x = [torch.from_numpy(m() if callable(m) else m) for m in make]

        def call():
            with torch.no_grad():
                return f(*x)
        return call


def four():
    return uniform(1, (4,), 0.5, 1)


def factor():
    return uniform(2, (4,), 0.25, 0.75)


@case("dispatch/add")
def _():
    a, b = torch.from_numpy(four()), torch.from_numpy(factor())
    return lambda: torch.add(a, b)


simple("dispatch/plain_1000", lambda x, c: models.many(x, c, 1000), four, factor, per=1000)


def dispatch_gradient(ops):
    @case(f"dispatch/grad_{ops}", per=ops)
    def setup():
        x, c = torch.from_numpy(four()).requires_grad_(), torch.from_numpy(factor())
        return lambda: torch.autograd.grad(models.many(x, c, ops).sum(), x)


for ops in (10, 1000):
    dispatch_gradient(ops)

# ---- pointwise ------------------------------------------------------------------------------------------------------
for name, (low, high) in inputs.MAPS.items():
    simple(f"map/{name}", models.gelu if name == "gelu" else getattr(torch, name),
           lambda low=low, high=high: uniform(1, (N, N), low, high))
simple("rows/softmax", lambda x: torch.softmax(x, -1), lambda: uniform(1, (N, N), -5, 5))
simple("rows/layer_norm", lambda x, s, b: F.layer_norm(x, [N], s, b), lambda: uniform(1, (N, N), -5, 5),
       lambda: uniform(2, (N,), 0.5, 1.5), lambda: uniform(3, (N,)))


def backward(name, f, *make):
    @case(name)
    def setup():
        x, g = [torch.from_numpy(m()).requires_grad_() for m in make], torch.from_numpy(uniform(9, (N, N)))

        def call():
            y = f(*x)
            return y.detach(), torch.autograd.grad(y, x, g)
        return call


def wide():
    return uniform(1, (N, N), -3, 3)


def bias():
    return uniform(2, (N,))


backward("fused/gelu_bias", lambda x, b: models.gelu(x + b), wide, bias)
backward("plain/gelu", models.gelu_by_hand, wide)
backward("plain/layer_norm", models.layer_norm, wide, lambda: uniform(3, (N,), 0.5, 1.5), bias)
simple("plain/pairwise", lambda x, y: torch.square(x[:, None] - y[None]).sum(-1).sqrt(), lambda: uniform(1, (N, 64)),
       lambda: uniform(2, (N, 64)))
# Another generator: its numbers are not compared.
simple("random/normal", lambda: torch.randn(N, N))
simple("random/uniform", lambda: torch.rand(N, N))

# ---- products -------------------------------------------------------------------------------------------------------
for m, k, n in inputs.PRODUCTS:
    simple(inputs.product_name(m, k, n), torch.matmul, lambda m=m, k=k: uniform(1, (m, k)),
           lambda k=k, n=n: uniform(2, (k, n)))
for b, n in inputs.BATCHED:
    simple(inputs.batched_name(b, n), torch.bmm, lambda b=b, n=n: uniform(1, (b, n, n)),
           lambda b=b, n=n: uniform(2, (b, n, n)))
for n, i, size, o in inputs.CONVOLUTIONS:
    simple(inputs.convolution_name(n, i, size, o), lambda x, w: F.conv2d(x, w, padding=1),
           lambda n=n, i=i, size=size: uniform(1, (n, i, size, size)), lambda i=i, o=o: uniform(2, (o, i, 3, 3), -0.1, 0.1))


@case("embedding/gradient")
def _():
    table = torch.from_numpy(uniform(1, (10000, 128))).requires_grad_()
    ids = torch.from_numpy(inputs.integers(2, (32, 128), 10000)).long()
    g = torch.from_numpy(uniform(3, (32, 128, 128)))
    return lambda: torch.autograd.grad((F.embedding(ids, table) * g).sum(), table)


# ---- training -------------------------------------------------------------------------------------------------------
def training(name, model, loss, batch, optimizer, checks=3, per=1):
    @case(name, per=per, checks=checks)
    def setup():
        params, (x, y) = [p.requires_grad_() for p in models.tensors(model())], models.batch(batch())
        opt = optimizer(params)

        def call():
            opt.zero_grad()
            value = loss(params, x, y)
            value.backward()
            opt.step()
            return value.detach()
        return call


def adam(params):
    return torch.optim.Adam(params, 1e-3)


def sgd(params):
    return torch.optim.SGD(params, 0.05, momentum=0.9)


training("train/mlp", lambda: inputs.mlp(10, (784, 512, 512, 10)), models.mlp_loss, lambda: inputs.digits(256), adam)
training("train/cnn", inputs.cnn, models.cnn_loss, lambda: inputs.images(64), sgd)
training("train/transformer", inputs.block, models.block_loss, lambda: inputs.sentences(8), sgd)


@case("train/ensemble_16", checks=3)
def _():
    """Sixteen models by batched products, written by hand."""
    p = [t.requires_grad_() for t in models.tensors(inputs.ensemble())]
    x = torch.from_numpy(uniform(7, (128, 64))).expand(16, 128, 64)
    labels = torch.from_numpy(inputs.integers(8, (128,), 10)).long().repeat(16)

    def call():
        h = torch.relu(torch.baddbmm(p[1][:, None], x, p[0]))
        h = torch.relu(torch.baddbmm(p[3][:, None], h, p[2]))
        logits = torch.baddbmm(p[5][:, None], h, p[4])
        losses = F.cross_entropy(logits.flatten(0, 1), labels, reduction="none").view(16, 128).mean(1)
        grads = torch.autograd.grad(losses.sum(), p)
        with torch.no_grad():
            for t, g in zip(p, grads):
                t -= 0.1 * g
        return losses.detach()
    return call


def gradient(name, model, loss, batch, with_value=False):
    @case(name)
    def setup():
        params, (x, y) = [p.requires_grad_() for p in models.tensors(model())], models.batch(batch())

        def call():
            value = loss(params, x, y)
            grads = torch.autograd.grad(value, params)
            return (value.detach(), grads) if with_value else grads
        return call


for name, (model, loss, batch) in models.MODELS.items():
    gradient(f"per_example/{name}_plain", model, loss, batch)
gradient("gradient/transformer", inputs.block, models.block_loss, lambda: inputs.sentences(8), with_value=True)


# ---- loops ----------------------------------------------------------------------------------------------------------
def recurrent():
    """torch.nn.RNN with the same weights."""
    w, u, b = (torch.from_numpy(a) for a in inputs.rnn())
    net = torch.nn.RNN(128, 128)
    with torch.no_grad():
        net.weight_ih_l0.copy_(w.T)
        net.weight_hh_l0.copy_(u.T)
        net.bias_ih_l0.copy_(b)
        net.bias_hh_l0.zero_()
    return net, torch.from_numpy(uniform(7, (64, 32, 128)))


@case("rnn/forward")
def _():
    net, xs = recurrent()

    def call():
        with torch.no_grad():
            return net(xs)[0]
    return call


@case("rnn/gradient")
def _():
    net, xs = recurrent()
    params = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0]

    def call():
        w, u, b = torch.autograd.grad(torch.square(net(xs)[0]).mean(), params)
        return w.T, u.T, b
    return call


models.set_threads(THREADS)
serve(models.version(), models.flat, lambda y: y.detach().numpy())
