"""Pictures that the program draws itself, which have no file and no rights.

In: a size and a seed. Out: uint8 `(size, size, 3)`, sRGB, always the same for the same arguments.
"""

from fastnst.drawing.brush_strokes import paint_brush_strokes
from fastnst.drawing.dead_leaves import DRAWING, draw_dead_leaves
from fastnst.drawing.paintings import draw_painting

__all__ = ["DRAWING", "draw_dead_leaves", "draw_painting", "paint_brush_strokes"]
