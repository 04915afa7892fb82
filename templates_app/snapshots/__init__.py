"""Snapshot templates: named parameters of snapshots and sprites."""
