"""Instruction checkers: the 25 of IFEval and the 58 of IFBench, as pure functions of text and arguments.

`holdfast.rewards.ifeval` and `holdfast.rewards.ifbench` register the rewards that use them.
"""
