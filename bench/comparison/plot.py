"""The plot docs/benchmarks.svg: one row a case, one mark a peer, at the ratio of our time to theirs on a log scale."""
import html
import math

from comparison.workers import OURS

COLOURS = {"PyTorch": "#d1495b", "torch.func": "#edae49", "JAX": "#00798c", "Opacus": "#7b4b94", "OpenBLAS": "#5c946e",
           "PyTorch C++": "#8c2f39"}
LEFT, WIDTH, ROW, TOP = 230, 620, 17, 66
LOW, HIGH = -8.0, 3.0  # log2 of the ratio


def position(ratio):
    return LEFT + WIDTH * (min(max(math.log2(ratio), LOW), HIGH) - LOW) / (HIGH - LOW)


def text(x, y, words, anchor="start", size=11, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {extra}>{html.escape(words)}</text>'


def axis(height):
    for power in range(int(LOW), int(HIGH) + 1):
        x = position(2.0**power)
        strong = power == 0
        label = f"1/{2 ** -power}" if power < 0 else str(2**power)
        yield (f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height}" stroke="{"#333" if strong else "#ddd"}" '
               f'stroke-width="{1.2 if strong else 0.6}"/>')
        yield text(x, TOP - 14, label, "middle", 10)


def legend(names):
    x = LEFT
    for name in names:
        yield f'<circle cx="{x}" cy="32" r="4" fill="{COLOURS[name]}"/>'
        yield text(x + 8, 36, name)
        x += 26 + 7 * len(name)


def marks(result, y):
    for name, colour in COLOURS.items():
        if name not in result.times:
            continue
        e = result.ratio(name)
        yield (f'<line x1="{position(e.low):.1f}" y1="{y}" x2="{position(e.high):.1f}" y2="{y}" stroke="{colour}" '
               f'stroke-width="2.5" stroke-opacity="0.45"/>')
        yield (f'<circle cx="{position(e.median):.1f}" cy="{y}" r="3.6" fill="{colour}"><title>{html.escape(name)} '
               f'{e.median:.3g}</title></circle>')


def svg(results, threads):
    shown = [r for r in results if r.threads == threads and OURS in r.times and any(n in r.times for n in COLOURS)]
    height = TOP + ROW * len(shown) + 12
    names = [n for n in COLOURS if any(n in r.times for r in shown)]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" '
             'font-family="sans-serif" fill="#222">', f'<rect width="100%" height="100%" fill="#fff"/>',
             text(LEFT, 16, f"Our time / the peer's time, {threads} thread{'s' if threads > 1 else ''} "
                  "(left of 1: we are faster)", size=13), *legend(names), *axis(height - 8)]
    for i, r in enumerate(shown):
        y = TOP + ROW * i + ROW / 2
        parts += [text(LEFT - 10, y + 4, r.case, "end"), *marks(r, y)]
    return "\n".join(parts + ["</svg>"]) + "\n"
