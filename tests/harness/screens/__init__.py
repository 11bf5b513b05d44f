"""Pictures of the screen: a table of scenes, played over generated spools, drawn as SVG.

`python -m tests.harness.screens` writes `docs/screens/*.svg` and the keys of `docs/tui.md`;
`--check` compares.  `scenes` is the table, `world` what does not change from run to run,
`stage` the processes beside the screen without processes, `playing` presses the keys,
`drawing` makes the file.
"""
