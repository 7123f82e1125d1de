"""The cases of bench/gpu.cpp in PyTorch and JAX, whichever is there: bandwidth of a few ops, GEMM, an MLP step."""
import statistics
import time


def median_time(call, wait, calls):
    for _ in range(3):
        call()
    runs = []
    for _ in range(9):
        wait()
        start = time.perf_counter()
        for _ in range(calls):
            call()
        wait()
        runs.append((time.perf_counter() - start) / calls)
    return statistics.median(runs)


def report(name, seconds, moved=None, flops=None):
    extra = ""
    if moved:
        extra = f"{moved / seconds / 1e9:8.0f} GB/s"
    if flops:
        extra = f"{flops / seconds / 1e12:8.1f} TFLOP/s"
    print(f"{name:<28} {seconds * 1e6:10.1f} us {extra}")


def with_torch():
    import torch

    if not torch.cuda.is_available():
        print("PyTorch finds no GPU")
        return
    print("PyTorch", torch.__version__)
    gpu, wait = torch.device("cuda"), torch.cuda.synchronize
    x = torch.rand(16384, 8192, device=gpu)
    size = x.numel() * 4
    report("copy", median_time(lambda: x.clone(), wait, 20), 2 * size)
    report("exp", median_time(lambda: torch.exp(x), wait, 20), 2 * size)
    report("softmax", median_time(lambda: torch.softmax(x, -1), wait, 20), 2 * size)
    del x
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.randn(8192, 8192, device=gpu).to(dtype)
        b = torch.randn(8192, 8192, device=gpu).to(dtype)
        report(f"matmul 8192 {dtype}", median_time(lambda: a @ b, wait, 5), flops=2 * 8192**3)
    w0 = (torch.randn(784, 512, device=gpu) * 0.03).requires_grad_()
    b0 = torch.zeros(512, device=gpu, requires_grad=True)
    w1 = (torch.randn(512, 10, device=gpu) * 0.03).requires_grad_()
    b1 = torch.zeros(10, device=gpu, requires_grad=True)
    x, labels = torch.randn(256, 784, device=gpu), torch.arange(256, device=gpu) % 10

    def step():
        h = torch.relu(x @ w0 + b0)
        loss = torch.nn.functional.cross_entropy(h @ w1 + b1, labels)
        params = (w0, b0, w1, b1)
        for p, g in zip(params, torch.autograd.grad(loss, params)):
            with torch.no_grad():
                p -= 0.01 * g

    report("MLP step, B 256", median_time(step, wait, 200))


def with_jax():
    import jax
    import jax.numpy as jnp

    if jax.default_backend() == "cpu":
        print("JAX finds no GPU")
        return
    print("JAX", jax.__version__)
    key = jax.random.key(0)
    params = (
        jax.random.normal(key, (784, 512)) * 0.03,
        jnp.zeros(512),
        jax.random.normal(key, (512, 10)) * 0.03,
        jnp.zeros(10),
    )
    x, labels = jax.random.normal(key, (256, 784)), jnp.arange(256) % 10

    def loss(p):
        h = jax.nn.relu(x @ p[0] + p[1])
        logits = h @ p[2] + p[3]
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(256), labels])

    step = jax.jit(lambda p: jax.tree.map(lambda a, g: a - 0.01 * g, p, jax.grad(loss)(p)))
    state = [params]

    def call():
        state[0] = step(state[0])

    report("MLP step, B 256 (jit)", median_time(call, lambda: jax.block_until_ready(state[0]), 200))


if __name__ == "__main__":
    for run in (with_torch, with_jax):
        try:
            run()
        except ImportError as error:
            print(f"missing: {error.name}")
