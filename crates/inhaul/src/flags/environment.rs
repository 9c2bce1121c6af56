//! Every environment variable that the operator reads, beside those that a Kubernetes client and
//! an HTTP client read by themselves.

use std::collections::BTreeMap;

/// Defaults of flags, as in Flux's controllers.
const OF_FLAGS: [&str; 5] =
    ["METRICS_ADDR", "EVENTS_ADDR", "STORAGE_PATH", "STORAGE_ADDR", "STORAGE_ADV_ADDR"];
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const HOSTNAME_FILE: &str = "/proc/sys/kernel/hostname";
/// Where Flux is installed when nobody says otherwise.
const DEFAULT_NAMESPACE: &str = "flux-system";

/// What the process was started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<&'static str, String>,
    /// Where the operator runs (`RUNTIME_NAMESPACE`), and its Leases are.
    pub(crate) namespace: String,
    /// The Pod's name, in a Pod.
    pub(crate) hostname: String,
}

impl Environment {
    /// This process's.
    pub(crate) fn read() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let file = |path: &str| {
            let text = std::fs::read_to_string(path).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        Self {
            variables: OF_FLAGS.into_iter().filter_map(|n| Some((n, variable(n)?))).collect(),
            namespace: variable("RUNTIME_NAMESPACE")
                .or_else(|| file(NAMESPACE_FILE))
                .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            hostname: file(HOSTNAME_FILE)
                .or_else(|| variable("HOSTNAME"))
                .unwrap_or_else(|| "localhost".to_owned()),
        }
    }

    /// The value that a variable gives a flag.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    #[cfg(test)]
    pub(super) fn with(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self {
            variables: variables.collect(),
            namespace: "flux-system".to_owned(),
            hostname: "pod-1".to_owned(),
        }
    }
}
