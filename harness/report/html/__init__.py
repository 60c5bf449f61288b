"""The HTML report: one file a section, one page that needs no network."""
