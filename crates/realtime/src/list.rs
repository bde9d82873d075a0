//! A list that is cheap to hand out and cheap to compare.

use std::{ops::Deref, rc::Rc};

/// An immutable list, shared by everybody who shows it.
///
/// Cloning copies a pointer, and two lists are equal when they are *the same* list: the client
/// hands out the same one until something in it changed. So it can be a component's prop or the
/// dependency of an effect without a comparison of ten thousand rows.
///
/// ```
/// use sentinelops_realtime::List;
///
/// let list = List::from(vec![1, 2, 3]);
/// assert_eq!(list.len(), 3); // a slice in every other respect
/// assert_eq!(list, list.clone());
/// assert_ne!(list, List::from(vec![1, 2, 3])); // equal content, another list
/// ```
pub struct List<T>(Rc<Vec<T>>);

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Rc::new(Vec::new()))
    }
}

impl<T> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        // Two empty lists are worth no render.
        Rc::ptr_eq(&self.0, &other.0) || (self.0.is_empty() && other.0.is_empty())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(Rc::new(items))
    }
}

impl<T> From<Rc<Vec<T>>> for List<T> {
    fn from(items: Rc<Vec<T>>) -> Self {
        Self(items)
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}
