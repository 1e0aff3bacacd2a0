"""The pictograms of laboratories on paper."""

from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

from tv.labs.pictograms import GRID, STROKE, drawing
from tv.reports.paper import drawable


def draw(
    canvas: Canvas, pictogram: str, name: str, x: float, y: float, size: float, colour: Color
) -> None:
    """Draw a pictogram in a square of `size` points whose lower left corner is at (x, y).

    One that is neither drawn nor in the typeface makes way for the initial of the `name`.
    """
    drawn = drawing(pictogram)
    canvas.saveState()
    if drawn is None:
        letter = pictogram[:2] if pictogram and drawable(pictogram) else name[:1].upper()
        canvas.setFillColor(colour)
        canvas.setFont("Title", size * 0.8)
        canvas.drawCentredString(x + size / 2, y + size * 0.22, letter if drawable(letter) else "")
    else:
        lines, circles = drawn
        canvas.translate(x, y + size)
        canvas.scale(size / GRID, -size / GRID)
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(STROKE)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        for points in lines:
            path = canvas.beginPath()
            path.moveTo(*points[0])
            for point in points[1:]:
                path.lineTo(*point)
            if points[0] == points[-1]:
                path.close()
            canvas.drawPath(path, stroke=1, fill=0)
        for at_x, at_y, radius in circles:
            canvas.circle(at_x, at_y, radius, stroke=1, fill=0)
    canvas.restoreState()
