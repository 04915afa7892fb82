"""Drawing texts of watermarks with the worker's fonts. No Django; text from outside is only ever drawn, never interpreted."""
