"""Tasks and suites: what is measured, where its rows come from, and `holdfast eval`."""
