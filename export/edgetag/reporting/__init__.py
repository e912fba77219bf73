"""What the stages found, joined: for people, for CI, for a pull request.

- `stage`: the report stage: joins what the stages before found, and writes it for people and CI
  systems.
- `result`: what the report stage leaves: the rows that people read, as data.
- `tables`: tables of what the report joins: variants, limits, findings, failures.
- `annotations`: annotations for GitHub Actions: workflow commands that a step prints.
- `findings`: what a person should know of a verdict, one sentence each, the worst first.
- `losses`: losses that no decision shows: those that no margin judges, and those of splits for
  information.
- `mlflow_run`: a run's figures and files in MLflow, beside those of other runs.
- `page`: the report as one HTML file, and how every page looks.
- `plots`: plots as SVG that stands inside a page: drawn by matplotlib, coloured by the page.
- `results`: which tables show which stage's result.
- `rows`: joins what validation found, and export and the benchmark where they ran, into rows.
- `targets`: what is wrong on other machines, as rows of the report and as sentences.
"""
