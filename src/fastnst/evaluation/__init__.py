"""How good networks are, and which weight of total variation suits a style.

In: checkpoints of training runs, photographs they have not seen. Out: tables, sheets, numbers.
"""

from fastnst.evaluation.photographs import held_out, photographs_in
from fastnst.evaluation.results import NUMBERS, report, write_report
from fastnst.evaluation.runs import LossNetworks, Run, evaluate, read_run
from fastnst.evaluation.tv_search import search
from fastnst.evaluation.tv_search_settings import CheckSearch, SearchSettings

__all__ = [
    "NUMBERS",
    "CheckSearch",
    "LossNetworks",
    "Run",
    "SearchSettings",
    "evaluate",
    "held_out",
    "photographs_in",
    "read_run",
    "report",
    "search",
    "write_report",
]
