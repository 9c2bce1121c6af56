//! What a chart may ask of the cluster and of the tool: `.Capabilities`.

use crate::Error;

/// The tool and the cluster as templates see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// Served `GROUP/VERSION`s, and `GROUP/VERSION/Kind`s where a cluster was asked.
    pub api_versions: Vec<String>,
    /// The version of Helm that inhaul acts as.
    pub helm_version: HelmVersion,
}

/// A version of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// In full, with a leading `v`: `v1.33.4-gke.1245000`.
    pub version: String,
    /// Numbers only, with a leading `v`: `v1.33.4`. Ranges are compared with this.
    pub normalized: String,
    /// `1`
    pub major: String,
    /// `33`
    pub minor: String,
}

/// A version of Helm: what `.Capabilities.HelmVersion` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmVersion {
    /// `v4.3`, as Helm calls itself where its release process has not said more.
    pub version: String,
    /// The version of Go that built it.
    pub go_version: String,
    /// The version of Kubernetes that its client library belongs to.
    pub kube_client_version: String,
}

impl Default for Capabilities {
    /// What Helm 4.3.1 takes for granted without a cluster.
    fn default() -> Self {
        let version = "v1.37.0".to_owned();
        Self {
            kube_version: KubeVersion {
                normalized: version.clone(),
                version,
                major: "1".to_owned(),
                minor: "37".to_owned(),
            },
            api_versions: DEFAULT_API_VERSIONS.iter().map(|&text| text.to_owned()).collect(),
            helm_version: HelmVersion {
                version: "v4.3".to_owned(),
                go_version: "go1.26.8".to_owned(),
                kube_client_version: "v1.37".to_owned(),
            },
        }
    }
}

impl KubeVersion {
    /// Reads a version with at least two numbers; what follows them is kept, but not compared.
    ///
    /// # Errors
    /// [`Error::Usage`] in the words of Helm's `--kube-version`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let failed = |why: String| Error::Usage(format!("invalid kube version '{text}': {why}"));
        let body = text.trim();
        let body = body.strip_prefix('v').unwrap_or(body);
        let numbers = leading_numbers(body);
        if numbers.is_empty() {
            return Err(failed(format!("could not parse {text:?} as version")));
        }
        let components: Vec<&str> = numbers.split('.').collect();
        let [major, minor, ..] = components.as_slice() else {
            return Err(failed(format!("illegal version string {text:?}")));
        };
        if major.starts_with('0') && *major != "0" {
            return Err(failed(format!(
                "illegal zero-prefixed version component {major:?} in {text:?}"
            )));
        }
        let plain = components
            .iter()
            .map(|component| component.parse::<u64>().map(|number| number.to_string()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| failed(format!("illegal non-numeric version component in {text:?}")))?;
        let trimmed = |number: &str| match number.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        };
        Ok(Self {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            normalized: format!("v{}", plain.join(".")),
            major: trimmed(major),
            minor: trimmed(minor),
        })
    }
}

/// The longest start of the form `1.2.3`.
fn leading_numbers(text: &str) -> &str {
    let mut end = 0;
    loop {
        let digits = text[end..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return text[..end].trim_end_matches('.');
        }
        end += digits;
        if !text[end..].starts_with('.') {
            return &text[..end];
        }
        end += 1;
    }
}

/// The groups and versions that the client library of Helm 4.3.1 knows, in its order.
const DEFAULT_API_VERSIONS: [&str; 57] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_versions_are_normalized() {
        for (text, version, normalized, minor) in [
            ("v1.34.0", "v1.34.0", "v1.34.0", "34"),
            ("1.34", "v1.34", "v1.34", "34"),
            ("1.33.4-gke.1245000", "v1.33.4-gke.1245000", "v1.33.4", "33"),
            ("v1.28.3+k3s1", "v1.28.3+k3s1", "v1.28.3", "28"),
            ("1.30.", "v1.30.", "v1.30", "30"),
        ] {
            let got = KubeVersion::parse(text).unwrap();
            assert_eq!(
                (got.version.as_str(), got.normalized.as_str(), got.minor.as_str()),
                (version, normalized, minor)
            );
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for (text, expected) in [
            ("latest", "invalid kube version 'latest': could not parse \"latest\" as version"),
            ("1", "invalid kube version '1': illegal version string \"1\""),
            (
                "01.2",
                "invalid kube version '01.2': illegal zero-prefixed version component \"01\" in \
                 \"01.2\"",
            ),
        ] {
            assert_eq!(KubeVersion::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
