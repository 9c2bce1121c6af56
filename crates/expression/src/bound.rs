//! What keeps an evaluation short.
//!
//! The interpreter knows no budget, so an expression is rewritten before it runs: every round of a loop asks whether
//! there is time left, and every sum of texts or lists is counted. What is left takes a time that is linear in the
//! expression and in its variables, both of which are bounded.

use crate::EvaluationError;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedEntryExpr, LiteralValue, operators};
use cel::parser::Expression as Syntax;
use cel::{Context, ExecutionError, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Asked in each round of a loop. No expression can name it.
const IN_TIME: &str = "@in_time";
/// Passes a value on and counts it.
const COUNTED: &str = "@counted";
/// A compiled pattern of `matches` may take this many bytes.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// What one evaluation may use.
#[derive(Clone)]
pub(crate) struct Budget {
    ends: Instant,
    left: Arc<AtomicUsize>,
    made_too_much: Arc<AtomicBool>,
}

impl Budget {
    pub(crate) fn new(time: Duration, bytes: usize) -> Self {
        let left = Arc::new(AtomicUsize::new(bytes));
        Self { ends: Instant::now() + time, left, made_too_much: Arc::default() }
    }

    /// Gives the rewritten expression what it calls.
    pub(crate) fn watch(&self, context: &mut Context<'_, '_>) -> Result<(), EvaluationError> {
        let undeclared = |error: cel::DeclarationError| EvaluationError::Failed(error.to_string());
        let ends = self.ends;
        let in_time = move || -> Result<bool, ExecutionError> {
            if Instant::now() < ends { Ok(true) } else { Err(spent()) }
        };
        context.add_function(IN_TIME, in_time).map_err(undeclared)?;
        let budget = self.clone();
        let counted = move |value: Value| -> Result<Value, ExecutionError> {
            if budget.takes(made(&value)) { Ok(value) } else { Err(spent()) }
        };
        context.add_function(COUNTED, counted).map_err(undeclared)
    }

    fn takes(&self, bytes: usize) -> bool {
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        self.made_too_much.fetch_or(taken.is_err(), Ordering::Relaxed);
        taken.is_ok()
    }

    /// Which part of it is used up.
    pub(crate) fn is_spent(&self) -> Option<EvaluationError> {
        if self.made_too_much.load(Ordering::Relaxed) {
            return Some(EvaluationError::TooMuchMade);
        }
        (Instant::now() >= self.ends).then_some(EvaluationError::TooSlow)
    }
}

fn spent() -> ExecutionError {
    ExecutionError::function_error("budget", "spent")
}

/// The size of what was put together.
fn made(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len() * size_of::<Value>(),
        _ => 0,
    }
}

/// How deep an expression is.
pub(crate) fn depth(syntax: &mut Syntax) -> usize {
    let mut deepest = 0;
    children(syntax, &mut |child| deepest = deepest.max(depth(child)));
    deepest + 1
}

/// Rewrites an expression so that it asks for its budget.
pub(crate) fn limit(syntax: &mut Syntax) {
    children(syntax, &mut |child| limit(child));
    match &mut syntax.expr {
        Expr::Comprehension(comprehension) => {
            let id = syntax.id;
            let condition = std::mem::take(&mut comprehension.loop_cond);
            let in_time = call(id, IN_TIME, Vec::new());
            comprehension.loop_cond = call(id, operators::LOGICAL_AND, vec![in_time, condition]);
        }
        Expr::Call(sum) if sum.func_name == operators::ADD => {
            let id = syntax.id;
            let sum = std::mem::take(syntax);
            *syntax = call(id, COUNTED, vec![sum]);
        }
        _ => {}
    }
}

fn call(id: u64, function: &str, args: Vec<Syntax>) -> Syntax {
    Syntax { id, expr: Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }) }
}

/// Calls `each` with every direct part.
fn children(syntax: &mut Syntax, each: &mut dyn FnMut(&mut Syntax)) {
    let entries = |entries: &mut Vec<IdedEntryExpr>, each: &mut dyn FnMut(&mut Syntax)| {
        for entry in entries {
            match &mut entry.expr {
                EntryExpr::StructField(field) => each(&mut field.value),
                EntryExpr::MapEntry(pair) => {
                    each(&mut pair.key);
                    each(&mut pair.value);
                }
            }
        }
    };
    match &mut syntax.expr {
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| each(target));
            call.args.iter_mut().for_each(each);
        }
        Expr::Comprehension(comprehension) => {
            each(&mut comprehension.iter_range);
            each(&mut comprehension.accu_init);
            each(&mut comprehension.loop_cond);
            each(&mut comprehension.loop_step);
            each(&mut comprehension.result);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(each),
        Expr::Map(map) => entries(&mut map.entries, each),
        Expr::Struct(structure) => entries(&mut structure.entries, each),
        Expr::Select(select) => each(&mut select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

/// Tries the patterns of `matches`. One that is not written in the expression cannot be tried before the expression
/// runs, nor bounded in what it costs, and is refused.
pub(crate) fn patterns(syntax: &Syntax) -> Result<(), String> {
    let mut copy = syntax.clone();
    let mut wrong = None;
    find_patterns(&mut copy, &mut wrong);
    wrong.map_or(Ok(()), Err)
}

fn find_patterns(syntax: &mut Syntax, wrong: &mut Option<String>) {
    if let Expr::Call(call) = &syntax.expr
        && call.func_name == "matches"
        && let Some(pattern) = call.args.last()
    {
        let why = match &pattern.expr {
            Expr::Literal(LiteralValue::String(pattern)) => try_pattern(pattern.inner()),
            _ => Some("the pattern of 'matches' must be a string literal".to_owned()),
        };
        *wrong = wrong.take().or(why);
    }
    children(syntax, &mut |child| find_patterns(child, wrong));
}

fn try_pattern(pattern: &str) -> Option<String> {
    let built = regex::RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build();
    let why = match built {
        Ok(_) => return None,
        Err(regex::Error::CompiledTooBig(_)) => "it is too large".to_owned(),
        Err(error) => error.to_string().lines().last().unwrap_or_default().to_owned(),
    };
    Some(format!("'{pattern}' is no pattern: {why}"))
}
