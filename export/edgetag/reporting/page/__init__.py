"""The report as one HTML file.

- `write`: writes the page from the results of a run.
- `sheet`: contact sheets: pictures under headings, as one page.
- `thumbnails`: small copies of images, inside the page.
- `style`: how every page of edgetag looks.
- `variants`: the variants side by side; a plot with its caption.
- `data`: how many images have each tag in each split, what was left out, whose they are.
"""
