"""Measurements beside peers: no test asserts a time, and nothing else imports this package."""
