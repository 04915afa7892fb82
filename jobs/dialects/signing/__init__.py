"""Signatures of requests: each module reads one scheme out of the facts of a request, as a claim. Pure: no Django, no rows, no clock of its own.

facts.py   what a request consists of          rpc.py    HMAC-SHA1 of the RPC products       oss1.py, oss2.py, oss4.py   the object store's three,
claim.py   who says that it signed what        acs3.py   ACS3-HMAC-SHA256                    each in headers and in signed addresses
"""
