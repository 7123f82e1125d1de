"""The cases in JAX, each under one jit."""
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

import inputs
from inputs import uniform
from worker import case, serve

# What `wait` and the checks see of a result: its arrays in the order of bench/cases.
N = 1024


def arrays(tree):
    return jax.tree.map(jnp.asarray, tree)


def simple(name, f, *make, per=1):
    """A jitted function of arrays."""
    @case(name, per=per)
    def setup():
        jitted, x = jax.jit(f), [jnp.asarray(m) for m in make_all(make)]
        return lambda: jitted(*x)


def make_all(make):
    return [m() if callable(m) else m for m in make]


def many(x, c, ops):
    for _ in range(ops // 2):
        x = x * c + c
    return x


def four():
    return uniform(1, (4,), 0.5, 1)


def factor():
    return uniform(2, (4,), 0.25, 0.75)


simple("dispatch/add", lambda a, b: a + b, four, factor)
simple("dispatch/plain_1000", lambda x, c: many(x, c, 1000), four, factor, per=1000)
for ops in (10, 1000):
    simple(f"dispatch/grad_{ops}", jax.grad(lambda x, c, ops=ops: many(x, c, ops).sum()), four, factor, per=ops)
simple("dispatch/vmap_grad_10", jax.vmap(jax.grad(lambda t: many(t, 0.5, 10))), four, per=10)


def predict(params, x):
    logits = jnp.matmul(x, params[0]) + params[1]
    return jnp.stack([logits, jax.nn.sigmoid(logits)])


@case("guide/predict_3x2")
def _():
    params, x = arrays((uniform(1, (2,)), uniform(2, ()))), jnp.asarray(uniform(3, (3, 2)))
    f = jax.jit(jax.vmap(predict, (None, 0)))
    return lambda: f(params, x)


# ---- pointwise ------------------------------------------------------------------------------------------------------
for name, (low, high) in inputs.MAPS.items():
    f = {"exp": jnp.exp, "tanh": jnp.tanh, "log": jnp.log, "erf": jax.lax.erf, "gelu": jax.nn.gelu}[name]
    simple(f"map/{name}", f, lambda low=low, high=high: uniform(1, (N, N), low, high))


def layer_norm(x, scale, shift):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5) * scale + shift


def gelu_by_hand(x):
    return 0.5 * x * (1 + jnp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


simple("rows/softmax", jax.nn.softmax, lambda: uniform(1, (N, N), -5, 5))
simple("rows/layer_norm", layer_norm, lambda: uniform(1, (N, N), -5, 5), lambda: uniform(2, (N,), 0.5, 1.5),
       lambda: uniform(3, (N,)))


def backward(name, f, *make):
    def both(g, *x):
        y, pullback = jax.vjp(f, *x)
        return y, pullback(g)
    simple(name, both, lambda: uniform(9, (N, N)), *make)


def wide():
    return uniform(1, (N, N), -3, 3)


def bias():
    return uniform(2, (N,))


backward("fused/gelu_bias", lambda x, b: jax.nn.gelu(x + b), wide, bias)
backward("plain/gelu", gelu_by_hand, wide)
backward("plain/layer_norm", layer_norm, wide, lambda: uniform(3, (N,), 0.5, 1.5), bias)


def distance(a, b):
    return jnp.sqrt(jnp.sum(jnp.square(a - b)))


simple("plain/pairwise", jax.vmap(jax.vmap(distance, (None, 0)), (0, None)), lambda: uniform(1, (N, 64)),
       lambda: uniform(2, (N, 64)))


@case("random/normal")
def _():
    key, f = jax.random.PRNGKey(42), jax.jit(lambda k: jax.random.normal(k, (N, N)))
    return lambda: f(key)


@case("random/uniform")
def _():
    key, f = jax.random.PRNGKey(42), jax.jit(lambda k: jax.random.uniform(k, (N, N)))
    return lambda: f(key)


# ---- products -------------------------------------------------------------------------------------------------------
for m, k, n in inputs.PRODUCTS:
    simple(inputs.product_name(m, k, n), jnp.matmul, lambda m=m, k=k: uniform(1, (m, k)),
           lambda k=k, n=n: uniform(2, (k, n)))
for batch, n in inputs.BATCHED:
    simple(inputs.batched_name(batch, n), jnp.matmul, lambda batch=batch, n=n: uniform(1, (batch, n, n)),
           lambda batch=batch, n=n: uniform(2, (batch, n, n)))


def convolve(x, w):
    return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME")


for n, i, size, o in inputs.CONVOLUTIONS:
    simple(inputs.convolution_name(n, i, size, o), convolve, lambda n=n, i=i, size=size: uniform(1, (n, i, size, size)),
           lambda i=i, o=o: uniform(2, (o, i, 3, 3), -0.1, 0.1))
simple("embedding/gradient", jax.grad(lambda table, ids, g: jnp.sum(jnp.take(table, ids, axis=0) * g)),
       lambda: uniform(1, (10000, 128)), lambda: inputs.integers(2, (32, 128), 10000),
       lambda: uniform(3, (32, 128, 128)))


# ---- models: the loss of one example ----------------------------------------------------------------------------------
def mlp(layers, x, activation=jax.nn.relu):
    for w, b in layers[:-1]:
        x = activation(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


def cross_entropy(logits, label):
    return optax.softmax_cross_entropy_with_integer_labels(logits, label)


def mlp_loss(layers, x, label):
    return cross_entropy(mlp(layers, x), label)


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def cnn_loss(model, image, label):
    (w1, b1), (w2, b2), (w, b) = model
    h = pool(jax.nn.relu(convolve(image[None], w1) + b1[:, None, None]))
    h = pool(jax.nn.relu(convolve(h, w2) + b2[:, None, None]))
    return cross_entropy(h.reshape(-1) @ w + b, label)


def block_loss(model, x, target):
    norm1, (wq, bq), (wp, bp), norm2, (wu, bu), (wd, bd) = model
    qkv = (layer_norm(x, *norm1) @ wq + bq).reshape(inputs.TOKENS, 3, inputs.HEADS, -1)
    q, k, v = (qkv[:, i].swapaxes(0, 1) for i in range(3))
    mixed = jax.nn.softmax(q @ k.mT * 0.125) @ v
    x = x + mixed.swapaxes(0, 1).reshape(inputs.TOKENS, inputs.WIDTH) @ wp + bp
    x = x + jax.nn.gelu(layer_norm(x, *norm2) @ wu + bu) @ wd + bd
    return jnp.mean(jnp.square(x - target))


MODELS = {"mlp": (lambda: inputs.mlp(10, (784, 256, 10)), mlp_loss, lambda: inputs.digits(256)),
          "cnn": (inputs.cnn, cnn_loss, lambda: inputs.images(64)),
          "transformer": (inputs.block, block_loss, lambda: inputs.sentences(8))}


def mean_loss(loss):
    return lambda model, x, y: jax.vmap(loss, (None, 0, 0))(model, x, y).mean()


def training(name, model, loss, batch, optimizer):
    @case(name, checks=3)
    def setup():
        params, (x, y) = arrays(model()), arrays(batch())
        state = optimizer.init(params)

        def step(params, state, x, y):
            value, grads = jax.value_and_grad(mean_loss(loss))(params, x, y)
            updates, state = optimizer.update(grads, state, params)
            return optax.apply_updates(params, updates), state, value

        jitted = jax.jit(step, donate_argnums=(0, 1))

        def call():
            nonlocal params, state
            params, state, value = jitted(params, state, x, y)
            return value
        return call


training("train/mlp", lambda: inputs.mlp(10, (784, 512, 512, 10)), mlp_loss, lambda: inputs.digits(256),
         optax.adam(1e-3))
training("train/cnn", inputs.cnn, cnn_loss, lambda: inputs.images(64), optax.sgd(0.05, momentum=0.9))
training("train/transformer", inputs.block, block_loss, lambda: inputs.sentences(8), optax.sgd(0.05, momentum=0.9))


@case("train/ensemble_16", checks=3)
def _():
    params, x, y = arrays(inputs.ensemble()), uniform(7, (128, 64)), inputs.integers(8, (128,), 10)

    def step(params):
        value, grads = jax.value_and_grad(mean_loss(mlp_loss))(params, x, y)
        return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), value

    jitted = jax.jit(jax.vmap(step), donate_argnums=0)

    def call():
        nonlocal params
        params, value = jitted(params)
        return value
    return call


def model_case(name, model, batch, f):
    @case(name)
    def setup():
        params, (x, y) = arrays(model()), arrays(batch())
        jitted = jax.jit(f)
        return lambda: jitted(params, x, y)


def clipped_mean(loss, most):
    def one(model, x, y):
        grads = jax.grad(loss)(model, x, y)
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in jax.tree.leaves(grads)))
        return jax.tree.map(lambda g: g * jnp.minimum(1.0, most / (norm + 1e-6)), grads)
    return lambda *a: jax.tree.map(lambda g: g.mean(0), jax.vmap(one, (None, 0, 0))(*a))


for name, (model, loss, batch) in MODELS.items():
    model_case(f"per_example/{name}_plain", model, batch, jax.grad(mean_loss(loss)))
    model_case(f"per_example/{name}_all", model, batch, jax.vmap(jax.grad(loss), (None, 0, 0)))
    model_case(f"per_example/{name}_clipped", model, batch, clipped_mean(loss, inputs.CLIP[name]))
model_case("gradient/transformer", inputs.block, lambda: inputs.sentences(8),
           jax.value_and_grad(mean_loss(block_loss)))


# ---- loops, branches, Jacobians ---------------------------------------------------------------------------------------
def states(xs, w, u, b):
    def step(h, x):
        h = jnp.tanh(x @ w + h @ u + b)
        return h, h
    return jax.lax.scan(step, jnp.zeros((xs.shape[1], 128)), xs)[1]


def sequence():
    return uniform(7, (64, 32, 128))


simple("rnn/forward", states, sequence, *inputs.rnn())
simple("rnn/gradient", jax.grad(lambda xs, *m: jnp.mean(jnp.square(states(xs, *m))), argnums=(1, 2, 3)), sequence,
       *inputs.rnn())


def cond_row(x, chosen, w):
    def costly(t):
        for _ in range(20):
            t = jnp.tanh(t @ w)
        return t
    return jax.lax.cond(chosen < 1, costly, lambda t: t * 2, x)


simple("control/cond", jax.vmap(cond_row, (0, 0, None)), lambda: uniform(2, (1024, 256)),
       lambda: inputs.integers(3, (1024,), 10), lambda: uniform(1, (256, 256), -0.1, 0.1))


def while_row(x, length, w):
    return jax.lax.while_loop(lambda c: c[1] < length, lambda c: (jnp.tanh(c[0] @ w), c[1] + 1), (x, 0))[0]


def lengths():
    u = uniform(3, (1024,), 0.001, 1)
    return np.ceil(-8 * np.log2(u)).astype(np.int32) + 1


simple("control/while", jax.vmap(while_row, (0, 0, None)), lambda: uniform(2, (1024, 128)), lengths,
       lambda: uniform(1, (128, 128), -0.2, 0.2))


def network(outputs):
    layers = arrays(inputs.mlp(500, (64, 128, outputs)))
    return lambda x: mlp(layers, x, jnp.tanh)


def point():
    return uniform(1, (64,))


simple("jacobian/jacrev", jax.jacrev(network(32)), point)
simple("jacobian/jacfwd", jax.jacfwd(network(32)), point)
simple("jacobian/hessian", jax.hessian(lambda x, f=network(1): jnp.sum(jnp.square(f(x)))), point)

serve(f"JAX {jax.__version__}", jax.tree.leaves, np.asarray, jax.block_until_ready)
