//! The handle by which the node says that the next height may be wanted.

use std::sync::Arc;

use tokio::sync::Notify;

/// Asks the engine to look again whether the next height is wanted (see `Application::wanted`), for instance because a
/// record arrived. Cheap, callable from any thread, never blocks; many calls at once count as one.
#[derive(Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// A handle that the node can give away before the engine is started with it.
    pub fn new() -> Wake {
        Wake::default()
    }

    /// Asks the engine to look again. A call that comes while nobody waits is remembered.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    pub(crate) async fn called(&self) {
        self.0.notified().await;
    }
}
