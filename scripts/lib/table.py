"""Numbers as text, and rows as a Markdown table."""


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent, without trailing zeros."""
    text = f"{100 * share:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def interval(share: dict, digits: int = 1) -> str:
    """Wilson's interval of a share, in per cent."""
    return f"{percent(share['low'], digits)}–{percent(share['high'], digits)}"


def of(share: dict) -> str:
    """A share as `hits of trials`."""
    return f"{share['hits']} of {share['of']}"


def clock(seconds: float) -> str:
    """A time in a recording as minutes and seconds."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def chance(log10: float | None) -> str:
    """A probability from its decimal logarithm; marked if it underflowed."""
    if log10 is None:
        return "–"
    if log10 <= -300:
        return "< 1e-300"
    if log10 > -3:
        return f"{10**log10:.2g}"
    return f"1e{log10:.1f}"


def rows_as_table(head: list[str], rows: list[list]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "|".join("---" if n == 0 else "--:" for n in range(len(head))) + "|")
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return lines
