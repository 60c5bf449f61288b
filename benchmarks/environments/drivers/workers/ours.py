"""A registered reward of ours as a grader of anybody's, for the audit."""


def grade(completion, reference, prompt="", reward="math", settings=None):
    """The value that a registered reward gives."""
    from holdfast import Reward, Sample

    return Reward(reward, **(settings or {})).score(Sample(completion, reference, prompt)).value
