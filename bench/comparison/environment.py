"""The virtual environment with the peers. Used by compare.py before anything else: it starts itself anew there."""
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = pathlib.Path(__file__).resolve().parents[1] / "peers"
PACKAGES = ["numpy", "jax", "optax", "torch", "opacus"]


def python_of(folder):
    return folder / "bin" / "python"


def ensure(folder):
    """Creates the environment and installs what is missing there, from wherever pip installs on this machine."""
    if not python_of(folder).exists():
        print(f"creating {folder}", flush=True)
        venv.create(folder, with_pip=True)
    probe = "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(p) is None for p in sys.argv[1:]))"
    if subprocess.run([python_of(folder), "-c", probe, *PACKAGES], check=False).returncode:
        print(f"installing {', '.join(PACKAGES)}: some gigabytes", flush=True)
        subprocess.run([python_of(folder), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)


def enter(folder):
    """Goes on in the environment's own python."""
    if pathlib.Path(sys.prefix).resolve() != folder.resolve():
        ensure(folder)
        python = str(python_of(folder))
        os.execv(python, [python, *sys.argv])


def torch_program(folder):
    """The peer in C++, compiled against the wheel's libraries; None, with a word, where that does not work."""
    import importlib.util
    torch = pathlib.Path(importlib.util.find_spec("torch").origin).parent
    source, program = PEERS / "torch_cpp.cpp", folder / "torch_cpp"
    if program.exists() and program.stat().st_mtime > max(source.stat().st_mtime, (torch / "version.py").stat().st_mtime):
        return program
    print("compiling bench/peers/torch_cpp.cpp", flush=True)
    include, libraries = torch / "include", torch / "lib"
    done = subprocess.run(
        [os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-w", f"-I{include}",
         f"-I{include}/torch/csrc/api/include", str(source), "-o", str(program), f"-L{libraries}", "-Wl,--no-as-needed",
         "-ltorch", "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{libraries}"], check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return program
    print("PyTorch's C++ interface is left out: it does not compile here:\n" + done.stderr[-1000:])
    return None
