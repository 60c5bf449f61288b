"""The built-in rewards: one file per idea. `holdfast.registry` imports them at the first look-up."""
