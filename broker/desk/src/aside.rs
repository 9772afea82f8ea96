//! Work that must not be in anybody's way: on a thread of its own with the lowest priority, and if it breaks down, it
//! alone does.

use std::thread;

use rustix::process::setpriority_process;
use tokio::sync::oneshot;

/// The work broke down, or no thread was to be had.
#[derive(Debug, thiserror::Error)]
#[error("the work broke down")]
pub(crate) struct Broke;

/// Does some work aside. A panic in it ends its thread and is told as [`Broke`].
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Broke> {
    let (reply, answer) = oneshot::channel();
    let spawned = thread::Builder::new().name("derive".to_owned()).spawn(move || {
        // On Linux a priority is a thread's. Without it the work is done all the same.
        if let Err(error) = setpriority_process(None, 19) {
            tracing::debug!(%error, "work aside has the ordinary priority");
        }
        // Nobody may wait any more.
        drop(reply.send(work()));
    });
    spawned.map_err(|_| Broke)?;
    answer.await.map_err(|_| Broke)
}

#[cfg(test)]
mod tests {
    use super::aside;

    #[tokio::test]
    async fn work_that_breaks_down_breaks_nothing_else() {
        assert_eq!(aside(|| 7).await.ok(), Some(7));
        let broken = aside(|| -> u8 { panic!("a screen that cannot be drawn") }).await;
        assert!(broken.is_err());
        assert_eq!(aside(|| 8).await.ok(), Some(8));
    }
}
