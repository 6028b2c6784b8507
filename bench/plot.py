"""A plot of horizontal bars, as SVG."""

from xml.sax.saxutils import escape

COLOURS = ["#8a8f98", "#2f6fb2", "#c0662b"]
LABELS, WIDTH, BAR, GAP, TOP = 300, 420, 11, 8, 58


def text(x, y, words, anchor="start", size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'font-size="{size}">{escape(words)}</text>')


def bars(title, groups):
    """`groups`: [(label, {series: value or None})]. A line marks 1."""
    series = list(dict.fromkeys(name for _, values in groups for name in values))
    colours = dict(zip(series, COLOURS))
    most = max([1.0] + [value for _, values in groups
                        for value in values.values() if value])
    scale = WIDTH / most
    parts, y = [text(8, 20, title, size=14)], TOP
    for i, name in enumerate(series):
        x = LABELS + 140 * i
        parts += [f'<rect x="{x}" y="30" width="11" height="11" '
                  f'fill="{colours[name]}"/>', text(x + 16, 40, name)]
    for label, values in groups:
        height = BAR * len(values)
        parts.append(text(LABELS - 8, y + height / 2 + 4, label, "end"))
        for name, value in values.items():
            if value:
                parts += [f'<rect x="{LABELS}" y="{y}" width="{value * scale:.1f}"'
                          f' height="{BAR - 1}" fill="{colours[name]}"/>',
                          text(LABELS + value * scale + 4, y + BAR - 2,
                               f"{value:.2f}", size=10)]
            y += BAR
        y += GAP
    one = LABELS + scale
    parts.append(f'<path d="M{one:.1f} {TOP - 6}V{y}" stroke="#444" '
                 'stroke-dasharray="3 3"/>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'width="{LABELS + WIDTH + 48}" height="{y + 8}" '
            'font-family="sans-serif"><rect width="100%" height="100%" '
            'fill="white"/>' + "\n".join(parts) + "</svg>\n")
