//! What a Kustomization depends on: everything of it must be ready first.

use super::observe::{allowed, source_key};
use super::run::Run;
use super::{Context, KIND};
use crate::queue::Key;
use crate::sources::Snapshot;
use crate::step::{Retry, StepError};
use inhaul_api::{Condition, DependencyReference, Kustomization, Reason, condition_type};
use inhaul_cluster::Target;
use inhaul_expression::Expression;
use inhaul_object::health::Health;
use inhaul_object::{GroupVersionKind, ObjectId};
use kube::runtime::reflector::ObjectRef;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// Makes sure that everything the Kustomization depends on is ready. What is not wakes it when that changes.
pub(super) async fn check(
    context: &Context,
    target: &Target,
    run: &Run,
    snapshot: &Snapshot,
) -> Result<(), StepError> {
    context.wakes.clear(&run.key);
    if run.object.spec.depends_on.is_empty() {
        return Ok(());
    }
    let own = serde_json::to_value(&run.object).unwrap_or_default();
    for dependency in &run.object.spec.depends_on {
        let expected = Expected::of(context, run, dependency)?;
        expected.check(context, target, run, snapshot, &own).await?;
    }
    Ok(())
}

/// A dependency whose reference makes sense.
struct Expected<'a> {
    key: Key,
    /// Of another kind than a Kustomization.
    other: Option<GroupVersionKind>,
    expression: Option<Expression>,
    text: &'a str,
}

impl<'a> Expected<'a> {
    fn of(
        context: &Context,
        run: &Run,
        dependency: &'a DependencyReference,
    ) -> Result<Self, StepError> {
        let namespace = dependency.namespace.clone().filter(|namespace| !namespace.is_empty());
        let key = Key {
            namespace: namespace.unwrap_or_else(|| run.key.namespace.clone()),
            name: dependency.name.clone(),
        };
        let other = kind(dependency)?;
        let named = other.as_ref().map_or(KIND, |gvk| gvk.kind.as_str());
        allowed(context, run, &key.namespace, &format!("{named}/{key}"))?;
        if other.is_none() {
            not_in_circles(context, run, &key)?;
        }
        let text = dependency.ready_expr.as_deref().unwrap_or_default();
        let compile = |text| Expression::compile(text, Some(&["self", "dep"]));
        let expression = Some(text).filter(|text| !text.is_empty()).map(compile).transpose();
        let expression = expression.map_err(|error| {
            let message = format!("dependency '{key}': failed to parse readyExpr: {error}");
            StepError::stalled(Reason::InvalidCELExpression, message)
        })?;
        Ok(Self { key, other, expression, text })
    }

    async fn check(
        &self,
        context: &Context,
        target: &Target,
        run: &Run,
        snapshot: &Snapshot,
        own: &Value,
    ) -> Result<(), StepError> {
        let Some(gvk) = &self.other else {
            let found = self.kustomization(context).await?;
            let found = found.ok_or_else(|| self.not_ready(context, "not found"))?;
            let json = serde_json::to_value(found.as_ref()).unwrap_or_default();
            if self.is_ready_by_expression(context, own, &json)? {
                self.is_ready(context, run, snapshot, &found)?;
            }
            return Ok(());
        };
        let live = target.references.object(gvk, &self.key.namespace, &self.key.name).await;
        let live =
            live.map_err(|error| self.not_ready(context, &format!("cannot be read: {error}")))?;
        let result = match &live {
            None => Err(self.not_ready(context, "not found")),
            Some(live) => match self.is_ready_by_expression(context, own, live) {
                Ok(true) => self.is_healthy(context, run, live),
                decided => decided.map(drop),
            },
        };
        if result.is_err() {
            self.wake_when_it_changes(context, target, run, gvk, live.as_ref());
        }
        result
    }

    fn wake_when_it_changes(
        &self,
        context: &Context,
        target: &Target,
        run: &Run,
        gvk: &GroupVersionKind,
        live: Option<&Value>,
    ) {
        let id = ObjectId {
            namespace: self.key.namespace.clone(),
            name: self.key.name.clone(),
            group: gvk.group.clone(),
            kind: gvk.kind.clone(),
        };
        let news = target.health.subscribe([(&id, gvk.version.as_str())]);
        let version = live.and_then(|live| live["metadata"]["resourceVersion"].as_str());
        let versions = HashMap::from([(id, version.map(str::to_owned))]);
        context.wakes.when_changed(&run.key, news, versions);
    }

    /// From the watch, or, if it is not for this process to reconcile, from the API server.
    async fn kustomization(
        &self,
        context: &Context,
    ) -> Result<Option<Arc<Kustomization>>, StepError> {
        let Key { namespace, name } = &self.key;
        if let Some(found) = context.kustomizations.get(&ObjectRef::new(name).within(namespace)) {
            return Ok(Some(found));
        }
        let found = context.own.get::<Kustomization>(namespace, name).await;
        let found =
            found.map_err(|error| self.not_ready(context, &format!("cannot be read: {error}")))?;
        Ok(found.map(Arc::new))
    }

    /// Whether the built-in check is to be made, too.
    fn is_ready_by_expression(
        &self,
        context: &Context,
        own: &Value,
        dependency: &Value,
    ) -> Result<bool, StepError> {
        let Some(expression) = &self.expression else { return Ok(true) };
        match expression.evaluate_bool(&[("self", own), ("dep", dependency)]) {
            Ok(true) => Ok(context.settings.additive_ready_expressions),
            Ok(false) => Err(self.not_ready(context, "is not ready according to readyExpr eval")),
            Err(error) => {
                let why = format!("is not ready: readyExpr '{}': {error}", self.text);
                Err(self.not_ready(context, &why))
            }
        }
    }

    fn is_ready(
        &self,
        context: &Context,
        run: &Run,
        snapshot: &Snapshot,
        found: &Kustomization,
    ) -> Result<(), StepError> {
        let status = found.status.clone().unwrap_or_default();
        if status.observed_generation != found.metadata.generation
            || !Condition::holds(&status.conditions, condition_type::READY)
        {
            return Err(self.not_ready(context, "is not ready"));
        }
        let same_source =
            source_key(found, &self.key.namespace) == source_key(&run.object, &run.key.namespace);
        if same_source && status.last_applied_revision.as_ref() != Some(&snapshot.revision) {
            return Err(self.not_ready(context, "revision is not up to date"));
        }
        Ok(())
    }

    fn is_healthy(&self, context: &Context, run: &Run, live: &Value) -> Result<(), StepError> {
        match run.health_rules.health(live) {
            Ok(Health::Current) => Ok(()),
            Ok(health) => {
                let why = format!("is not ready: {}: {}", health.status(), health.message());
                Err(self.not_ready(context, why.trim_end_matches(": ")))
            }
            Err(error) => Err(self.not_ready(context, &format!("is not ready: {error}"))),
        }
    }

    fn not_ready(&self, context: &Context, why: &str) -> StepError {
        let kind = self.other.as_ref().map(|gvk| format!("{}/", gvk.kind)).unwrap_or_default();
        StepError {
            reason: Reason::DependencyNotReady,
            message: format!("dependency '{kind}{}' {why}", self.key),
            retry: Retry::After(context.settings.requeue_dependency),
        }
    }
}

/// The kind of a dependency, if it is not a Kustomization.
fn kind(dependency: &DependencyReference) -> Result<Option<GroupVersionKind>, StepError> {
    let given = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    let (api_version, kind) = match (given(&dependency.api_version), given(&dependency.kind)) {
        (None, None) => return Ok(None),
        (Some(api_version), Some(kind)) => (api_version, kind),
        (None, Some(kind)) if kind == KIND => return Ok(None),
        _ => {
            let name = &dependency.name;
            let message =
                format!("spec.dependsOn: '{name}' needs both apiVersion and kind, or neither");
            return Err(StepError::stalled(Reason::InvalidField, message));
        }
    };
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
    let is_own = group == GROUP && kind == KIND;
    let gvk = GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind };
    Ok((!is_own).then_some(gvk))
}

/// A Kustomization that waits for itself, by whatever way, would wait for ever.
fn not_in_circles(context: &Context, run: &Run, first: &Key) -> Result<(), StepError> {
    let mut seen = HashSet::new();
    let mut paths = vec![vec![first.clone()]];
    while let Some(path) = paths.pop() {
        let Some(last) = path.last() else { continue };
        if *last == run.key {
            let names: Vec<String> = path.iter().map(Key::to_string).collect();
            let what = if names.len() == 1 { "itself" } else { "itself through a cycle" };
            let message = format!("it depends on {what}: {} -> {}", run.key, names.join(" -> "));
            return Err(StepError::stalled(Reason::DependencyNotReady, message));
        }
        if !seen.insert(last.clone()) {
            continue;
        }
        let reference = ObjectRef::new(&last.name).within(&last.namespace);
        let Some(object) = context.kustomizations.get(&reference) else { continue };
        for next in &object.spec.depends_on {
            if let Ok(None) = kind(next) {
                let namespace = next.namespace.as_ref().unwrap_or(&last.namespace).clone();
                let mut longer = path.clone();
                longer.push(Key { namespace, name: next.name.clone() });
                paths.push(longer);
            }
        }
    }
    Ok(())
}
