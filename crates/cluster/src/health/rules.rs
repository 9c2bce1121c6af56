//! What people say about the health of kinds that nobody else knows (`healthCheckExprs`).

use inhaul_expression::{CompileError, EvaluationError, Expression};
use inhaul_object::health::{self, Health};
use serde_json::Value;

/// The expressions about one kind, or about all kinds of a group, as they are written.
#[derive(Clone, Debug, Default)]
pub struct RuleText<'a> {
    /// Group and version; the version does not matter.
    pub api_version: &'a str,
    /// The kind; without it, every kind of the group that no other rule names.
    pub kind: Option<&'a str>,
    /// True while the object is on its way.
    pub in_progress: Option<&'a str>,
    /// True when the object has failed.
    pub failed: Option<&'a str>,
    /// True when the object is as it should be.
    pub current: &'a str,
}

#[derive(Clone, Debug)]
struct Rule {
    group: String,
    kind: Option<String>,
    in_progress: Option<Expression>,
    failed: Option<Expression>,
    current: Expression,
}

/// Tells the health of objects: by these rules, and by those of kstatus where there is none.
#[derive(Clone, Debug, Default)]
pub struct HealthRules(Vec<Rule>);

impl HealthRules {
    /// Compiles the rules.
    ///
    /// # Errors
    /// For the first expression that is none, with its place in the list.
    pub fn compile<'a>(
        texts: impl IntoIterator<Item = RuleText<'a>>,
    ) -> Result<Self, (usize, CompileError)> {
        let compiled = texts.into_iter().enumerate().map(|(index, text)| {
            let compile = |text: &str| Expression::compile(text, None).map_err(|e| (index, e));
            let optional = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(compile);
            let group = text.api_version.split_once('/').map_or("", |(group, _)| group);
            Ok(Rule {
                group: group.to_owned(),
                kind: text.kind.filter(|kind| !kind.is_empty()).map(str::to_owned),
                in_progress: optional(text.in_progress).transpose()?,
                failed: optional(text.failed).transpose()?,
                current: compile(text.current)?,
            })
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    /// The health of a live object.
    ///
    /// # Errors
    /// Where an expression has no value for it: a field that it reads may not be there yet.
    pub fn health(&self, object: &Value) -> Result<Health, EvaluationError> {
        match self.find(object) {
            Some(rule) => rule.health(object),
            None => Ok(health::of(object)),
        }
    }

    fn find(&self, object: &Value) -> Option<&Rule> {
        let api_version = object["apiVersion"].as_str().unwrap_or_default();
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let of_group = || self.0.iter().filter(|rule| rule.group == group);
        let kind = object["kind"].as_str();
        let exact = of_group().find(|rule| rule.kind.is_some() && rule.kind.as_deref() == kind);
        exact.or_else(|| of_group().find(|rule| rule.kind.is_none()))
    }
}

impl Rule {
    fn health(&self, object: &Value) -> Result<Health, EvaluationError> {
        let observed = object["status"]["observedGeneration"].as_i64();
        let generation = object["metadata"]["generation"].as_i64();
        if let (Some(observed), Some(generation)) = (observed, generation)
            && observed != generation
        {
            let kind = object["kind"].as_str().unwrap_or_default();
            return Ok(Health::InProgress(format!(
                "{kind} generation is {generation}, but latest observed generation is {observed}"
            )));
        }
        let fields = object.as_object().into_iter().flatten();
        let fields: Vec<(&str, &Value)> = fields.map(|(name, v)| (name.as_str(), v)).collect();
        let holds = |expression: &Option<Expression>| match expression {
            Some(expression) => expression.evaluate_bool(&fields),
            None => Ok(false),
        };
        let says = |what: &str| format!("the expression '{what}' of healthCheckExprs holds");
        if holds(&self.in_progress)? {
            return Ok(Health::InProgress(says("inProgress")));
        }
        if holds(&self.failed)? {
            return Ok(Health::Failed(says("failed")));
        }
        if self.current.evaluate_bool(&fields)? {
            return Ok(Health::Current);
        }
        Ok(Health::InProgress("no expression of healthCheckExprs holds".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules() -> HealthRules {
        let group = RuleText {
            api_version: "example.com/v1",
            current: "status.phase == 'Done'",
            ..<_>::default()
        };
        let exact = RuleText {
            api_version: "example.com/v2",
            kind: Some("Widget"),
            in_progress: Some("status.phase != 'Ready' && status.phase != 'Broken'"),
            failed: Some("status.phase == 'Broken'"),
            current: "true",
        };
        HealthRules::compile([group, exact]).unwrap()
    }

    fn health(kind: &str, status: Value) -> Result<&'static str, EvaluationError> {
        let object = json!({"apiVersion": "example.com/v1beta1", "kind": kind,
            "metadata": {"generation": 2}, "status": status});
        rules().health(&object).map(|health| health.status())
    }

    #[test]
    fn the_rule_of_a_kind_comes_before_that_of_its_group_whatever_the_version() {
        assert_eq!(health("Widget", json!({"phase": "Ready"})), Ok("Current"));
        assert_eq!(health("Widget", json!({"phase": "Done"})), Ok("InProgress"));
        assert_eq!(health("Widget", json!({"phase": "Broken"})), Ok("Failed"));
        assert_eq!(health("Gadget", json!({"phase": "Done"})), Ok("Current"));
        assert_eq!(health("Gadget", json!({"phase": "Ready"})), Ok("InProgress"));
    }

    #[test]
    fn a_generation_that_is_not_observed_is_in_progress_whatever_the_expressions_say() {
        let status = json!({"phase": "Broken", "observedGeneration": 1});
        assert_eq!(health("Widget", status), Ok("InProgress"));
    }

    #[test]
    fn a_field_that_is_not_there_yet_has_no_health() {
        assert!(health("Widget", json!({})).is_err());
    }

    #[test]
    fn other_groups_are_left_to_kstatus_and_a_wrong_expression_is_told_with_its_place() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        assert_eq!(rules().health(&map), Ok(Health::Current));
        let wrong = RuleText { api_version: "a/v1", current: "status.", ..<_>::default() };
        let fine = RuleText { api_version: "b/v1", current: "true", ..<_>::default() };
        assert_eq!(HealthRules::compile([fine, wrong]).unwrap_err().0, 1);
    }
}
