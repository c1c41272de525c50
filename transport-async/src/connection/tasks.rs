//! The tasks that drive HTTP/2 connections.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hyper::rt::Executor;
use tokio::task::JoinSet;

/// Tasks that end with their owner, or by themselves before.
#[derive(Default)]
pub(crate) struct Tasks(Arc<Mutex<JoinSet<()>>>);

/// Starts tasks for hyper. It does not own them: hyper's own tasks hold executors.
#[derive(Clone)]
pub(crate) struct TaskStarter(Weak<Mutex<JoinSet<()>>>);

impl Tasks {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A set remembers what has ended until somebody asks.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    pub(super) fn executor(&self) -> TaskStarter {
        TaskStarter(Arc::downgrade(&self.0))
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for TaskStarter {
    fn execute(&self, task: F) {
        // Without an owner there is nobody left who waits for what the task does.
        if let Some(tasks) = self.0.upgrade() {
            Tasks(tasks).spawn(task);
        }
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks")
    }
}
