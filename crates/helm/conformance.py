#!/usr/bin/env python3
"""Render every chart below a folder with the real helm and with inhaul, and print what differs.

    conformance.py DIR [--ours COMMAND] [--jobs N] [--kube-version V] [--report FILE]

Each chart is rendered with its default values and with each ci/*-values.yaml. The real helm is
installed once with `go install` into a cache folder ($INHAUL_CACHE, default ~/.cache/inhaul/bin).
What differs between two runs of the real helm is random: it is masked at the same place in ours,
as are times of today. COMMAND (default: `inhaul template`) takes helm's arguments.
"""

import argparse
import concurrent.futures
import datetime
import os
import re
import shlex
import subprocess
import sys
import tempfile

HELM = "helm.sh/helm/v4/cmd/helm@v4.3.1"
TIMEOUT = 120


def real_helm():
    """The path of the real helm; installs it where it is missing."""
    folder = os.environ.get("INHAUL_CACHE") or os.path.expanduser("~/.cache/inhaul/bin")
    path = os.path.join(folder, "helm")
    if not os.path.exists(path):
        print(f"installing {HELM} into {folder}, once", file=sys.stderr)
        subprocess.run(["go", "install", HELM], check=True, env={**os.environ, "GOBIN": folder})
    return path


def charts(root):
    """Folders with a Chart.yaml that are not part of another chart."""
    for folder, folders, files in os.walk(root):
        if "Chart.yaml" in files:
            yield folder
            folders.clear()
        folders.sort()


def cases(root):
    for chart in charts(root):
        yield chart, None
        ci = os.path.join(chart, "ci")
        if os.path.isdir(ci):
            for name in sorted(os.listdir(ci)):
                if name.endswith("-values.yaml"):
                    yield chart, os.path.join(ci, name)


def run(command, chart, values, version):
    arguments = ["rel", chart, "--namespace", "ns", "--kube-version", version]
    arguments += ["-f", values] if values else []
    home = tempfile.gettempdir()
    environment = {**os.environ, "HELM_CACHE_HOME": home, "HELM_CONFIG_HOME": home}
    try:
        done = subprocess.run(
            command + arguments, capture_output=True, timeout=TIMEOUT, env=environment
        )
    except subprocess.TimeoutExpired:
        return 124, "", "timeout"
    decode = lambda raw: raw.decode("utf-8", "replace")
    return done.returncode, decode(done.stdout), decode(done.stderr)


TODAY = datetime.datetime.now(datetime.timezone.utc)
DATES = "|".join(
    (TODAY + datetime.timedelta(days=days)).strftime(form)
    for days in (-1, 0, 1)
    for form in ("%Y-%m-%d", "%Y%m%d")
)
TIMES = re.compile(rf"({DATES})([T ]?[0-9:.]+(Z|[+-][0-9:]+| UTC)?)?")
EPOCH = re.compile(r"\b%d[0-9]{5}\b" % (int(TODAY.timestamp()) // 100000))


def timeless(line):
    return EPOCH.sub("<time>", TIMES.sub("<time>", line))


def mask(lines, others):
    """Replaces what differs between the two by its length; gives None where lines are missing."""
    if len(lines) != len(others):
        return None
    masks = {}
    for number, (one, two) in enumerate(zip(lines, others)):
        if one != two:
            head = len(os.path.commonprefix([one, two]))
            tail = len(os.path.commonprefix([one[head:][::-1], two[head:][::-1]]))
            masks[number] = (head, tail)
    return masks


def differences(ours, theirs, again):
    """The lines that differ where the real tool agrees with itself."""
    ours = [timeless(line) for line in ours.split("\n")]
    theirs = [timeless(line) for line in theirs.split("\n")]
    again = [timeless(line) for line in again.split("\n")]
    masks = mask(theirs, again)
    if masks is None:
        # Not even the number of lines is stable: only the documents can be compared.
        source = lambda lines: sorted(line for line in lines if line.startswith("# Source: "))
        return [] if source(ours) == source(theirs) else ["documents differ"]
    found = []
    for number in range(max(len(ours), len(theirs))):
        one = ours[number] if number < len(ours) else "(end)"
        two = theirs[number] if number < len(theirs) else "(end)"
        if number in masks:
            head, tail = masks[number]
            # The random part may begin or end with what happened to be equal.
            same = one[:head].split(":")[0] == two[:head].split(":")[0]
            same = same and (abs(len(one) - len(two)) <= 4 or len(one) > 200)
        else:
            same = one == two
        if not same:
            found.append(f"line {number + 1}\n      helm   {two[:300]!r}\n      inhaul {one[:300]!r}")
            if len(found) == 3:
                break
    return found


PLACE = re.compile(r"\(?([\w./-]+\.(?:ya?ml|tpl|txt|json)):(\d+)(?::(\d+))?")


def same_error(ours, theirs):
    """Whether both name the same place, or one message is part of the other."""
    places = PLACE.findall(theirs)
    if places:
        return any(place in PLACE.findall(ours) for place in places)
    key = lambda text: re.sub(r"\W+", " ", text.split("Error:")[-1])[:60].strip()
    return key(theirs) in re.sub(r"\W+", " ", ours) or bool(key(ours)) and key(ours) in key(theirs)


def compare(helm, ours, chart, values, version):
    code, text, error = run([helm, "template"], chart, values, version)
    our_code, our_text, our_error = run(ours, chart, values, version)
    if code != 0:
        if our_code == 0:
            return "fails only in helm", [error.strip()[-600:]]
        if same_error(our_error, error):
            return "same error", []
        return "other error", [f"helm   {error.strip()[-400:]}", f"inhaul {our_error.strip()[-400:]}"]
    if our_code != 0:
        return "fails only in inhaul", [our_error.strip()[-600:]]
    if text == our_text:
        return "equal", []
    _, again, _ = run([helm, "template"], chart, values, version)
    found = differences(our_text, text, again)
    return ("differs", found) if found else ("equal but for random values and times", [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dir")
    parser.add_argument("--ours", default="inhaul template")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--kube-version", default="v1.34.0")
    parser.add_argument("--report", help="also write every difference to this file")
    options = parser.parse_args()
    helm, ours = real_helm(), shlex.split(options.ours)
    counts, report = {}, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [
            (chart, values, pool.submit(compare, helm, ours, chart, values, options.kube_version))
            for chart, values in cases(options.dir)
        ]
        for chart, values, result in work:
            verdict, details = result.result()
            counts[verdict] = counts.get(verdict, 0) + 1
            if details:
                name = os.path.relpath(chart, options.dir)
                name += f" {os.path.basename(values)}" if values else ""
                report.append(f"{verdict}: {name}\n" + "\n".join(f"    {d}" for d in details))
    print("\n".join(report))
    if options.report:
        with open(options.report, "w") as file:
            file.write("\n".join(report) + "\n")
    total = sum(counts.values())
    good = total - sum(counts.get(v, 0) for v in counts if v.startswith(("differs", "fails", "other")))
    print(f"{good} of {total} as helm: " + ", ".join(f"{n} {v}" for v, n in sorted(counts.items())))
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())
