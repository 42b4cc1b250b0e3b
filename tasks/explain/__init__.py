"""What there is, what would be built, why, and from what: read from tasks and the store. Nothing is ever written."""
