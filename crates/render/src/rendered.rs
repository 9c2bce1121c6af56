//! The result of a render.

use inhaul_object::Object;

/// One object, ready to be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedObject {
    /// The object.
    pub object: Object,
    /// The file of the tree that the object came from, where it is known.
    pub origin: Option<String>,
}

/// Everything that one Kustomization asks for. Only [`render`](crate::render) makes one, from a build in which
/// every input succeeded, so what is not in it has left the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    objects: Vec<RenderedObject>,
    warnings: Vec<String>,
}

impl Rendered {
    /// What a complete render gave.
    pub(crate) fn new(objects: Vec<RenderedObject>, warnings: Vec<String>) -> Self {
        Self { objects, warnings }
    }

    /// Messages for people, about deprecated fields and the like. They stop nothing.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The objects, in the order of the build.
    pub fn objects(&self) -> &[RenderedObject] {
        &self.objects
    }

    /// The objects, given away.
    pub fn into_objects(self) -> Vec<RenderedObject> {
        self.objects
    }

    /// The objects as one YAML stream, in their order. Secrets are in it as they are.
    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self
            .objects
            .iter()
            .map(|rendered| inhaul_yaml::to_string(rendered.object.as_json()))
            .collect();
        documents.join("---\n")
    }
}
