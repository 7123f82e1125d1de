"""PyTorch's DistributedDataParallel over gloo on the network of bench/data_parallel.cpp: two processes of one thread, a step
that averages 11.6 MB of gradients beside one that does not. Run by `build/bench/data_parallel --torch PYTHON`."""
import os
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

SIZES = (784, 1024, 1024, 1024, 16)


def network():
    torch.manual_seed(0)
    layers = []
    for m, n in zip(SIZES, SIZES[1:]):
        layers += [nn.Linear(m, n, bias=False), nn.ReLU()]
    return nn.Sequential(*layers)


def best(model, x, rounds):
    """Milliseconds of the best step without and with averaging, in turns."""
    def step():
        model.zero_grad(set_to_none=True)
        model(x).square().mean().backward()

    times = [[], []]
    for _ in range(rounds + 1):
        for kind in (0, 1):
            dist.barrier()
            begin = time.perf_counter()
            if kind == 0:
                with model.no_sync():
                    step()
            else:
                step()
            times[kind].append((time.perf_counter() - begin) * 1e3)
    return [min(t[1:]) for t in times]


def work(rank, rounds):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=2)
    model = DistributedDataParallel(network())
    for batch in (256, 64):
        alone, averaged = best(model, torch.randn(batch, SIZES[0]), rounds)
        if rank == 0:
            print(f"P4 PyTorch DDP over gloo, {batch} examples each: averaged / not {averaged / alone:.2f} "
                  f"({averaged:.1f} ms and {alone:.1f} ms)", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29517")
    mp.spawn(work, args=(9,), nprocs=2)
