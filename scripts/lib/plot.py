"""The calibration as a picture: SVG written by hand, readable on light and on dark pages."""

import math
from html import escape

WIDTH, HEIGHT = 720, 520
LEFT, RIGHT, TOP, BOTTOM = 78, 120, 24, 62
# Decades shown, from 10^LOWEST to 1.
LOWEST = -6
# Colours that most people with a colour deficiency can tell apart; `all` is drawn last, in black.
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#111111")
MARKS = ("circle", "square", "diamond", "up", "down", "circle")
DIAGONAL, DASHED = "#777", "stroke-dasharray='6 5' stroke-width='1.5'"
FONT = "font-family='system-ui, sans-serif' font-size='14' fill='#111'"


def x_of(probability: float) -> float:
    span = WIDTH - LEFT - RIGHT
    return LEFT + span * (1 - math.log10(probability) / LOWEST)


def y_of(share: float) -> float:
    span = HEIGHT - TOP - BOTTOM
    return TOP + span * math.log10(share) / LOWEST


def power(exponent: int) -> str:
    """A power of 10 with a superscript exponent."""
    if exponent == 0:
        return "1"
    return f"10<tspan dy='-5' font-size='10'>{'−' if exponent < 0 else ''}{abs(exponent)}</tspan>"


def text(x: float, y: float, words: str, anchor: str = "middle", turn: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'{turn} {FONT}>{words}</text>"


def stroke(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    ends = f"x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}'"
    return f"<line {ends} stroke='{colour}' {more}/>"


def axes() -> list[str]:
    """Grid, labels and the diagonal on which true probabilities lie."""
    drawn = []
    low = 10.0**LOWEST
    for exponent in range(LOWEST, 1):
        x, y = x_of(10.0**exponent), y_of(10.0**exponent)
        drawn.append(stroke(x, TOP, x, HEIGHT - BOTTOM, "#ddd"))
        drawn.append(stroke(LEFT, y, WIDTH - RIGHT, y, "#ddd"))
        drawn.append(text(x, HEIGHT - BOTTOM + 22, power(exponent)))
        drawn.append(text(LEFT - 10, y + 5, power(exponent), "end"))
    drawn.append(stroke(x_of(low), y_of(low), x_of(1), y_of(1), DIAGONAL, DASHED))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turn = f" transform='rotate(-90 20 {middle:.0f})'"
    drawn.append(
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "false-alarm probability p, as told")
    )
    drawn.append(text(20, middle, "share of held-out items that tell p or less", turn=turn))
    return drawn


def mark(kind: str, x: float, y: float, colour: str) -> str:
    """A point; each line has its own shape as well as its own colour."""
    fill = f"fill='{colour}' stroke='#fff'"
    if kind == "circle":
        return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.5' {fill}/>"
    corners = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)),
        "up": ((0, -5), (5, 4), (-5, 4)),
        "down": ((0, 5), (5, -4), (-5, -4)),
    }[kind]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f"<polygon points='{points}' {fill}/>"


def curve(line: dict, colour: str, kind: str) -> list[str]:
    """The line of one group of items; thresholds with no observed item are left out, as a log axis has no zero."""
    points = [
        (x_of(at["probability"]), y_of(at["observed"]["share"]))
        for at in line["thresholds"]
        if at["observed"]["share"] >= 10.0**LOWEST
    ]
    width = 3 if line["length"] == "all" else 1.8
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    drawn = [f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}'/>"]
    return drawn + [mark(kind, x, y, colour) for x, y in points]


def legend(lines: list[dict]) -> list[str]:
    """The lines by name, the diagonal last."""
    x = WIDTH - RIGHT + 18
    y = TOP + 20 + 26 * len(lines)
    drawn = [stroke(x, y, x + 24, y, DIAGONAL, DASHED), text(x + 32, y + 5, "p is true", "start")]
    for rank, line in enumerate(lines):
        y = TOP + 20 + 26 * rank
        colour = COLOURS[rank % len(COLOURS)]
        drawn.append(stroke(x, y, x + 24, y, colour, "stroke-width='2.5'"))
        drawn.append(mark(MARKS[rank % len(MARKS)], x + 12, y, colour))
        drawn.append(text(x + 32, y + 5, escape(line["length"]), "start"))
    return drawn


def calibration(lines: list[dict]) -> str:
    """The whole picture, with its own background, so that the axes are visible on a dark page."""
    drawn = [f"<rect width='{WIDTH}' height='{HEIGHT}' rx='8' fill='#fff'/>", *axes()]
    for rank, line in enumerate(lines):
        drawn += curve(line, COLOURS[rank % len(COLOURS)], MARKS[rank % len(MARKS)])
    drawn += legend(lines)
    title = "Told false-alarm probability against what happens with held-out music"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"width='{WIDTH}' height='{HEIGHT}' role='img' aria-label='{escape(title)}'>\n"
        f"<title>{escape(title)}</title>\n" + "\n".join(drawn) + "\n</svg>\n"
    )
