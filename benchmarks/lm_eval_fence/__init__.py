"""lm-eval, fenced: the only package of ours that imports it. `patches` lists what of its inside is relied on."""
