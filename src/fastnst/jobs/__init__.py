"""Many files to paint: which, where each result goes, and what is told of each.

In: pictures, videos and folders, and a `Stylizer`. Out: painted files, lines with what became of
them, and how many could not be painted.
"""

from fastnst.jobs.paint import Work, paint_jobs, sort
from fastnst.jobs.plan import name_pattern, plan

__all__ = ["Work", "name_pattern", "paint_jobs", "plan", "sort"]
