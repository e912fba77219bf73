"""Plots as SVG that stands inside a page: drawn by matplotlib, coloured by the page.

- `curves`: one tag before and after: precision over recall, and how far scores can be believed.
- `drawing`: what all of them are drawn with; an SVG in a page, or as a file of its own.
- `forest`: intervals against margins, one row each: what a forest plot shows.
- `history`: medians of every benchmark over time, as an SVG file of its own.
- `layers`: where along a network an error comes in.
- `scores`: one tag's scores over many pictures, and how many are set as its threshold moves.
- `tradeoff`: accuracy against a cost, with the variants marked that no other one beats on both.
"""
