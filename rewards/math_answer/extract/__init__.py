"""From a completion to the text of its answer."""
