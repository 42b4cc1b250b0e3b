"""The promises of docs/guarantees.md, a file for each number."""
