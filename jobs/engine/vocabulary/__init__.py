"""The words of a transcoding template, one module per section. ``jobs.engine.template`` puts them together."""
