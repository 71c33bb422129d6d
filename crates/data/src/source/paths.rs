//! Finds the picture that an annotation means, under the names that tools and systems make of it.
