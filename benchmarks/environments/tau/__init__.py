"""τ-bench's domains: databases copied on write, and their tools, rewritten from the behaviour of
sierra-research/tau-bench at 59a200c6 (MIT)."""
