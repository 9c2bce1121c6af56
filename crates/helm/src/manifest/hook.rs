//! Hooks: objects that run at points of a release's life.

use std::sync::Arc;

use super::{Document, Head, Manifest};

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookEvent {
    /// Before the objects of a first release.
    PreInstall,
    /// After them.
    PostInstall,
    /// Before a release is removed.
    PreDelete,
    /// After it.
    PostDelete,
    /// Before an upgrade.
    PreUpgrade,
    /// After it.
    PostUpgrade,
    /// Before going back.
    PreRollback,
    /// After it.
    PostRollback,
    /// When a release is tested.
    Test,
}

impl HookEvent {
    /// The name in the annotation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        const ALL: [HookEvent; 9] = [
            HookEvent::PreInstall,
            HookEvent::PostInstall,
            HookEvent::PreDelete,
            HookEvent::PostDelete,
            HookEvent::PreUpgrade,
            HookEvent::PostUpgrade,
            HookEvent::PreRollback,
            HookEvent::PostRollback,
            HookEvent::Test,
        ];
        // Helm 2 called its tests so.
        if name == "test-success" {
            return Some(Self::Test);
        }
        ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// An object with the hook annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The object's name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The template that it came from.
    pub path: Arc<str>,
    /// Its YAML text.
    pub manifest: Document,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// Lower runs first.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, in lower case.
    pub delete_policies: Vec<String>,
    /// `helm.sh/hook-output-log-policy`, in lower case.
    pub output_log_policies: Vec<String>,
}

pub(super) enum Class {
    Manifest(Manifest),
    Hook(Hook),
    /// A hook with an event that Helm does not know: it is neither run nor installed.
    Dropped,
}

pub(super) fn classify(path: &Arc<str>, document: Document, head: Head) -> Class {
    let Some(names) = head.annotation("helm.sh/hook") else {
        return Class::Manifest(Manifest { path: Arc::clone(path), content: document, head });
    };
    let events: Option<Vec<HookEvent>> =
        names.split(',').map(|name| HookEvent::parse(&name.trim().to_lowercase())).collect();
    let Some(events) = events else { return Class::Dropped };
    let list = |annotation: &str| match head.annotation(annotation) {
        None => Vec::new(),
        Some(names) => names.split(',').map(|name| name.trim().to_lowercase()).collect(),
    };
    Class::Hook(Hook {
        path: Arc::clone(path),
        manifest: document,
        events,
        weight: head
            .annotation("helm.sh/hook-weight")
            .and_then(|weight| weight.parse().ok())
            .unwrap_or(0),
        delete_policies: list("helm.sh/hook-delete-policy"),
        output_log_policies: list("helm.sh/hook-output-log-policy"),
        name: head.name,
        kind: head.kind,
    })
}
