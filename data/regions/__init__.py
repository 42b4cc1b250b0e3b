"""Region features of images: the store, and the two ways to fill it (a detector's files, plain pictures)."""
