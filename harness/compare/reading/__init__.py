"""From files to paired columns."""
