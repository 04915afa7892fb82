"""The official SDKs against a live site."""
