"""Template analysis: which presets fit an input, and with what values an intelligent one would be used. Pure."""
