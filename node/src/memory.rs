//! What a node asks of the system's memory.

/// Has the system give this process small pages. The allocator asks for huge ones, gives back what it does not use of them piece
/// by piece, and the system joins and fills them again: a node would hold what it uses no more.
pub fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "memory may come in huge pages");
    }
}
