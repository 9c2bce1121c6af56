"""Objects of many kinds, with values that are easily got wrong."""

from yaml_text import Raw

NAMES = ["app", "web", "db", "cfg", "api-v1", "a1"]
NAMESPACES = [None, None, None, "default", "prod", "test"]
IMAGES = ["nginx", "nginx:1.2", "reg.io:5000/team/app:v1", "app@sha256:" + "a" * 64, "reg.io/x/y:1@sha256:" + "b" * 64, "redis:latest", "nginx:${TAG}"]
LONG = "the quick brown fox jumps over the lazy dog and then it does so again and again until the line is rather long, really"
SCALARS = [
    Raw(text)
    for text in """1 0 -5 007 0o17 0x1F 1_000 1e3 1.0 1.50 .5 -0.0 1e21 123456789.123456789 9007199254740993 18446744073709551615 99999999999999999999
    true false True yes no on off y n ~ null Null "" '' "1" '1.0' "true" 'yes' "null" '~' 2020-01-01 2001-12-14t21:59:43.10-05:00 12:30:45 190:20 1:2
    "a: b" 'it''s' "tab\\there" "nl\\nx" " lead" "trail " "-" '- x' "#no" "a #b" "\\u00e9" "\\U0001F600" é 日本語 "!x" "&x" "*x" "%x" "@x" "`x" "{x}" "[x]" "a,b" "?" "? x" ":" "a:" =
    << "<<" .inf !!str 5 !!int "5" !custom v 0b11 0.0 +1 1. 1e +.5 0777 0888 08 1__0 "0x" "1e5" '0b1' '0o7' "2020-01-01" '1:2' "y" 'N' "on" "\\x07" "\\xa0" "a\\\\b" """.split(
        None
    )
    if text not in (".inf", "lead\"", "trail", '"', "b\"", "x'", "#b\"", "5", '"5"', "v")
]
SCALARS = [s for s in SCALARS if not s.startswith(('"a:', "'-", '"a', '"?', "!!", "!custom")) and s.count('"') % 2 == 0 and s.count("'") % 2 == 0]
SCALARS += [Raw(t) for t in ('!!str 5', '!!int "5"', "!custom v", '"a: b"', "'- x'", '" lead"', '"trail "', '"a #b"', "'? x'", '"a  b"', "!!binary aGVsbG8=", "!!float 1")]
TEXTS = [LONG, LONG + "  double  spaces " + LONG, "x" * 100, "line one\nline two\n", "a\n\nb", "keep\n\n\n", "  lead\nx", "trail  \nx\n", "tab\tx\ny", LONG + "\n" + LONG, "key: value\nlist:\n- a\n", '{"a": {"b": [1, "x"]}}', "{\n  \"a\": 1\n}\n", "'quoted' " + LONG, "# " + LONG, "日本語 " * 20, " ", "a\\b\\c", "-", "é" * 50 + " " + "ü" * 50, "https://example.com/a?b=c&d=<e>", "$(NAME) and $$(NAME) $", "a: " + LONG]


class Objects:
    def __init__(self, rng):
        self.rng = rng

    def one(self, options):
        return self.rng.choice(options)

    def maybe(self, probability):
        return self.rng.random() < probability

    def name(self):
        return self.one(NAMES)

    def scalar(self):
        return self.one(SCALARS) if self.maybe(0.7) else self.one(TEXTS)

    def text(self):
        return self.one(TEXTS) if self.maybe(0.4) else self.one(NAMES)

    def metadata(self, name=None, namespaced=True):
        metadata = {"name": name or self.name()}
        namespace = self.one(NAMESPACES) if namespaced else None
        if namespace:
            metadata["namespace"] = namespace
        if self.maybe(0.3):
            metadata["labels"] = {self.one(["app", "tier", "app.kubernetes.io/name", "x"]): self.one(NAMES) for _ in range(self.one([1, 2]))}
            if self.maybe(0.1):
                metadata["labels"] = self.one([None, {}, {"app": self.scalar()}])
        if self.maybe(0.3):
            metadata["annotations"] = {self.one(["note", "a/b", "config.kubernetes.io/local-config", "z"]): self.one([self.text(), "false", self.scalar()]) for _ in range(self.one([1, 2]))}
            if self.maybe(0.1):
                metadata["annotations"] = self.one([None, {}])
        if self.maybe(0.05):
            metadata["creationTimestamp"] = None
        return metadata

    def env(self):
        env = []
        for name in self.rng.sample(["A", "B", "C", "NAME"], self.one([1, 2, 3])):
            choice = self.rng.randrange(5)
            if choice == 0:
                env.append({"name": name, "valueFrom": {"configMapKeyRef": {"name": self.name(), "key": "k"}}})
            elif choice == 1:
                env.append({"name": name, "valueFrom": {"secretKeyRef": {"name": self.name(), "key": "k", "optional": True}}})
            else:
                env.append({"name": name, "value": self.one([self.scalar(), "$(VAR_A)", "x-$(VAR_B)-y", "$$(VAR_A)", self.text()])})
        return env

    def container(self, name):
        container = {"name": name, "image": self.one(IMAGES)}
        if self.maybe(0.4):
            container["env"] = self.env()
        if self.maybe(0.3):
            ports = [{"containerPort": self.one([80, 443, 8080]), "name": self.one(["http", "x"])}, {"containerPort": 80, "protocol": "UDP"}, {"containerPort": 9090, "protocol": "TCP"}]
            container["ports"] = self.rng.sample(ports, self.one([1, 2, 3]))
        if self.maybe(0.3):
            container["envFrom"] = [{"configMapRef": {"name": self.name()}}, {"secretRef": {"name": self.name()}}][: self.one([1, 2])]
        if self.maybe(0.3):
            container["volumeMounts"] = [{"name": self.one(["v1", "v2"]), "mountPath": "/" + self.name()} for _ in range(self.one([1, 2]))]
        if self.maybe(0.2):
            container["command"] = ["sh", "-c", self.text()]
        if self.maybe(0.2):
            container["args"] = self.one([["--x=$(VAR_A)"], [], [self.scalar(), "b"], ["-v", self.scalar()]])
        if self.maybe(0.2):
            container["resources"] = {"limits": {"cpu": self.one([1, "500m", 0.5]), "memory": "1Gi"}}
        return container

    def pod_spec(self):
        spec = {"containers": [self.container(name) for name in self.rng.sample(["main", "side", "app"], self.one([1, 1, 2]))]}
        if self.maybe(0.2):
            spec["initContainers"] = [self.container("init")]
        if self.maybe(0.4):
            volumes = [
                {"name": "v1", "configMap": {"name": self.name()}},
                {"name": "v2", "secret": {"secretName": self.name()}},
                {"name": "v3", "persistentVolumeClaim": {"claimName": self.name()}},
                {"name": "v4", "projected": {"sources": [{"configMap": {"name": self.name()}}, {"secret": {"name": self.name()}}]}},
                {"name": "v5", "emptyDir": {}},
            ]
            spec["volumes"] = self.rng.sample(volumes, self.one([1, 2, 3]))
        if self.maybe(0.3):
            spec["serviceAccountName"] = self.name()
        if self.maybe(0.1):
            spec["imagePullSecrets"] = [{"name": self.name()}]
        if self.maybe(0.1):
            spec["tolerations"] = [{"key": "a", "effect": "NoSchedule"}]
        if self.maybe(0.1):
            spec["topologySpreadConstraints"] = [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "x"}}}]
        if self.maybe(0.1):
            term = {"labelSelector": {"matchLabels": {"app": self.name()}}, "topologyKey": "host"}
            spec["affinity"] = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}], "requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        if self.maybe(0.1):
            spec["hostAliases"] = [{"ip": "1.2.3.4", "hostnames": ["a"]}]
        return spec

    def template(self):
        template = {"metadata": {"labels": {"app": self.name()}}, "spec": self.pod_spec()}
        if self.maybe(0.2):
            template["metadata"]["annotations"] = {"note": self.text()}
        return template

    def workload(self, kind):
        spec = {"selector": {"matchLabels": {"app": self.name()}}, "template": self.template()}
        if self.maybe(0.4):
            spec["replicas"] = self.one([1, 3, Raw("'2'"), None])
        if kind == "StatefulSet":
            spec["serviceName"] = self.name()
            if self.maybe(0.5):
                spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]
        api = "apps/v1" if self.maybe(0.95) else self.one(["apps/v1beta1", "extensions/v1beta1"])
        return {"apiVersion": api, "kind": kind, "metadata": self.metadata(), "spec": spec}

    def pod(self):
        return {"apiVersion": "v1", "kind": "Pod", "metadata": self.metadata(), "spec": self.pod_spec()}

    def job(self):
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": self.metadata(), "spec": {"template": self.template(), "backoffLimit": 1}}

    def cron_job(self):
        api = self.one(["batch/v1", "batch/v1beta1"])
        return {"apiVersion": api, "kind": "CronJob", "metadata": self.metadata(), "spec": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": self.template()}}}}

    def service(self):
        ports = [{"port": 80, "targetPort": "http"}, {"port": 80, "protocol": "UDP"}, {"port": 443, "name": "https", "protocol": "TCP"}, {"port": Raw("'80'")}]
        return {"apiVersion": "v1", "kind": "Service", "metadata": self.metadata(), "spec": {"selector": {"app": self.name()}, "ports": self.rng.sample(ports, self.one([1, 2, 3]))}}

    def config_map(self):
        data = {self.one(["k", "a.yaml", "B", "1", "k2", "a-b", "10", "2"]): self.scalar() for _ in range(self.one([0, 1, 2, 4]))}
        result = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(), "data": data}
        if self.maybe(0.05):
            result["data"] = None
        if self.maybe(0.05):
            result["immutable"] = True
        return result

    def secret(self):
        result = {"apiVersion": "v1", "kind": "Secret", "metadata": self.metadata(), "type": self.one(["Opaque", "kubernetes.io/tls"])}
        result[self.one(["data", "stringData"])] = {"k": self.one(["aGVsbG8=", self.text(), self.scalar()])}
        return result

    def account(self):
        result = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": self.metadata()}
        if self.maybe(0.3):
            result["imagePullSecrets"] = [{"name": self.name()}]
        if self.maybe(0.1):
            result["secrets"] = [{"name": self.name()}]
        return result

    def role(self):
        rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
        if self.maybe(0.5):
            rules[0]["resourceNames"] = [self.name(), self.name()]
        cluster = self.maybe(0.4)
        return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole" if cluster else "Role", "metadata": self.metadata(namespaced=not cluster), "rules": rules}

    def binding(self):
        cluster = self.maybe(0.4)
        subjects = []
        for _ in range(self.one([1, 2])):
            subject = {"kind": self.one(["ServiceAccount", "ServiceAccount", "User", "Group"]), "name": self.one(NAMES + ["default"])}
            if self.maybe(0.7):
                subject["namespace"] = self.one(["default", "prod", "other"])
            subjects.append(subject)
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding" if cluster else "RoleBinding",
            "metadata": self.metadata(namespaced=not cluster),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": self.one(["ClusterRole", "Role"]), "name": self.name()},
            "subjects": subjects,
        }

    def ingress(self):
        if self.maybe(0.7):
            backend = {"service": {"name": self.name(), "port": {"number": 80}}}
            api = "networking.k8s.io/v1"
        else:
            backend = {"serviceName": self.name(), "servicePort": 80}
            api = self.one(["networking.k8s.io/v1beta1", "extensions/v1beta1"])
        spec = {"rules": [{"host": "x.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}
        if self.maybe(0.5):
            spec["tls"] = [{"hosts": ["x.example"], "secretName": self.name()}]
        return {"apiVersion": api, "kind": "Ingress", "metadata": self.metadata(), "spec": spec}

    def scaler(self):
        target = {"apiVersion": "apps/v1", "kind": self.one(["Deployment", "StatefulSet"]), "name": self.name()}
        return {"apiVersion": self.one(["autoscaling/v2", "autoscaling/v1", "autoscaling/v2beta2"]), "kind": "HorizontalPodAutoscaler", "metadata": self.metadata(), "spec": {"scaleTargetRef": target, "maxReplicas": 3}}

    def claim(self):
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": self.metadata(), "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": self.name(), "volumeName": self.name()}}

    def volume(self):
        return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": self.metadata(namespaced=False), "spec": {"storageClassName": self.name(), "claimRef": {"name": self.name(), "namespace": "prod"}, "capacity": {"storage": "1Gi"}}}

    def storage_class(self):
        return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": self.metadata(namespaced=False), "provisioner": "x"}

    def policy(self):
        return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": self.metadata(), "spec": {"podSelector": self.one([{}, {"matchLabels": {"app": self.name()}}]), "ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}, {"namespaceSelector": {"matchExpressions": [{"key": "x", "operator": "Exists"}]}}]}]}}

    def budget(self):
        return {"apiVersion": self.one(["policy/v1", "policy/v1beta1"]), "kind": "PodDisruptionBudget", "metadata": self.metadata(), "spec": {"minAvailable": self.one([1, "50%"]), "selector": {"matchLabels": {"app": self.name()}}}}

    def namespace(self):
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": self.metadata(self.one(["prod", "test", "app"]), False)}

    def definition(self):
        name = self.one(["gadgets", "widgets"])
        result = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name + ".example.com"}, "spec": {"group": "example.com", "names": {"kind": name.title(), "plural": name}, "scope": "Namespaced", "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "description": self.text(), "x-kubernetes-preserve-unknown-fields": True}}}]}}
        if self.maybe(0.4):
            result["spec"]["conversion"] = {"strategy": "Webhook", "webhook": {"clientConfig": {"service": {"name": self.name(), "namespace": self.one(["default", "prod"]), "path": "/c"}}, "conversionReviewVersions": ["v1"]}}
        return result

    def custom(self):
        spec = {"size": self.scalar(), "ref": {"name": self.name()}, "image": self.one(IMAGES), "list": self.one([[], [1, 2], [{"name": "a", "v": self.scalar()}, {"name": "b"}], [[1, 2], [3]], [None], None, [[], {}]]), "note": self.text(), "deep": {"a": {"b": {"c": self.scalar()}}}}
        if self.maybe(0.2):
            spec["template"] = self.template()
        if self.maybe(0.1):
            spec[Raw(self.one(["1", "true", "1.5", "~", "2020-01-01", "yes", "'y'", "0x1", "'1'"]))] = self.scalar()
        keys = list(spec)
        self.rng.shuffle(keys)
        return {"apiVersion": self.one(["example.com/v1", "example.com/v2"]), "kind": self.one(["Gadget", "Widget"]), "metadata": self.metadata(), "spec": {key: spec[key] for key in keys}}

    def webhooks(self):
        hook = {"name": "x.example.com", "clientConfig": {"service": {"name": self.name(), "namespace": self.one(["default", "prod"]), "path": "/x"}}, "admissionReviewVersions": ["v1"], "sideEffects": "None"}
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": self.one(["Validating", "Mutating"]) + "WebhookConfiguration", "metadata": self.metadata(namespaced=False), "webhooks": [hook]}

    def api_service(self):
        return {"apiVersion": self.one(["apiregistration.k8s.io/v1", "apiregistration.k8s.io/v1beta1"]), "kind": "APIService", "metadata": {"name": "v1.example.com"}, "spec": {"group": "example.com", "version": "v1", "service": {"name": self.name(), "namespace": self.one(["default", "prod"])}}}

    def any(self):
        makers = [self.pod, self.job, self.cron_job, self.service, self.config_map, self.config_map, self.secret, self.account, self.account, self.role, self.binding, self.binding]
        makers += [self.ingress, self.scaler, self.claim, self.volume, self.storage_class, self.policy, self.budget, self.namespace, self.definition, self.custom, self.custom, self.webhooks, self.api_service]
        if self.maybe(0.4):
            return self.workload(self.one(["Deployment", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]))
        return self.one(makers)()
