"""Programs and tests as text: found in completions, read off their syntax trees."""
