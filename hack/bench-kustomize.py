#!/usr/bin/env python3
"""CPU time and peak memory of `inhaul build` against the real kustomize, on the same inputs, in one run.

usage: bench-kustomize.py INHAUL KUSTOMIZE CORPUS
"""

import os
import pathlib
import subprocess
import sys

# Name, runs, and by how many times less CPU ours must take.
CASES = [
    ("small overlay", "realworld/repos/stefanprodan+podinfo/kustomize", 50, 8),
    ("kube-prometheus", "realworld/repos/prometheus-operator+kube-prometheus", 3, 20),
    ("synthetic-500", "realworld/synthetic-500", 3, 100),
    ("synthetic-2000", "realworld/synthetic-2000", 1, 1000),
]
MEMORY = 4


def measure(program, directory, runs):
    """User and system seconds of all runs together, and the largest memory of one in KiB."""
    seconds = 0.0
    for _ in range(runs):
        with open(os.devnull, "w") as null:
            process = subprocess.Popen([program, "build", str(directory)], stdout=null, stderr=null)
            _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{program} build {directory} failed")
        seconds += usage.ru_utime + usage.ru_stime
    return seconds, memory_of(program, directory)


def memory_of(program, directory):
    """The largest memory of one run in KiB.

    A process that this one starts counts the memory that it had as a copy of this one, so that a
    small program has to start it.
    """
    line = ["/usr/bin/time", "--format=%M", program, "build", str(directory)]
    run = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(run.stderr.split()[-1])


def root(directory):
    """The directory itself, or the one below it that is built."""
    for candidate in (directory, directory / "overlay"):
        if (candidate / "kustomization.yaml").exists():
            return candidate
    sys.exit(f"{directory}: no kustomization.yaml there")


def main():
    inhaul, kustomize, corpus = sys.argv[1:]
    failures, seconds = 0, {}
    for name, path, runs, factor in CASES:
        directory = root(pathlib.Path(corpus) / path)
        ours, our_memory = measure(inhaul, directory, runs)
        theirs, their_memory = measure(kustomize, directory, 1 if factor >= 1000 else runs)
        seconds[name] = ours / runs
        times, less = theirs / max(ours, 1e-6), their_memory / our_memory
        good = times >= factor and less >= MEMORY
        failures += not good
        print(
            f"{name:16} {runs:3} runs: {ours:8.3f} s against {theirs:8.3f} s: {times:7.1f} times less CPU (at least {factor}), "
            f"{our_memory / 1024:5.1f} against {their_memory / 1024:6.1f} MiB: {less:4.1f} times less memory (at least {MEMORY}): "
            f"{'ok' if good else 'NOT REACHED'}",
            flush=True,
        )
    growth = seconds["synthetic-2000"] / max(seconds["synthetic-500"], 1e-6)
    failures += growth > 5
    print(f"2,000 resources take {growth:.1f} times as long as 500 (at most 5): {'ok' if growth <= 5 else 'NOT REACHED'}")
    sys.exit(failures > 0)


main()
