//! JSON Pointers (RFC 6901).

/// A member's name as a pointer spells it (§3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
