"""Trees of kustomizations, with every field and transformer."""

import json

from objects import IMAGES, LONG, NAMES, TEXTS, Objects
from yaml_text import Raw, Writer

PATHS = [
    "metadata.name", "metadata.namespace", "metadata.labels.app", "metadata.annotations.note", "metadata.annotations.[a/b]", "metadata.annotations.a\\/b", "spec.replicas",
    "spec.template.spec.containers.0.image", "spec.template.spec.containers.[name=main].image", "spec.template.spec.containers.*.image", "spec.template.spec.containers.[name=main].env.[name=A].value",
    "spec.template.metadata.labels.app", "spec.selector", "spec.selector.app", "spec.ports.0.port", "spec.ports.*.name", "data.k", "data.a\\.yaml", "data.[a.yaml]", "data.new", "spec.size", "spec.list.0", "spec.list.[name=a].v", "spec.list.*",
    "spec.note", "spec.deep.a.b.c", "spec.new.deep.path", "spec.list.[name=new].v", "subjects.*.namespace", "subjects.[kind=ServiceAccount].name", "webhooks.0.clientConfig.service.name", "data.k.key", "data.k.a.b", "data.k.list.0", "spec.containers.0.image", "spec",
    "spec.template.spec.volumes.[name=v1].configMap.name", "spec.list.5", "spec.template.spec.containers.1.name", "spec.rules.0.host", "kind", "apiVersion", "spec.list.[=1]", "spec.list.-",
]
POINTERS = [
    "/metadata/labels/x", "/metadata/annotations/x", "/metadata/name", "/metadata/namespace", "/spec/replicas", "/spec/template/spec/containers/0/image", "/spec/template/spec/containers/-", "/spec/template/spec/containers/0/env/-",
    "/spec/template/spec/containers/0/env", "/spec/list/0", "/spec/list/-", "/spec/list/-1", "/data/k", "/data/a~1b", "/data", "/spec", "/spec/size", "/spec/new/deep", "", "/", "/spec/template/spec/volumes", "/metadata", "/spec/ports/0", "/spec/ports/1", "/subjects/0/name", "/rules/0/verbs/0", "/spec/deep/a/b/c", "/metadata/annotations", "/metadata/labels",
]
SPECS = [
    ("spec/ref/name", None), ("spec/image", None), ("spec/list[]/name", None), ("metadata/labels", True), ("spec/labels", True), ("spec/note", None), ("spec/template/metadata/labels", False), ("data/k", None), ("spec/size", None), ("spec/deep/a/b", True),
]


class Tree:
    """The files of one case, by path."""

    def __init__(self, rng, odd=1.0):
        self.rng = rng
        self.odd = odd
        self.files = {}
        self.objects = Objects(rng)
        self.known = []

    def one(self, options):
        return self.rng.choice(options)

    def maybe(self, probability):
        return self.rng.random() < probability

    def write(self, path, *documents):
        writer = Writer(self.rng, self.odd)
        texts = [writer.document(document) for document in documents]
        separator = self.one(["---\n", "---\n", "--- # next\n", "---\n# only a comment\n---\n", "\n---\n"])
        joined = texts[0]
        for text in texts[1:]:
            joined += ("" if joined.endswith("\n") else "\n") + separator + text.lstrip("\ufeff").removeprefix("---\n")
        self.files[path] = joined
        return joined

    def text(self, data):
        writer = Writer(self.rng, self.odd * 0.3)
        return writer.document(data).replace("\r\n", "\n").lstrip("\ufeff").removeprefix("---\n")

    # Places in objects.

    def places(self, value, path=()):
        """Every place of an object, as a list of keys and indexes."""
        yield path
        for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
            yield from self.places(item, (*path, key))

    def place(self, resource):
        return self.one([place for place in self.places(resource) if place and place not in (("metadata",), ("metadata", "annotations"))] or [("metadata", "name")])

    def path_in(self, resource):
        """A path of a replacement that leads somewhere in an object."""
        if self.maybe(0.1):
            return self.one(PATHS)
        place, value, parts = self.place(resource), resource, []
        for key in place:
            inner = value[key]
            if isinstance(key, int):
                named = isinstance(inner, dict) and inner.get("name")
                parts.append(self.one([str(key), "*", f"[name={inner['name']}]"]) if named else str(key))
            elif "." in key or "/" in key:
                parts.append(self.one([f"[{key}]", key.replace(".", "\\.")]))
            else:
                parts.append(str(key))
            value = inner
        if self.maybe(0.1):
            parts.append(self.one(["new", "0", "a.b"]))
        return ".".join(parts)

    def pointer_in(self, resource):
        if self.maybe(0.15):
            return self.one(POINTERS)
        place = [str(key).replace("~", "~0").replace("/", "~1") for key in self.place(resource)]
        if self.maybe(0.15):
            place[-1] = self.one(["new", "-", "0", "-1", "1"])
        if place[-1] in ("kind", "apiVersion"):
            return "/spec"
        return "/" + "/".join(place)

    # Selectors.

    def resource(self):
        return self.one(self.known) if self.known and not self.maybe(0.04) else self.objects.any()

    def workload(self):
        known = [resource for resource in self.known if resource["kind"] in ("Deployment", "StatefulSet", "ReplicaSet")]
        return self.one(known) if known and not self.maybe(0.05) else self.resource()

    def identity(self, resource, exact=False):
        group, _, version = resource["apiVersion"].rpartition("/")
        full = {"group": group, "version": version, "kind": resource["kind"], "name": resource["metadata"]["name"]}
        if resource["metadata"].get("namespace"):
            full["namespace"] = resource["metadata"]["namespace"]
        keep = self.one([["kind"], ["kind", "name"], ["kind", "name"], ["name"], ["group", "version", "kind", "name", "namespace"], ["group", "kind"], ["namespace"]])
        if exact:
            keep = self.one([["kind", "name"], ["kind", "name"], ["name"], ["group", "version", "kind", "name", "namespace"], ["kind"]])
        return {key: full[key] for key in full if key in keep and full[key]}

    def selector(self):
        selector = self.identity(self.resource())
        if self.maybe(0.15):
            selector["labelSelector"] = self.one(["app=app", "app in (app,web)", "!tier", "app", "app!=db", "app notin (x)", "app==web,tier", "x>1", "a b"])
        if self.maybe(0.1):
            selector["annotationSelector"] = self.one(["note", "note=false", "!note", "a/b"])
        if self.maybe(0.1):
            selector["name"] = self.one([".*", "a.*|web", "^app$", "ap", "(", ""])
        if self.maybe(0.05):
            selector["kind"] = self.one([".*Set", "Deployment|Service", "(?i)deployment"])
        return selector

    # Patches.

    def merge_patch(self):
        resource = self.resource()
        patch = {"apiVersion": resource["apiVersion"], "kind": resource["kind"], "metadata": {"name": resource["metadata"]["name"]}}
        if resource["metadata"].get("namespace"):
            patch["metadata"]["namespace"] = resource["metadata"]["namespace"]
        if self.maybe(0.03):
            patch["metadata"]["name"] = "missing"
        for key, value in resource.items():
            if key not in patch and self.maybe(0.8):
                patch[key] = self.part(key, value, 0)
        if self.maybe(0.3):
            patch["metadata"]["labels"] = self.one([{"patched": "yes"}, None, {"app": None}, {"n": self.objects.scalar()}])
        if self.maybe(0.3):
            patch["metadata"]["annotations"] = self.one([{"patched": self.objects.text()}, None, {"note": None}, {"n": self.objects.scalar()}])
        if self.maybe(0.04):
            patch["$patch"] = self.one(["delete", "replace", "merge", "bogus"])
        return patch

    def part(self, key, value, depth):
        """A patch for a part of an object."""
        if isinstance(value, dict):
            if self.maybe(0.04):
                return self.one([None, {}, {"$patch": "delete"}, {"$patch": "replace", "x": "y"}, "text", []])
            keys = [k for k in value if self.maybe(0.6)] or list(value)[:1]
            result = {k: self.part(k, value[k], depth + 1) for k in keys}
            if self.maybe(0.1):
                result[self.one(["extra", "new"])] = self.one([self.objects.scalar(), {"a": self.objects.scalar()}, None, [1], {}, []])
            return result
        if isinstance(value, list):
            if self.maybe(0.06):
                return self.one([None, [], [{"$patch": "replace"}], [{"$patch": "delete"}], {"a": "b"}, [None], "x"])
            items = [self.item(item, depth) for item in value if self.maybe(0.7)]
            if self.maybe(0.3):
                items.append(self.new_item(value))
            self.rng.shuffle(items)
            if self.maybe(0.05):
                items.insert(0, {"$patch": self.one(["replace", "merge", "delete", "bogus"])})
            return items
        return self.one([self.objects.scalar(), None, self.one(IMAGES)]) if self.maybe(0.8) else value

    def item(self, item, depth):
        if not isinstance(item, dict):
            return item
        keys = ("name", "containerPort", "port", "mountPath", "ip", "key", "protocol", "topologyKey")
        result = {k: v if k in keys else self.part(k, v, depth + 1) for k, v in item.items() if k in keys and self.maybe(0.95) or self.maybe(0.5)}
        if self.maybe(0.08):
            result["$patch"] = self.one(["delete", "delete", "replace", "merge"])
        return result or item

    def new_item(self, items):
        sample = next((item for item in items if isinstance(item, dict)), None)
        if sample is None:
            return self.one(["added", 7, None, {"name": "x"}])
        return self.one([{**sample, "name": "added"}, {**sample, "containerPort": 81}, {**sample, "mountPath": "/added"}, {"name": "added", "image": self.one(IMAGES)}, {}])

    def operations(self, resource=None):
        resource = resource or self.resource()
        value = lambda: self.one([self.objects.scalar(), {"a": self.objects.scalar()}, [1, "x"], None, 5, "text", 9007199254740993, 1.0, {"name": "new", "image": "nginx"}, {"Metadata": {"Name": "X"}}, "<&>"])
        result = []
        for _ in range(self.one([1, 1, 2, 3])):
            operation = self.one(["add", "add", "replace", "replace", "remove", "test", "copy", "move"])
            entry = {"op": operation, "path": self.pointer_in(resource)}
            if operation in ("add", "replace", "test"):
                entry["value"] = value()
            if operation in ("copy", "move"):
                entry["from"] = self.pointer_in(resource)
            if self.maybe(0.02):
                entry["op"] = self.one(["frob", "Add", ""])
            if self.maybe(0.02):
                del entry[self.one(list(entry))]
            result.append(entry)
        return result

    def patch(self, directory, at):
        merge = self.maybe(0.6)
        resource = self.resource()
        data = self.merge_patch() if merge else self.operations(resource)
        entry = {}
        if not merge or self.maybe(0.25):
            entry["target"] = self.identity(resource, exact=True) if self.maybe(0.8) and not merge else self.selector()
        if merge and self.maybe(0.1):
            entry["options"] = {self.one(["allowNameChange", "allowKindChange"]): True}
        path = f"patch-{at}.yaml"
        if self.maybe(0.5):
            entry["path"] = path
            if not merge and self.maybe(0.2):
                self.files[f"{directory}/{path}"] = json.dumps(data, default=str)
            elif merge and self.maybe(0.1):
                self.write(f"{directory}/{path}", data, self.merge_patch())
            else:
                self.write(f"{directory}/{path}", data)
        else:
            entry["patch"] = self.text(data)
        if self.maybe(0.01):
            entry["patch"] = ""
        return entry

    # Replacements, vars.

    def replacement(self):
        if self.maybe(0.1):
            entry = {"sourceValue": self.one([self.objects.text(), "5", "true", "a: b", ""])}
        else:
            resource = self.resource()
            source = self.identity(resource, exact=True)
            if self.maybe(0.85):
                source["fieldPath"] = self.path_in(resource)
            if self.maybe(0.25):
                source["options"] = {"delimiter": self.one([":", "/", "-", "."]), "index": self.one([0, 1, 2, -1])}
            entry = {"source": source}
        targets = []
        for _ in range(self.one([1, 1, 2])):
            resource = self.resource()
            target = {"select": self.identity(resource, exact=True) if self.maybe(0.7) else self.selector()}
            if self.maybe(0.85):
                target["fieldPaths"] = [self.path_in(resource) for _ in range(self.one([1, 1, 2]))]
            if self.maybe(0.2):
                target["reject"] = [self.selector()]
            options = {}
            if self.maybe(0.5):
                options["create"] = self.maybe(0.8)
            if self.maybe(0.2):
                options["delimiter"] = self.one([":", "/", "-", "."])
            if self.maybe(0.2):
                options["index"] = self.one([0, 1, 5, -1])
            if options:
                target["options"] = options
            targets.append(target)
        entry["targets"] = targets
        return entry

    def variable(self, at):
        resource = self.resource()
        reference = {"kind": resource["kind"], "name": resource["metadata"]["name"], "apiVersion": resource["apiVersion"]}
        if resource["metadata"].get("namespace") and self.maybe(0.7):
            reference["namespace"] = resource["metadata"]["namespace"]
        entry = {"name": self.one(["VAR_A", "VAR_B", "NAME"]) if at else "VAR_A", "objref": reference}
        if self.maybe(0.7):
            field = self.one(["metadata.name", "metadata.namespace", "spec.replicas", "data.k", "spec.size", "spec.template.spec.containers[0].image", "metadata.labels.app", "spec.ports[0].port", "spec"])
            entry["fieldref"] = {self.one(["fieldpath", "fieldPath"]): field}
        return entry

    # Generators.

    def generator(self, directory, secret):
        entry = {"name": self.one(NAMES + ["gen"])}
        if self.maybe(0.5):
            values = [self.objects.text(), "v", '"quoted"', "'q'", "a=b", "5", "true", "", "'", '"half', LONG]
            entry["literals"] = [f"{key}={self.one(values)}" for key in self.rng.sample(["k", "A", "b.c", "new"], self.one([1, 2]))]
        if self.maybe(0.3):
            path = self.one(["data.txt", "conf/app.ini", "bin.dat"])
            self.files[f"{directory}/{path}"] = self.one(TEXTS + [b"\xff\xfe\x00", b"\x00" * 80, "a\r\nb\r\n", "é"]) if path != "bin.dat" else self.one([b"\xff\xfe\x00", bytes(range(128, 250))])
            entry["files"] = [self.one([path, "key=" + path])]
        if self.maybe(0.2):
            self.files[f"{directory}/app.env"] = self.one(["A=1\nB = 2 \n# c\n\n  C='x'\nD\n", "\ufeffX=y\r\nZ=w\r\n", 'Q="a b"\nR=a#b\n', "K=a=b", ""])
            entry[self.one(["envs", "env"])] = "app.env"
            if "envs" in entry:
                entry["envs"] = ["app.env"]
        if secret and self.maybe(0.3):
            entry["type"] = self.one(["kubernetes.io/tls", "Opaque", "x"])
        if self.maybe(0.3):
            entry["namespace"] = self.one(["prod", "default"])
        if self.maybe(0.25):
            entry["behavior"] = self.one(["merge", "replace", "create", "merge", "bogus"])
        if self.maybe(0.25):
            entry["options"] = self.generator_options()
        return entry

    def generator_options(self):
        options = {}
        for key, value in [("labels", {"g": "h"}), ("annotations", {"note": self.objects.text()}), ("disableNameSuffixHash", True), ("immutable", True)]:
            if self.maybe(0.35):
                options[key] = value
        return options

    # Tables.

    def field_spec(self):
        path, create = self.one(SPECS)
        spec = {"path": path}
        if create is not None:
            spec["create"] = create
        if self.maybe(0.5):
            spec["kind"] = self.one(["Gadget", "Widget", "ConfigMap", "Deployment"])
        if self.maybe(0.2):
            spec["group"] = "example.com"
        if self.maybe(0.1):
            spec["version"] = self.one(["v1", "v2"])
        return spec

    def configuration(self):
        tables = ["namePrefix", "nameSuffix", "namespace", "commonLabels", "commonAnnotations", "images", "replicas", "varReference", "labels", "templateLabels"]
        result = {table: [self.field_spec()] for table in self.rng.sample(tables, self.one([0, 1, 2]))}
        if self.maybe(0.6) or not result:
            result["nameReference"] = [{"kind": self.one(["ConfigMap", "Secret", "Gadget", "Service", "Deployment"]), "fieldSpecs": [self.field_spec()]}]
            if self.maybe(0.3):
                result["nameReference"][0]["version"] = "v1"
        return result

    def definitions(self):
        item = {"type": "object", "properties": {"name": {"type": "string"}, "v": {}}}
        spec = {"type": "object", "properties": {"list": {"type": "array", "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge", "items": item}}}
        kind = [{"group": "example.com", "kind": kind, "version": version} for kind in ("Gadget", "Widget") for version in ("v1", "v2")]
        return {"definitions": {"com.example.v1.Gadget": {"type": "object", "properties": {"spec": {"$ref": "#/definitions/com.example.v1.Spec"}}, "x-kubernetes-group-version-kind": kind}, "com.example.v1.Spec": spec}}

    # Plugins.

    def transformer(self):
        kind = self.one(["PrefixTransformer", "SuffixTransformer", "NamespaceTransformer", "LabelTransformer", "AnnotationsTransformer", "ImageTagTransformer", "ReplicaCountTransformer", "PatchTransformer", "PatchJson6902Transformer", "PatchStrategicMergeTransformer", "ReplacementTransformer", "ValueAddTransformer", "HashTransformer", "PrefixSuffixTransformer"])
        result = {"apiVersion": "builtin", "kind": kind, "metadata": {"name": f"t{self.rng.randrange(99)}"}}
        specs = [{"path": "metadata/name"}] if self.maybe(0.5) else [self.field_spec()]
        if kind in ("PrefixTransformer", "PrefixSuffixTransformer"):
            result |= {"prefix": "t-", "fieldSpecs": specs}
        if kind == "SuffixTransformer":
            result |= {"suffix": "-t", "fieldSpecs": specs}
        if kind == "NamespaceTransformer":
            result["metadata"]["namespace"] = self.one(["prod", "moved"])
            if self.maybe(0.5):
                result["unsetOnly"] = self.maybe(0.7)
            if self.maybe(0.5):
                result["setRoleBindingSubjects"] = self.one(["defaultOnly", "allServiceAccounts", "none", "bogus"])
            if self.maybe(0.5):
                result["fieldSpecs"] = [{"path": "metadata/namespace", "create": True}]
        if kind == "LabelTransformer":
            result |= {"labels": {"from": "plugin", "n": "1"}, "fieldSpecs": [{"path": "metadata/labels", "create": True}, self.field_spec()][: self.one([1, 2])]}
        if kind == "AnnotationsTransformer":
            result |= {"annotations": {"from": "plugin"}, "fieldSpecs": [{"path": "metadata/annotations", "create": True}]}
        if kind == "ImageTagTransformer":
            result |= {"imageTag": self.image(), "fieldSpecs": [{"path": "spec/image"}]}
        if kind == "ReplicaCountTransformer":
            result |= {"replica": {"name": self.one(NAMES), "count": 4}, "fieldSpecs": [{"path": "spec/replicas", "create": True, "kind": "Deployment"}]}
        if kind == "PatchTransformer":
            merge = self.maybe(0.5)
            result["patch"] = self.text(self.merge_patch() if merge else self.operations())
            if not merge or self.maybe(0.3):
                result["target"] = self.selector()
        if kind == "PatchJson6902Transformer":
            result |= {"target": self.identity(self.resource(), exact=True), "jsonOp": json.dumps(self.operations(), default=str)}
        if kind == "PatchStrategicMergeTransformer":
            result["patches"] = self.text(self.merge_patch())
        if kind == "ReplacementTransformer":
            result["replacements"] = [self.replacement()]
        if kind == "ValueAddTransformer":
            result |= {"value": "added", "targets": [{"fieldPath": self.one(["metadata/labels/x", "spec/note", "metadata/namespace", "spec/deep/a"])}]}
            if self.maybe(0.4):
                result["targets"][0]["selector"] = self.selector()
            if self.maybe(0.3):
                result["targets"][0]["filePathPosition"] = 1
        return result

    def plugins(self, directory, name, make):
        entries = []
        for at in range(self.one([1, 1, 2])):
            plugin = make()
            if self.maybe(0.5):
                entries.append(self.text(plugin))
            else:
                path = f"{name}-{at}.yaml"
                self.write(f"{directory}/{path}", plugin)
                entries.append(path)
        return entries

    def plugin_generator(self):
        secret = self.maybe(0.4)
        kind = "SecretGenerator" if secret else "ConfigMapGenerator"
        return {"apiVersion": "builtin", "kind": kind, "metadata": {"name": self.one(NAMES + ["plug"])}, "literals": ["k=v", "z=1"]}

    def image(self):
        entry = {"name": self.one(["nginx", "app", "reg.io/x/y", "redis", "reg.io:5000/team/app", ".*", "n.inx", "nginx:1.2", "("])}
        entry.update(self.one([{"newTag": "v9"}, {"newName": "other.io/n"}, {"digest": "sha256:" + "c" * 64}, {"newName": "m", "newTag": "2"}, {"newTag": "x", "digest": "sha256:0"}, {"tagSuffix": "-s"}, {"newTag": Raw("'1.0'")}, {"newTag": "007x"}, {}]))
        return entry

    # Kustomizations.

    def kustomization(self, directory, resources, component=False, density=0.25):
        data = {"resources": resources} if resources or self.maybe(0.2) else {}
        if component or self.maybe(0.5):
            data = {"apiVersion": "kustomize.config.k8s.io/v1alpha1" if component else "kustomize.config.k8s.io/v1beta1", "kind": "Component" if component else "Kustomization", **data}
        want = lambda weight=1.0: self.maybe(density * weight)
        few = lambda: self.one([1, 1, 2])
        if want(1.2):
            data["namespace"] = self.one(["prod", "test", "new"])
        if want():
            data["namePrefix"] = self.one(["p-", "q-", "dev-"])
        if want():
            data["nameSuffix"] = self.one(["-s", "-v1"])
        pairs = lambda: {self.one(["app", "env", "a.b/c"]): self.one(["x", "prod", self.objects.text(), "1"])}
        if want():
            data["labels"] = [{"pairs": pairs(), **self.one([{}, {"includeSelectors": True}, {"includeTemplates": True}, {"fields": [self.field_spec()]}, {"includeTemplates": True, "includeVolumeClaimTemplates": True}])} for _ in range(few())]
        if want(0.6):
            data["commonLabels"] = pairs()
        if want(0.8):
            data["commonAnnotations"] = pairs()
        if want(2):
            data["patches"] = [self.patch(directory, at) for at in range(few())]
        if want(0.6):
            data["patchesStrategicMerge"] = []
            for at in range(few()):
                if self.maybe(0.5):
                    self.write(f"{directory}/sm-{at}.yaml", self.merge_patch())
                    data["patchesStrategicMerge"].append(f"sm-{at}.yaml")
                else:
                    data["patchesStrategicMerge"].append(self.text(self.merge_patch()))
        if want(0.6):
            resource = self.resource()
            entry = {"target": self.identity(resource, exact=True)}
            entry["target"].setdefault("name", resource["metadata"]["name"])
            if self.maybe(0.5):
                self.write(f"{directory}/j.yaml", self.operations(resource))
                entry["path"] = "j.yaml"
            else:
                entry["patch"] = self.text(self.operations(resource))
            data["patchesJson6902"] = [entry]
        if want():
            data["images"] = [self.image() for _ in range(few())]
        if want(0.6):
            data["replicas"] = [{"name": self.workload()["metadata"]["name"], "count": self.one([0, 2, 5])}]
        if want(1.5):
            data["replacements"] = [self.replacement() for _ in range(few())]
            if self.maybe(0.2):
                self.write(f"{directory}/repl.yaml", data["replacements"] if self.maybe(0.5) else data["replacements"][0])
                data["replacements"] = [{"path": "repl.yaml"}]
        if want(0.7):
            data["vars"] = [self.variable(at) for at in range(few())]
        if want():
            data["configMapGenerator"] = [self.generator(directory, False) for _ in range(few())]
        if want(0.8):
            data["secretGenerator"] = [self.generator(directory, True) for _ in range(few())]
        if want(0.6):
            data["generatorOptions"] = self.generator_options()
        if want(0.5):
            self.write(f"{directory}/config.yaml", self.configuration())
            data["configurations"] = ["config.yaml"]
        if want(0.3):
            self.write(f"{directory}/openapi.{self.one(['yaml', 'json'])}", self.definitions())
            path = next(p for p in self.files if p.startswith(f"{directory}/openapi."))
            data["openapi"] = {"path": path.rsplit("/", 1)[1]}
        if want(0.6):
            data["transformers"] = self.plugins(directory, "transformer", self.transformer)
        if want(0.3):
            data["generators"] = self.plugins(directory, "generator", self.plugin_generator)
        if want(0.2):
            data["validators"] = self.plugins(directory, "validator", self.transformer)
        if want(0.6):
            data["sortOptions"] = self.one([{"order": "fifo"}, {"order": "legacy"}, {"order": "legacy", "legacySortOptions": {"orderFirst": ["Service", "ConfigMap"], "orderLast": ["Deployment"]}}, {"order": "fifo"}] if self.maybe(0.97) else [{"order": "bogus"}])
        if want(0.6):
            data["buildMetadata"] = self.rng.sample(["originAnnotations", "transformerAnnotations", "managedByLabel"], self.one([1, 2, 3]))
        if self.maybe(0.02):
            data.update(self.one([{"bogus": 1}, {"namespace": 5}, {"namePrefix": None}, {"resources": "x"}, {"images": {}}, {"labels": [{"pairs": {"a": Raw("yes")}}]}, {"patches": [None]}, {"replicas": [{"name": "app", "count": Raw("'3'")}]}, {"metadata": {"name": "k", "labels": {"a": "b"}}}]))
        return data

    def level(self, directory, bases, component=False, density=0.25):
        """A directory with objects, on top of others."""
        entries = list(bases)
        made = [self.objects.any() for _ in range(self.one([1, 2, 3, 4, 6] if not bases else [0, 0, 1, 2]))]
        seen = {(o["apiVersion"], o["kind"], o["metadata"]["name"], o["metadata"].get("namespace") or "default") for o in self.known}
        for at in range(len(made)):
            identity = lambda o: (o["apiVersion"], o["kind"], o["metadata"]["name"], o["metadata"].get("namespace") or "default")
            while identity(made[at]) in seen and self.maybe(0.98):
                made[at] = self.objects.any()
            seen.add(identity(made[at]))
        self.known += made
        position = 0
        while position < len(made):
            count = min(self.one([1, 1, 2, 3]), len(made) - position)
            path = f"r{position}.yaml"
            chunk = made[position : position + count]
            if self.maybe(0.04):
                chunk = [{"apiVersion": "v1", "kind": "List", "items": chunk}]
            self.write(f"{directory}/{path}", *chunk)
            entries.append(path)
            position += count
        components = []
        if self.maybe(density * 0.6) and not component:
            name = f"{directory}/comp" if self.maybe(0.5) else f"comp-{self.rng.randrange(9)}"
            if name + "/kustomization.yaml" not in self.files:
                self.level(name, [], True, density)
                components = ["comp" if name.startswith(directory) else "../" + name]
        if self.maybe(0.5):
            self.rng.shuffle(entries)
        data = self.kustomization(directory, entries, component, density)
        if components:
            data["components"] = components
        keys = list(data)
        if self.maybe(0.3):
            self.rng.shuffle(keys)
        odd, self.odd = self.odd, self.odd * 0.5
        name = "kustomization.yaml" if self.maybe(0.95) else self.one(["kustomization.yml", "Kustomization"])
        self.write(f"{directory}/{name}", {key: data[key] for key in keys})
        self.odd = odd


def tree(rng):
    """The files of a random tree, and the directory in it that is built."""
    result = Tree(rng, rng.choice([0, 0.5, 1]))
    density = rng.choice([0.08, 0.15, 0.25])
    if rng.random() < 0.5:
        result.level("base", [], density=density)
        root = "base"
    elif rng.random() < 0.7:
        result.level("base", [], density=density)
        result.level("overlay", ["../base"], density=density)
        root = "overlay"
    else:
        result.level("base", [], density=density)
        result.level("left", ["../base"], density=density)
        other = rng.choice(["../base", "../extra"])
        if other == "../extra":
            result.level("extra", [], density=density)
        result.level("right", [other], density=density)
        result.level("top", ["../left", "../right"], density=density)
        root = "top"
    return result.files, root
