#!/usr/bin/env python3
"""Writes cases.jsonl: what the real helm (first argument) prints for the charts here."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = [
    ["rel", "charts/umbrella"],
    ["rel", "charts/umbrella", "--namespace", "ns", "--kube-version", "1.28.3-gke.1", "--is-upgrade"],
    ["rel", "charts/umbrella", "--include-crds", "--skip-tests"],
    ["rel", "charts/umbrella", "--no-hooks", "--api-versions", "example.com/v1"],
    ["rel", "charts/umbrella", "--set", "second.enabled=false,tags.front=false"],
    ["rel", "charts/umbrella", "--set", "first.grandchild.on=false,nested.drop=null,top=null,number=5"],
    ["rel", "charts/umbrella", "--set", "global.region=us,first.global.region=local,second.global.table=x"],
    ["rel", "charts/umbrella", "--set", "list[0]=a,list[4].b=c,esc\\.aped=d\\,e,m={x,y,1}"],
    ["rel", "charts/umbrella", "--set-string", "a=1,b=null", "--set-json", "c={\"d\": [1, 2.5]}"],
    ["rel", "charts/umbrella", "--set-json", "{\"nested\": {\"keep\": null, \"n\": 10000000}}"],
    ["rel", "charts/umbrella", "--set-literal", "a.b=x,y={z}"],
    ["rel", "charts/umbrella", "--set-file", "read=charts/umbrella/files/a.txt"],
    ["rel", "charts/umbrella", "-f", "one.yaml", "-f", "two.yaml"],
    ["rel", "charts/umbrella", "--show-only", "templates/app.yaml"],
    ["rel", "charts/umbrella", "--show-only", "charts/*/templates/*.yaml", "--show-only", "templates/hooks.yaml"],
    ["rel", "charts/umbrella", "--show-only", "templates/absent.yaml"],
    ["charts/umbrella", "--show-only", "templates/app.yaml"],
    ["charts/umbrella", "--name-template", "n-{{ add 1 2 }}", "--show-only", "templates/config.yaml"],
    ["rel", "charts/umbrella", "--name-template", "x"],
    ["Not_A_Name", "charts/umbrella"],
    ["rel", "charts/umbrella", "--kube-version", "1.19.0"],
    ["rel", "charts/umbrella", "--kube-version", "new"],
    ["rel", "charts/umbrella", "--set", "a"],
    ["rel", "charts/umbrella", "--set", "first=x"],
    ["rel", "charts/umbrella/charts/lib"],
    ["rel", "charts/broken"],
    ["rel", "charts/broken", "--set", "number=x"],
    ["rel", "charts/broken", "--set", "number=x", "--skip-schema-validation"],
] + [
    ["rel", "charts/broken", "--set", f"which={which}"]
    for which in (
        "nil fail required missing tpl tplparse function yaml list type".split()
    )
]


def main():
    with open(os.path.join(HERE, "cases.jsonl"), "w") as file:
        for arguments in CASES:
            done = subprocess.run(
                [sys.argv[1], "template", *arguments], cwd=HERE, capture_output=True, text=True
            )
            case = {"arguments": arguments}
            if done.returncode == 0:
                case["output"] = done.stdout
            else:
                lines = done.stderr.split("\n")
                start = next(n for n, line in enumerate(lines) if line.startswith("Error: "))
                error = "\n".join(lines[start:])[len("Error: "):].strip()
                case["error"] = error.removesuffix("\n\nUse --debug flag to render out invalid YAML")
            file.write(json.dumps(case) + "\n")


main()
