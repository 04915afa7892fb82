"""The object store's dialect: buckets, objects, and media processing by ``x-oss-process`` and ``x-oss-async-process``.

service.py      request → the function that answers it        documents.py   XML answers
objects.py, listing.py, multipart.py, buckets.py               the object calls
grammar.py      text of a processing request → its parts (pure)
parameters.py   what each operation takes, and within what bounds (pure)
translate.py    parts → our job specs (pure)
processing.py   runs it: asynchronously as jobs, or at once
"""
