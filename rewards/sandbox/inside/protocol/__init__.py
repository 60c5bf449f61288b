"""What crosses between the processes: frames on pipes, values as data."""
