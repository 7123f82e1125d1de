"""What is compared, and the bounds that must hold. Used by measure.py and report.py.

A group's cases are timed in the same rounds: the first by everybody who has it, the others by us alone."""
import dataclasses

from comparison.workers import OURS


@dataclasses.dataclass(frozen=True)
class Group:
    case: str
    also: tuple = ()      # our other cases to compare with
    same: bool = False    # these must give the same outputs
    unchecked: tuple = () # peers whose numbers come from another generator


@dataclasses.dataclass(frozen=True)
class Line:
    """A bound. `against`: a peer, "best" (of the peers), one of our own cases, or nothing: the bound is in `unit`."""
    what: str
    case: str
    bound: float
    against: str = ""
    unit: str = ""        # "ns", or "" for a ratio
    more: bool = False    # the difference to `against`, in ns

    def __str__(self):
        limit = f"{self.bound:.3g}{' ns' if self.unit else ''}"
        if not self.against:
            return f"≤ {limit}"
        return f"≤ {limit} more than {self.against}" if self.more else f"≤ {limit} of {self.against}"


OWN_PAIRS = {"dispatch/vmap_1000": ("dispatch/plain_1000",), "dispatch/vmap_vmap_1000": ("dispatch/vmap_1000",),
             "dispatch/grad_100000": ("dispatch/grad_1000",), "per_example/mlp_clipped": ("per_example/mlp_plain",),
             "per_example/cnn_clipped": ("per_example/cnn_plain",),
             "per_example/transformer_clipped": ("per_example/transformer_plain",),
             "control/cond": ("control/cond_select",), "control/while": ("control/while_masked",),
             "growth/batch_4096": ("growth/batch_256",)}
BESIDE = ("control/cond_select", "control/while_masked", "growth/batch_256")
SAME = ("control/cond", "control/while")
UNCHECKED = {"random/normal": ("PyTorch",), "random/uniform": ("PyTorch",)}
MEMORY = ("train/mlp", "train/cnn", "train/transformer")
# Our own figures: what they are, and the most they may be.
MEASURES = {"growth/bytes_over_10000_steps": ("bytes held after 10,000 steps, above those after 1,000", 2**20),
            "bytes/pairwise_written_per_result": ("pairwise distances: bytes written, in sizes of the result", 3),
            "bytes/materialised_mlp_clipped": ("clipped mean, MLP: bytes of gradients made dense", 0),
            "bytes/materialised_cnn_clipped": ("clipped mean, CNN: bytes of gradients made dense", None),
            "bytes/materialised_transformer_clipped": ("clipped mean, transformer: bytes of gradients made dense", None)}
SLOW = ("matmul/2048x2048x2048",)  # left out by --quick


def groups(cases):
    """One for each of our cases, but for those that only stand beside others."""
    return [Group(case, OWN_PAIRS.get(case, ()), case in SAME, UNCHECKED.get(case, ())) for case in cases
            if case not in BESIDE]


def lines(cases):
    """The acceptance table, spelled out for these cases."""
    table = [
        Line("plain op, {4}", "dispatch/add", 60, unit="ns"),
        Line("plain op, {4}", "dispatch/add", 0.1, "PyTorch C++"),
        Line("one vmap level, per op", "dispatch/vmap_1000", 40, "dispatch/plain_1000", unit="ns", more=True),
        Line("a second vmap level, per op", "dispatch/vmap_vmap_1000", 40, "dispatch/vmap_1000", unit="ns", more=True),
        Line("op recorded and its backward, 10 ops", "dispatch/grad_10", 300, unit="ns"),
        Line("op recorded and its backward, 10 ops", "dispatch/grad_10", 0.1, "PyTorch C++"),
        Line("op recorded and its backward, 1000 ops", "dispatch/grad_1000", 300, unit="ns"),
        Line("op recorded and its backward, 1000 ops", "dispatch/grad_1000", 0.1, "PyTorch C++"),
        Line("vmap(grad) of a 10-op function, per op", "dispatch/vmap_grad_10", 400, unit="ns"),
        Line("the guide's predict, 3x2", "guide/predict_3x2", 0.25, "JAX"),
        Line("batched 8^3", "batched/1024x8^3", 1 / 2.5, "PyTorch"),
        Line("batched 32^3", "batched/256x32^3", 1.0, "PyTorch"),
        Line("gelu(x + b), forward and backward, 1M", "fused/gelu_bias", 0.7, "JAX"),
        Line("pairwise distances of plain ops, 1024", "plain/pairwise", 1.0, "JAX"),
        Line("layer_norm by hand, forward and backward, 1M", "plain/layer_norm", 1.0, "JAX"),
        Line("gelu by hand, forward and backward, 1M", "plain/gelu", 1.0, "JAX"),
        Line("training step, MLP", "train/mlp", 1.0, "best"),
        Line("training step, CNN", "train/cnn", 1.0, "best"),
        Line("training step, transformer", "train/transformer", 1.0, "best"),
        Line("per-example gradients, MLP", "per_example/mlp_all", 0.25, "torch.func"),
        Line("per-example gradients, CNN", "per_example/cnn_all", 0.8, "best"),
        Line("per-example gradients, transformer", "per_example/transformer_all", 0.8, "best"),
        Line("per-example clipped mean, MLP", "per_example/mlp_clipped", 1.5, "per_example/mlp_plain"),
        Line("per-example clipped mean, CNN", "per_example/cnn_clipped", 2.0, "per_example/cnn_plain"),
        Line("per-example clipped mean, transformer", "per_example/transformer_clipped", 2.0,
             "per_example/transformer_plain"),
        *(Line(f"per-example clipped mean, {m}", f"per_example/{m}_clipped", 0.6, "Opacus")
          for m in ("mlp", "cnn", "transformer")),
        Line("RNN by scan, forward", "rnn/forward", 0.8, "JAX"),
        Line("RNN by scan, gradient", "rnn/gradient", 0.7, "JAX"),
        *(Line(f, f"jacobian/{f}", 0.5, "JAX") for f in ("jacrev", "jacfwd", "hessian")),
        Line("ensemble of 16", "train/ensemble_16", 1.0, "best"),
        Line("normal, 1M", "random/normal", 0.6, "JAX"),
        Line("uniform, 1M", "random/uniform", 0.6, "JAX"),
        Line("cond under vmap, 10 % costly", "control/cond", 0.25, "control/cond_select"),
        Line("while_loop under vmap, geometric lengths", "control/while", 0.5, "control/while_masked"),
        Line("time per example, B 4096", "growth/batch_4096", 1.2, "growth/batch_256"),
        Line("per op of 100,000 on a tape", "dispatch/grad_100000", 1.3, "dispatch/grad_1000"),
    ]
    table += [Line(f"{case.split('/')[1]}, 1M", case, 1.0, "best") for case in
              ("map/exp", "map/tanh", "map/log", "map/erf")]
    table += [Line(f"sgemm {case.split('/')[1]}", case, 1 / 0.9, "best of PyTorch and OpenBLAS") for case in cases
              if case.startswith("matmul/")]
    return [line for line in table if line.case in cases]


def peers_of(line, names):
    """The names of those that a line's `against` means, among those that ran."""
    if line.against == "best":
        return [n for n in names if n != OURS]
    if line.against == "best of PyTorch and OpenBLAS":
        return [n for n in names if n in ("PyTorch", "OpenBLAS")]
    return [n for n in names if n == line.against]
