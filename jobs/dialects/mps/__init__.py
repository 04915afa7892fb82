"""The MPS dialect (2014-06-18): requests read, answered in MPS's words."""
