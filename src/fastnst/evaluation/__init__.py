"""How good networks are, and which weight of total variation suits a style.

In: checkpoints of training runs, photographs they have not seen. Out: tables, sheets, numbers.
"""

from fastnst.evaluation.calmness import calmness_table, measure_video
from fastnst.evaluation.enlarging import measure_enlarging, quality_table
from fastnst.evaluation.photographs import held_out, photographs_in
from fastnst.evaluation.results import NUMBERS, report, write_report
from fastnst.evaluation.runs import LossNetworks, Run, evaluate, read_runs
from fastnst.evaluation.structure import SMALLEST_JUDGED
from fastnst.evaluation.style_file import find_style_file
from fastnst.evaluation.tv_search import search
from fastnst.evaluation.tv_search_settings import CheckSearch, SearchSettings
from fastnst.evaluation.verdicts import judge_networks, verdict_table, write_verdicts

__all__ = [
    "NUMBERS",
    "SMALLEST_JUDGED",
    "CheckSearch",
    "LossNetworks",
    "Run",
    "SearchSettings",
    "calmness_table",
    "evaluate",
    "find_style_file",
    "held_out",
    "judge_networks",
    "measure_enlarging",
    "measure_video",
    "photographs_in",
    "quality_table",
    "read_runs",
    "report",
    "search",
    "verdict_table",
    "write_report",
    "write_verdicts",
]
