//! Room for recursion.

use std::{cell::Cell, io, thread};

/// Bytes of address space; memory is used only as deep as the recursion goes.
const SIZE: usize = 1 << 30;

thread_local! {
    static IS_DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` on a thread whose stack is large enough for every depth that
/// [`Budget::default`](crate::Budget) allows. Executions within find themselves on such a stack
/// and do not start threads of their own: a caller that executes many templates calls this once.
///
/// # Errors
/// Fails where no thread can be started.
///
/// # Panics
/// Passes a panic of `work` on.
pub fn on_deep_stack<R: Send>(work: impl FnOnce() -> R + Send) -> io::Result<R> {
    if IS_DEEP.get() {
        return Ok(work());
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("template".to_owned())
            .stack_size(SIZE)
            .spawn_scoped(scope, || {
                IS_DEEP.set(true);
                work()
            })?;
        match thread.join() {
            Ok(result) => Ok(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
