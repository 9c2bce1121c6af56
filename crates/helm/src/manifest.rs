//! From rendered files to manifests: documents told apart, hooks taken out, the rest in the order
//! of installation.

mod head;
mod hook;
mod order;
mod quick;
mod split;

pub use head::Head;
pub use hook::{Hook, HookEvent};
pub(crate) use split::documents;

use std::{ops::Range, sync::Arc};

use inhaul_template::Text;

use crate::Error;
use split::document_ranges;

/// One object that a chart gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The template that it came from.
    pub path: Arc<str>,
    /// Its YAML text.
    pub content: Document,
    /// What Helm needs to know of it.
    pub head: Head,
}

/// One document of a rendered file; copies share the file's text.
#[derive(Debug, Clone)]
pub struct Document {
    file: Text,
    range: Range<usize>,
}

impl Document {
    /// The document's text.
    pub fn as_str(&self) -> &str {
        let bytes = self.file.as_bytes().get(self.range.clone()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Document {}

/// The manifests and hooks of some rendered files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) hooks: Vec<Hook>,
}

/// Splits files (path and valid text, in the order of their paths) into documents and puts these in
/// Helm's order: by kind; where kinds are equal, as they come.
///
/// # Errors
/// [`Error::Manifest`], naming the file whose text is no YAML mapping.
pub(crate) fn sort(files: impl IntoIterator<Item = (Arc<str>, Text)>) -> Result<Sorted, Error> {
    let mut sorted = Sorted::default();
    for (path, text) in files {
        if path.rsplit('/').next().is_some_and(|name| name.starts_with('_')) {
            continue;
        }
        for range in document_ranges(&text.to_str()) {
            let document = Document { file: text.clone(), range };
            let head = Head::parse(document.as_str())
                .map_err(|why| Error::Manifest(format!("YAML parse error on {path}: {why}")))?;
            match hook::classify(&path, document, head) {
                hook::Class::Manifest(manifest) => sorted.manifests.push(manifest),
                hook::Class::Hook(hook) => sorted.hooks.push(hook),
                hook::Class::Dropped => {}
            }
        }
    }
    sorted.manifests.sort_by(|a, b| order::compare(&a.head.kind, &b.head.kind));
    sorted.hooks.sort_by(|a, b| order::compare(&a.kind, &b.kind));
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort_texts(files: &[(&str, &str)]) -> Result<Sorted, Error> {
        sort(files.iter().map(|(path, text)| (Arc::from(*path), Text::from(*text))))
    }

    #[test]
    fn kinds_are_ordered_and_equal_kinds_stay_as_they_come() {
        let files = [
            ("c/templates/a.yaml", "kind: Zebra\n---\nkind: Deployment\nmetadata: {name: a}\n"),
            ("c/templates/b.yaml", "kind: Deployment\nmetadata: {name: b}\n---\nkind: Namespace\n"),
            ("c/templates/c.yaml", "kind: Apple\n---\n# only a comment\n"),
            ("c/templates/_d.yaml", "not: [valid"),
        ];
        let sorted = sort_texts(&files).unwrap();
        let kinds: Vec<_> =
            sorted.manifests.iter().map(|m| format!("{} {}", m.head.kind, m.head.name)).collect();
        assert_eq!(kinds, ["Namespace ", "Deployment a", "Deployment b", " ", "Apple ", "Zebra "]);
    }

    #[test]
    fn hooks_are_taken_out_and_unknown_ones_dropped() {
        let hook = |events: &str, weight: &str| {
            format!(
                "kind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: {events}\n    \
                 helm.sh/hook-weight: {weight}\n    helm.sh/hook-delete-policy: Hook-Succeeded, x\n"
            )
        };
        let files = [
            ("a", hook("pre-install, POST-upgrade", "'-5'")),
            ("b", hook("test-success", "'heavy'")),
            ("c", hook("sometime", "'1'")),
        ];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        let sorted = sort_texts(&files).unwrap();
        assert!(sorted.manifests.is_empty());
        let [first, second] = sorted.hooks.as_slice() else { panic!("{:?}", sorted.hooks) };
        assert_eq!(first.events, [HookEvent::PreInstall, HookEvent::PostUpgrade]);
        assert_eq!((first.weight, second.weight), (-5, 0));
        assert_eq!(first.delete_policies, ["hook-succeeded", "x"]);
        assert_eq!(second.events, [HookEvent::Test]);
    }

    #[test]
    fn text_that_is_no_mapping_names_its_file() {
        for (text, expected) in [
            ("a: [", "YAML parse error on c/x.yaml: error converting YAML to JSON: yaml: "),
            (
                "text",
                "YAML parse error on c/x.yaml: error unmarshaling JSON: while decoding JSON: \
                 json: cannot unmarshal string into Go value of type util.SimpleHead",
            ),
        ] {
            let error = sort_texts(&[("c/x.yaml", text)]).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
