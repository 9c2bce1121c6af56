#!/usr/bin/env python3
"""Builds random trees of kustomizations with the real kustomize and with ours, and shows each difference.

    crates/kustomize/differential.py [--cases N] [--first SEED] [--keep DIR] [--jobs N] [--errors]

A case is made from its seed alone, so that it can be looked at again with `--first SEED --cases 1 --keep DIR`.
INHAUL and KUSTOMIZE name the two programs. Exit code 1 if anything differs.
"""

import argparse
import concurrent.futures
import difflib
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "differential"))
sys.dont_write_bytecode = True

import trees  # noqa: E402


def run(program, directory):
    """Exit code, output and messages of one build."""
    process = subprocess.run([program, "build", directory], capture_output=True, timeout=300)
    return process.returncode, process.stdout, process.stderr.decode(errors="replace")


def warnings(messages):
    """The deprecated fields that a build complains of, level by level."""
    return sorted(re.findall(r"'(\w+)' is deprecated", messages))


def write(files, directory):
    for path, content in files.items():
        target = pathlib.Path(directory, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def case(seed, keep, real, ours):
    """What differs in one case: None, or its title and text; and both error messages where both fail."""
    files, root = trees.tree(random.Random(seed))
    with tempfile.TemporaryDirectory() as temporary:
        directory = keep or temporary
        write(files, directory)
        built = os.path.join(directory, root)
        theirs, mine = run(real, built), run(ours, built)
    if mine[0] not in (0, 1):
        return ("crash", mine[2]), None
    if (theirs[0] == 0) != (mine[0] == 0):
        who, text = ("only the real one fails", theirs[2]) if theirs[0] else ("only ours fails", mine[2])
        return (who, text[-1500:]), None
    if theirs[0]:
        return None, (theirs[2].replace(directory, ""), mine[2].replace(directory, ""))
    if theirs[1] != mine[1]:
        lines = difflib.unified_diff(theirs[1].decode().splitlines(), mine[1].decode().splitlines(), "real", "ours", lineterm="", n=6)
        return ("output", "\n".join(list(lines)[:40])), None
    if warnings(theirs[2]) != warnings(mine[2]):
        return ("warnings", f"{theirs[2]}\n-- ours:\n{mine[2]}"), None
    return None, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--errors", action="store_true", help="print the messages of both where both fail")
    options = parser.parse_args()
    real, ours = os.environ.get("KUSTOMIZE", "kustomize"), os.environ.get("INHAUL", "inhaul")
    differ = both_fail = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        seeds = range(options.first, options.first + options.cases)
        for seed, (difference, errors) in zip(seeds, pool.map(lambda seed: case(seed, options.keep, real, ours), seeds)):
            if difference:
                differ += 1
                print(f"== seed {seed}: {difference[0]}\n{difference[1]}", flush=True)
            if errors:
                both_fail += 1
                if options.errors:
                    print(f"-- seed {seed}\nreal: {errors[0].strip()}\nours: {errors[1].strip()}", flush=True)
    print(f"{options.cases - differ} alike ({both_fail} of them errors), {differ} differ")
    sys.exit(differ > 0)


main()
