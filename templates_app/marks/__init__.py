"""Watermark templates: rows, JSON, pages, and the exact preview."""
