"""The cases in torch.func: vmap, grad and their kin."""
import torch
from torch.func import grad, hessian, jacfwd, jacrev, vmap

import inputs
import torch_models as models
from inputs import uniform
from worker import THREADS, case, serve


def gradient_of_chain(ops):
    @case(f"dispatch/grad_{ops}", per=ops)
    def setup():
        x, c = torch.from_numpy(uniform(1, (4,), 0.5, 1)), torch.from_numpy(uniform(2, (4,), 0.25, 0.75))
        f = grad(lambda t: models.many(t, c, ops).sum())
        return lambda: f(x)


for ops in (10, 1000):
    gradient_of_chain(ops)


@case("dispatch/vmap_grad_10", per=10)
def _():
    x = torch.from_numpy(uniform(1, (4,), 0.5, 1))
    f = vmap(grad(lambda t: models.many(t, 0.5, 10)))
    return lambda: f(x)


@case("guide/predict_3x2")
def _():
    w, b, x = (torch.from_numpy(a) for a in (uniform(1, (2,)), uniform(2, (1,)), uniform(3, (3, 2))))
    params = w, b[0]

    def predict(p, t):
        logits = torch.matmul(t, p[0]) + p[1]
        return torch.stack([logits, torch.sigmoid(logits)])

    f = vmap(predict, (None, 0))
    return lambda: f(params, x)


@case("plain/pairwise")
def _():
    x, y = torch.from_numpy(uniform(1, (1024, 64))), torch.from_numpy(uniform(2, (1024, 64)))
    f = vmap(vmap(lambda a, b: torch.square(a - b).sum().sqrt(), (None, 0)), (0, None))
    return lambda: f(x, y)


def model_case(name, model, batch, f):
    @case(name)
    def setup():
        params, (x, y) = models.tensors(model()), models.batch(batch())
        return lambda: f(params, x, y)


def clipped_mean(loss, most):
    def one(params, x, y):
        grads = grad(loss)(params, x, y)
        norm = torch.sqrt(sum(torch.square(g).sum() for g in grads))
        return [g * torch.clamp(most / (norm + 1e-6), max=1.0) for g in grads]
    return lambda *a: [g.mean(0) for g in vmap(one, (None, 0, 0))(*a)]


for name, (model, loss, batch) in models.MODELS.items():
    model_case(f"per_example/{name}_all", model, batch, vmap(grad(loss), (None, 0, 0)))
    model_case(f"per_example/{name}_clipped", model, batch, clipped_mean(loss, inputs.CLIP[name]))


@case("train/ensemble_16", checks=3)
def _():
    params = models.tensors(inputs.ensemble())
    x, y = models.batch((uniform(7, (128, 64)), inputs.integers(8, (128,), 10)))

    def loss(p):
        value = models.mlp_loss(p, x, y)
        return value, value

    f = vmap(grad(loss, has_aux=True))

    def call():
        nonlocal params
        grads, losses = f(params)
        params = [p - 0.1 * g for p, g in zip(params, grads)]
        return losses
    return call


def network(outputs):
    layers = models.tensors(inputs.mlp(500, (64, 128, outputs)))
    return lambda x: models.mlp(layers, x, torch.tanh)


def jacobian(name, transform, f):
    @case(name)
    def setup():
        x, jac = torch.from_numpy(uniform(1, (64,))), transform(f)
        return lambda: jac(x)


jacobian("jacobian/jacrev", jacrev, network(32))
jacobian("jacobian/jacfwd", jacfwd, network(32))
jacobian("jacobian/hessian", hessian, lambda x, f=network(1): torch.square(f(x)).sum())

models.set_threads(THREADS)
serve(f"torch.func {torch.__version__}", models.flat, lambda y: y.detach().numpy())
