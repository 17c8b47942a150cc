//! What is shared as long as nobody changes it.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that costs nothing to clone and that is copied when somebody changes it whom it does not belong to alone.
///
/// Rules look at far more rows than they change. A row that is read comes from a cache, or from the changes of a record
/// before, and goes on standing there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shared<T>(Arc<T>);

impl<T: Clone> Shared<T> {
    /// The value by itself, copied where others have it too.
    pub fn into_owned(self) -> T {
        Arc::unwrap_or_clone(self.0)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared(self.0.clone())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Shared<T> {
        Shared(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    /// Copies the value first where others have it too.
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: fmt::Display> fmt::Display for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shared<T>, D::Error> {
        T::deserialize(deserializer).map(Shared::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_one_leaves_the_others_as_they_were() {
        let first = Shared::from(vec![1, 2]);
        let mut second = first.clone();
        assert!(Arc::ptr_eq(&first.0, &second.0), "nothing was copied to look at it");
        second.push(3);
        assert_eq!((&*first, &*second), (&vec![1, 2], &vec![1, 2, 3]));
        let place = Arc::as_ptr(&second.0);
        second.push(4);
        assert_eq!(Arc::as_ptr(&second.0), place, "what belongs to one alone is changed in place");
        assert_eq!(second.into_owned(), [1, 2, 3, 4]);
    }

    #[test]
    fn it_is_written_and_read_as_what_it_holds() {
        let shared = Shared::from("a".to_owned());
        let text = serde_json::to_string(&shared).expect("written");
        assert_eq!(text, "\"a\"");
        assert_eq!(serde_json::from_str::<Shared<String>>(&text).expect("read"), shared);
    }
}
