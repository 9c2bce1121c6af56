//! The prune guard: a prune that would destroy more than one app's worth waits for a person.

use inhaul_object::ObjectId;

/// From this share of the inventory on, a prune counts as a mass deletion ...
const MASS_SHARE: f64 = 0.5;
/// ... if it is at least this many objects.
const MASS_COUNT: usize = 10;
/// How many objects a message names.
const NAMED: usize = 10;

/// An object that would be deleted, with what the guard wants to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doomed {
    /// The object.
    pub id: ObjectId,
    /// How many objects go with it: the inventory of a Kustomization or a HelmRelease.
    pub dependants: usize,
    /// An object that would be lost with it and is not itself on the list: something in the
    /// Namespace, an instance of the CRD.
    pub takes_along: Option<String>,
    /// It is a claim with a volume bound to it.
    pub bound: bool,
}

/// Why a prune is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Why, one reason each.
    pub reasons: Vec<String>,
    /// What would be deleted.
    pub objects: Vec<ObjectId>,
}

impl Held {
    /// What a person reads: why, what, and how to go on.
    pub fn message(&self, revision: &str) -> String {
        let mut names: Vec<String> =
            self.objects.iter().take(NAMED).map(ToString::to_string).collect();
        if self.objects.len() > NAMED {
            names.push(format!("and {} more", self.objects.len() - NAMED));
        }
        format!(
            "prune of {} objects is held: {}; to be deleted: {}; if that is wanted, annotate the \
             Kustomization with inhaul.dev/allow-prune: {revision}",
            self.objects.len(),
            self.reasons.join("; "),
            names.join(", "),
        )
    }
}

/// What was said about pruning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// The guard is off for this operator: everything that left the source is pruned, as Flux
    /// does.
    GuardOff,
    /// The annotation `inhaul.dev/allow-prune` with its value, if there is one.
    Annotation(Option<String>),
}

/// Examines a prune: `doomed` would be deleted of an inventory of `total` objects; `rendered` is
/// how many objects the source holds now.
///
/// # Errors
/// [`Held`] if it would destroy too much and nobody approved it for exactly this `revision`.
pub fn examine(
    doomed: &[Doomed],
    total: usize,
    rendered: usize,
    revision: &str,
    approval: &Approval,
) -> Result<(), Held> {
    match approval {
        Approval::GuardOff => return Ok(()),
        Approval::Annotation(Some(approved)) if approved == revision => return Ok(()),
        Approval::Annotation(_) => {}
    }
    let mut reasons = Vec::new();
    if rendered == 0 && !doomed.is_empty() {
        reasons.push("the source renders no object at all".to_owned());
    }
    let dependants: usize = doomed.iter().map(|object| object.dependants).sum();
    let (going, all) = (doomed.len() + dependants, total + dependants);
    if going >= MASS_COUNT && going as f64 > all as f64 * MASS_SHARE {
        reasons.push(format!("{going} of {all} objects would go"));
    }
    for object in doomed {
        if let Some(other) = &object.takes_along {
            let id = &object.id;
            reasons.push(format!("{id} would take {other} along, which is not part of this prune"));
        }
        if object.bound {
            reasons.push(format!("{} has a volume bound to it", object.id));
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Held { reasons, objects: doomed.iter().map(|object| object.id.clone()).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doomed(count: usize) -> Vec<Doomed> {
        let id = |n: usize| ObjectId {
            namespace: "a".into(),
            name: format!("c{n}"),
            group: String::new(),
            kind: "ConfigMap".into(),
        };
        (0..count)
            .map(|n| Doomed { id: id(n), dependants: 0, takes_along: None, bound: false })
            .collect()
    }

    fn held(doomed: &[Doomed], total: usize, rendered: usize) -> bool {
        examine(doomed, total, rendered, "main@sha1:1", &Approval::Annotation(None)).is_err()
    }

    #[test]
    fn an_ordinary_prune_goes_through_and_a_mass_deletion_is_held() {
        assert!(!held(&doomed(3), 4, 1), "fewer than ten");
        assert!(!held(&doomed(10), 20, 10), "not more than half");
        assert!(held(&doomed(11), 20, 9), "more than half and at least ten");
        assert!(held(&doomed(1), 1, 0), "an empty render");
        assert!(!held(&[], 5, 0), "nothing to prune");
    }

    #[test]
    fn what_goes_with_an_object_counts() {
        let mut one = doomed(1);
        one[0].dependants = 12;
        assert!(held(&one, 3, 2), "a Kustomization with an inventory");
        let mut one = doomed(1);
        one[0].takes_along = Some("Secret/a/x".into());
        assert!(held(&one, 30, 29), "a namespace with somebody else's objects");
        let mut one = doomed(1);
        one[0].bound = true;
        assert!(held(&one, 30, 29), "a bound claim");
    }

    #[test]
    fn an_approval_counts_for_its_revision_only() {
        let all = doomed(1);
        let examine = |approval| examine(&all, 1, 0, "main@sha1:2", &approval);
        let annotation = |text: &str| Approval::Annotation(Some(text.to_owned()));
        assert!(examine(annotation("main@sha1:1")).is_err());
        assert!(examine(annotation("main@sha1:2")).is_ok());
        assert!(examine(Approval::GuardOff).is_ok());
        let message = examine(annotation("")).unwrap_err().message("main@sha1:2");
        assert!(message.ends_with("inhaul.dev/allow-prune: main@sha1:2"), "{message}");
    }
}
