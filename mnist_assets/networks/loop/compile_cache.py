"""Compiled programs kept from process to process, so that a network is compiled once a machine.

XLA writes each program under a name made from what was compiled. A program is only good for the
TensorFlow and the processor it was compiled with: each pair has a folder of its own.
"""

import hashlib
import os
import platform
from pathlib import Path

from mnist_assets.orchestration.versions.libraries import DISTRIBUTIONS, installed_version

PROGRAMS = "xla_compile_cache_*.pb"
FLAG = "--tf_xla_persistent_cache_directory="


def use_compile_cache(folder: Path) -> None:
    """Keep compiled programs under `folder` from now on, unless TF_XLA_FLAGS says otherwise.

    It has an effect until XLA compiles the first program of the process. Loading a program makes
    XLA log, as errors, that its tuning preferences are no features of the processor; they are not,
    and it runs. Programs that were not
    sealed, or have changed since, are removed first: XLA fails on a damaged one.
    """
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if FLAG in flags:
        return
    kept = _present_cache(folder)
    kept.mkdir(parents=True, exist_ok=True)
    for program in kept.glob(PROGRAMS):
        seal = _seal(program)
        if not seal.is_file() or seal.read_text(encoding="utf-8") != _sha256(program):
            program.unlink()
            seal.unlink(missing_ok=True)
    os.environ["TF_XLA_FLAGS"] = f"{flags} {FLAG}{kept}".strip()


def seal_compiled_programs() -> None:
    """Remember what the programs compiled so far look like when they are whole."""
    flags = os.environ.get("TF_XLA_FLAGS", "").split()
    for kept in (Path(flag.removeprefix(FLAG)) for flag in flags if flag.startswith(FLAG)):
        for program in kept.glob(PROGRAMS):
            if not _seal(program).is_file():
                _seal(program).write_text(_sha256(program), encoding="utf-8")


def other_caches(folder: Path) -> list[Path]:
    """The caches under `folder` of another TensorFlow or another processor."""
    return [cache for cache in folder.glob("tensorflow-*") if cache != _present_cache(folder)]


def _present_cache(folder: Path) -> Path:
    tensorflow = installed_version(*DISTRIBUTIONS["tensorflow"])
    return folder / f"tensorflow-{tensorflow}-{_processor()}"


def _seal(program: Path) -> Path:
    return program.with_suffix(".sha256")


def _sha256(program: Path) -> str:
    return hashlib.sha256(program.read_bytes()).hexdigest()


def _processor() -> str:
    """The processor's architecture and a hash of its features."""
    features = platform.processor()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = information.read_text(encoding="utf-8").splitlines()
        features += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()}-{hashlib.sha256(features.encode()).hexdigest()[:12]}"
