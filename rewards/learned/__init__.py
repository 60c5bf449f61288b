"""Learned rewards: a reward model, and a language model as judge. Registered in judge.py and reward_model.py."""
