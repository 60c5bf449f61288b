"""How text is generated: greedy decoding from a draft, and a model's thoughts brought into one form."""
