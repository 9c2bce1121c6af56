//! Namespaces that are never deleted.

/// Namespaces that every cluster needs.
const PROTECTED: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Whether a namespace belongs to the cluster itself and must never be deleted, whatever an
/// inventory says. Callers add the ones that hold the operator and its resources.
pub fn is_protected_namespace(name: &str) -> bool {
    PROTECTED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespaces_of_the_cluster_itself_are_protected() {
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            assert!(is_protected_namespace(name), "{name}");
        }
        for name in ["apps", "kube", "kube-system-2", ""] {
            assert!(!is_protected_namespace(name), "{name}");
        }
    }
}
