//! The threads of visits: a runtime of their own. A visit's bytes are written to its recording by the task that forwards
//! them, so that a disk that hangs holds these threads; deadlines, the store, the web and alerts run on others.

use std::future::Future;
use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::WAITING_THREADS;

/// The runtime that visits run on. Dropping it waits for nobody.
pub(super) struct Visits {
    handle: Handle,
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
}

impl Visits {
    /// Starts it: with a worker more than there are cores, so that all cores may write while one hears.
    pub(super) fn start() -> io::Result<Self> {
        let workers = available_parallelism().map_or(1, usize::from) + 1;
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .max_blocking_threads(WAITING_THREADS)
            .thread_name("visits")
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Where it is, for others to run something on it.
    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs something on it.
    pub(super) fn run<T: Send + 'static>(
        &self,
        something: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(something)
    }
}

impl Drop for Visits {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
