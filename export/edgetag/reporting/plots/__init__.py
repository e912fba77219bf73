"""Plots as SVG that stands inside a page: drawn by matplotlib, coloured by the page."""
