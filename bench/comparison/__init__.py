"""The parts of bench/compare.py: environment (peers installed), workers (processes that run cases), plan (what is
compared, the bounds), measure (rounds), statistics, report (tables) and plot (SVG)."""
