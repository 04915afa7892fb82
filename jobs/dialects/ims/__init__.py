"""The IMS dialect (ICE 2020-11-09): MediaConvert jobs with several inputs and tracks, the single-purpose jobs, templates and pipelines.

config.py, transcoding.py, marks.py, pictures.py   requests → job documents (pure)
conversions.py, transcodes.py, snapshots.py, mediainfos.py, templates.py, pipelines.py   the actions
answers.py, meta.py   our rows in IMS's words      errors.py, listing.py   how IMS says no; pages and times of lists
"""
