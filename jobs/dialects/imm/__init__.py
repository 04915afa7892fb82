"""The IMM dialect (2020-09-30): projects, attached buckets and media tasks.

translate.py   CreateMediaConvertTask → job documents (pure)     targets.py, marks.py, images.py   its parts (pure)
tasks.py, projects.py   the actions                              answers.py   our rows in IMM's words
errors.py      how IMM says no                                   unserved.py  what is known and not served
"""
