"""The only package that starts processes: ffmpeg and ffprobe. No Django; a command is data from the engine, a result is data again."""
