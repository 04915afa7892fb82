"""Media workflows: the same steps for every new file below a path. What a workflow is, when it runs, and what became of each run.

tree.py      steps and what is wrong with them (pure)     services.py   what people write: workflows, versions, on and off
course.py    what follows from what has ended (pure)      runs.py       executions: start, cancel, again
watching.py  new objects below a path                     advancing.py  executions go on, step by step
"""
