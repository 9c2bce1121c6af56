//! What the server says while it works: the last lines go into errors.

use gix::progress::{Id, MessageLevel, Step, StepShared, UNKNOWN, Unit};
use gix::{Count, NestedProgress, Progress};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

const LINES: usize = 3;
const LINE_LENGTH: usize = 200;

/// Keeps the last lines of the server, and drops everything else that gix tells.
#[derive(Clone, Default)]
pub(crate) struct RemoteLines {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl RemoteLines {
    /// The last lines, oldest first, safe to print.
    pub(crate) fn take(&self) -> Vec<String> {
        self.lines.lock().drain(..).collect()
    }

    fn keep(&self, text: &str) {
        let line: String =
            text.trim().chars().filter(|c| !c.is_control()).take(LINE_LENGTH).collect();
        // Counters ("Counting objects: 12% (3/25)") and what is left of them where they were cut
        // into packets say nothing about a failure.
        if !line.contains(' ') || line.contains("objects") || line.contains("pack-reused") {
            return;
        }
        let mut lines = self.lines.lock();
        if lines.back() == Some(&line) {
            return;
        }
        lines.push_back(line);
        if lines.len() > LINES {
            lines.pop_front();
        }
    }
}

/// One task of gix; only the task that relays the server's words is listened to.
pub(crate) struct Task {
    lines: RemoteLines,
    is_remote: bool,
    /// gix itself reads what it counted here.
    steps: StepShared,
}

impl RemoteLines {
    pub(crate) fn task(&self) -> Task {
        Task { lines: self.clone(), is_remote: false, steps: StepShared::default() }
    }
}

impl Count for Task {
    fn set(&self, step: Step) {
        self.steps.store(step, std::sync::atomic::Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.steps.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn inc_by(&self, step: Step) {
        self.steps.fetch_add(step, std::sync::atomic::Ordering::Relaxed);
    }

    fn counter(&self) -> StepShared {
        self.steps.clone()
    }
}

impl Progress for Task {
    fn init(&mut self, _max: Option<Step>, _unit: Option<Unit>) {}

    fn set_name(&mut self, name: String) {
        if self.is_remote {
            self.lines.keep(&name);
        }
    }

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        UNKNOWN
    }

    fn message(&self, level: MessageLevel, message: String) {
        if self.is_remote || level == MessageLevel::Failure {
            self.lines.keep(&message);
        }
    }
}

impl NestedProgress for Task {
    type SubProgress = Self;

    fn add_child(&mut self, _name: impl Into<String>) -> Self {
        self.lines.task()
    }

    fn add_child_with_id(&mut self, _name: impl Into<String>, id: Id) -> Self {
        let remote: Id = gix::protocol::fetch::ProgressId::RemoteProgress.into();
        Self { is_remote: id == remote, ..self.lines.task() }
    }
}
