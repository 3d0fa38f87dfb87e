"""Many files to paint or enlarge: which, where each result goes, and what is told of each.

In: pictures, videos and folders, and a `Stylizer` or an `Upscaler`. Out: files of results, lines
with what became of them, and how many there are none of.
"""

from fastnst.jobs.paint import Work, enlarge_jobs, paint_jobs, sort
from fastnst.jobs.plan import WRITTEN, name_pattern, plan

__all__ = ["WRITTEN", "Work", "enlarge_jobs", "name_pattern", "paint_jobs", "plan", "sort"]
