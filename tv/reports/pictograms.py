"""The pictograms of laboratories on paper: our typeface has none, so the usual ones are drawn."""

from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

from tv.reports.paper import drawable

GRID = 24.0  # units of the drawings, from the top left
STROKE = 1.7

Points = tuple[tuple[float, float], ...]  # of a line; one that ends where it began is closed
Circle = tuple[float, float, float]  # its centre, and its radius

# Lines, then circles, by what the pictogram is of.
_SEARCH = (((14.5, 14.5), (20.0, 20.0)),), ((10.0, 10.0, 6.0),)
_KEY = (
    (
        ((12.0, 12.0), (21.0, 12.0), (21.0, 16.0)),
        ((17.5, 12.0), (17.5, 15.5)),
    ),
    ((8.0, 12.0, 4.0),),
)
_BOX = (
    (
        ((4.0, 8.0), (12.0, 4.0), (20.0, 8.0), (20.0, 16.5), (12.0, 20.5), (4.0, 16.5), (4.0, 8.0)),
        ((4.0, 8.0), (12.0, 12.0), (20.0, 8.0)),
        ((12.0, 12.0), (12.0, 20.5)),
    ),
    (),
)
_TRUCK = (
    (
        ((2.5, 7.0), (14.0, 7.0), (14.0, 16.5), (2.5, 16.5), (2.5, 7.0)),
        ((14.0, 10.0), (18.0, 10.0), (21.5, 13.0), (21.5, 16.5), (14.0, 16.5)),
    ),
    ((7.0, 17.5, 2.0), (17.5, 17.5, 2.0)),
)
_HOUSE = (
    (
        ((3.5, 11.5), (12.0, 4.0), (20.5, 11.5)),
        ((6.0, 9.5), (6.0, 20.0), (18.0, 20.0), (18.0, 9.5)),
        ((10.0, 20.0), (10.0, 14.0), (14.0, 14.0), (14.0, 20.0)),
    ),
    (),
)
_TOWN = (
    (
        ((4.0, 20.0), (4.0, 4.0), (13.5, 4.0), (13.5, 20.0)),
        ((13.5, 9.0), (20.0, 9.0), (20.0, 20.0)),
        ((2.5, 20.0), (21.5, 20.0)),
        ((7.0, 8.0), (10.5, 8.0)),
        ((7.0, 12.0), (10.5, 12.0)),
        ((7.0, 16.0), (10.5, 16.0)),
        ((16.5, 13.0), (17.0, 13.0)),
        ((16.5, 16.5), (17.0, 16.5)),
    ),
    (),
)
_PEOPLE = (
    (
        ((3.5, 19.5), (3.5, 17.5), (6.0, 14.8), (12.0, 14.8), (14.5, 17.5), (14.5, 19.5)),
        ((16.5, 14.6), (18.6, 14.6), (20.8, 17.0), (20.8, 19.0)),
    ),
    ((9.0, 8.5, 3.2), (17.0, 9.6, 2.4)),
)
_TOOL = (
    (
        ((4.5, 19.5), (13.0, 11.0)),
        ((10.0, 8.0), (14.0, 4.0), (20.0, 10.0), (16.0, 14.0), (10.0, 8.0)),
    ),
    (),
)
_EXIT = (
    (
        ((13.0, 4.0), (5.0, 4.0), (5.0, 20.0), (13.0, 20.0)),
        ((10.0, 12.0), (20.5, 12.0)),
        ((16.5, 8.0), (20.5, 12.0), (16.5, 16.0)),
    ),
    (),
)
_LEAF = (
    (
        ((12.0, 20.5), (12.0, 11.0)),
        ((12.0, 14.5), (7.5, 14.0), (4.5, 9.0), (9.5, 9.5), (12.0, 14.5)),
        ((12.0, 11.5), (13.0, 6.5), (19.5, 4.5), (18.0, 10.5), (12.0, 11.5)),
    ),
    (),
)
_BULB = (
    (
        ((9.8, 15.0), (9.8, 18.0), (14.2, 18.0), (14.2, 15.0)),
        ((10.5, 20.6), (13.5, 20.6)),
    ),
    ((12.0, 9.8, 5.6),),
)
_HEART = (
    (
        (
            (12.0, 20.0),
            (4.6, 12.8),
            (3.8, 9.2),
            (5.6, 6.2),
            (8.8, 5.6),
            (12.0, 8.4),
            (15.2, 5.6),
            (18.4, 6.2),
            (20.2, 9.2),
            (19.4, 12.8),
            (12.0, 20.0),
        ),
    ),
    (),
)
_TALK = (
    (
        ((4.0, 5.0), (20.0, 5.0), (20.0, 16.0), (11.5, 16.0), (7.0, 20.0), (7.0, 16.0)),
        ((7.0, 16.0), (4.0, 16.0), (4.0, 5.0)),
    ),
    (),
)
_PAPER = (
    (
        ((6.0, 3.5), (18.0, 3.5), (18.0, 20.5), (6.0, 20.5), (6.0, 3.5)),
        ((9.0, 8.5), (15.0, 8.5)),
        ((9.0, 12.5), (15.0, 12.5)),
        ((9.0, 16.5), (12.5, 16.5)),
    ),
    (),
)

_DRAWN: tuple[tuple[str, tuple[tuple[Points, ...], tuple[Circle, ...]]], ...] = (
    ("🔍🔎👀", _SEARCH),
    ("🔑🗝🔐🔒🔓", _KEY),
    ("📦🛋🛏", _BOX),
    ("🚚🚛🚐🚗", _TRUCK),
    ("🏠🏡⌂🛖", _HOUSE),
    ("🏘🏢🏙🏬🏗🌆", _TOWN),
    ("👥👪🤝👫🫂🙋", _PEOPLE),
    ("🔧🛠🔨🪛⚙🧰", _TOOL),
    ("🚪👋🧳➡", _EXIT),
    ("🌱🌿🌳♻🍃🌻", _LEAF),
    ("💡⚡🔌", _BULB),
    ("❤♥💛💚💙", _HEART),
    ("💬🗣📣", _TALK),
    ("📝✍📄📋🖋", _PAPER),
)


def draw(
    canvas: Canvas, pictogram: str, name: str, x: float, y: float, size: float, colour: Color
) -> None:
    """Draw a pictogram in a square of `size` points whose lower left corner is at (x, y).

    One that is neither drawn nor in the typeface makes way for the initial of the `name`.
    """
    drawing = next((each for of, each in _DRAWN if pictogram[:1] and pictogram[0] in of), None)
    canvas.saveState()
    if drawing is None:
        letter = pictogram[:2] if pictogram and drawable(pictogram) else name[:1].upper()
        canvas.setFillColor(colour)
        canvas.setFont("Title", size * 0.8)
        canvas.drawCentredString(x + size / 2, y + size * 0.22, letter if drawable(letter) else "")
    else:
        lines, circles = drawing
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
