"""Inputs of the cases, number by number those of bench/cases/inputs.cpp. Used by every peer."""
import math

import numpy as np


def _hash24(seed, count):
    x = np.arange(count, dtype=np.uint32) + np.uint32((seed * 0x9E3779B9) & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x >> np.uint32(8)


def uniform(seed, shape, low=-1.0, high=1.0):
    width = (high - low) / 16777216.0
    return (low + width * _hash24(seed, math.prod(shape)).astype(np.float64)).astype(np.float32).reshape(shape)


def integers(seed, shape, n):
    return (_hash24(seed, math.prod(shape)) % np.uint32(n)).astype(np.int32).reshape(shape)


def linear(seed, inputs, outputs):
    """(w [in, out], b [out])"""
    limit = 1 / math.sqrt(inputs)
    return uniform(seed, (inputs, outputs), -limit, limit), uniform(seed + 1, (outputs,), -0.1, 0.1)


def mlp(seed, sizes):
    return [linear(seed + 2 * i, a, b) for i, (a, b) in enumerate(zip(sizes, sizes[1:]))]


def conv(seed, inputs, outputs):
    limit = 1 / math.sqrt(9.0 * inputs)
    return uniform(seed, (outputs, inputs, 3, 3), -limit, limit), uniform(seed + 1, (outputs,), -0.1, 0.1)


def cnn():
    return [conv(100, 1, 16), conv(102, 16, 32), linear(104, 32 * 7 * 7, 10)]


WIDTH, HEADS, TOKENS = 256, 4, 128


def layer_norm(seed):
    return uniform(seed, (WIDTH,), 0.5, 1.5), uniform(seed + 1, (WIDTH,), -0.1, 0.1)


def block():
    """norm1, qkv, proj, norm2, up, down: pairs of arrays."""
    return [layer_norm(200), linear(202, WIDTH, 3 * WIDTH), linear(204, WIDTH, WIDTH), layer_norm(206),
            linear(208, WIDTH, 4 * WIDTH), linear(210, 4 * WIDTH, WIDTH)]


def ensemble():
    return [(uniform(s, (16, a, b), -0.1, 0.1), uniform(s + 1, (16, b), -0.1, 0.1))
            for s, a, b in ((300, 64, 128), (302, 128, 128), (304, 128, 10))]


def rnn():
    return uniform(400, (128, 128), -0.08, 0.08), uniform(401, (128, 128), -0.08, 0.08), uniform(402, (128,), -0.1, 0.1)


def digits(n):
    return uniform(1, (n, 784), 0, 1), integers(2, (n,), 10)


def images(n):
    return uniform(3, (n, 1, 28, 28), 0, 1), integers(4, (n,), 10)


def sentences(n):
    return uniform(5, (n, TOKENS, WIDTH), -1.5, 1.5), uniform(6, (n, TOKENS, WIDTH), -1, 1)


# The sizes in bench/cases/product_sizes.hpp and products.cpp.
PRODUCTS = [(64, 64, 64), (128, 128, 128), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
            (32, 784, 512), (128, 512, 512), (256, 784, 512), (256, 512, 1024), (256, 784, 256), (784, 256, 256),
            (256, 2304, 256), (1024, 256, 1024), (1, 784, 256)]
BATCHED = [(1024, 8), (256, 32)]
CONVOLUTIONS = [(32, 3, 32, 32), (32, 64, 28, 64), (16, 128, 14, 128)]  # n, in, size, out


def product_name(m, k, n):
    return f"matmul/{m}x{k}x{n}"


def batched_name(batch, n):
    return f"batched/{batch}x{n}^3"


def convolution_name(n, inputs, size, outputs):
    return f"conv/{n}x{inputs}x{size}x{size}_to_{outputs}"


# low, high of the elementwise cases
MAPS = {"exp": (-5, 5), "tanh": (-4, 4), "log": (0.01, 4), "erf": (-3, 3), "gelu": (-4, 4)}
CLIP = {"mlp": 4.0, "cnn": 1.0, "transformer": 0.1}
