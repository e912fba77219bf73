"""One file per verb: parse, call a stage, render."""
