"""Third-party packages in bubblewrap: what is named is there with its requirements, nothing else is."""

import pytest
from helpers.sandboxes import need

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Sample

TESTS = {"tests": ["import numpy as np\nassert np.isclose(f([1.0, 2.0]), 1.5)"]}
PROGRAM = "import numpy as np\ndef f(x): return np.mean(np.array(x))\n"


@pytest.mark.bubblewrap
def test_a_named_package_is_there_and_without_its_name_it_is_not() -> None:
    options = {"backend": need("bubblewrap"), "timeout": 30.0, "memory": 2048, "workers": 1}
    assert Reward("code", packages="numpy", **options).score(Sample(PROGRAM, TESTS)).value == 1.0
    wrong = Sample(PROGRAM.replace("mean", "sum"), TESTS)
    assert Reward("code", packages="numpy", **options).score(wrong).value == 0.0
    assert Reward("code", **options).score(Sample(PROGRAM, TESTS)).value is None


@pytest.mark.bubblewrap
def test_what_cannot_be_bound_is_refused() -> None:
    need("bubblewrap")
    with pytest.raises(UsageError, match="not installed"):
        Reward("code", backend="bubblewrap", packages="no-such-package").score(Sample(PROGRAM, TESTS))
    with pytest.raises(UsageError, match="image packages=numpy"):
        Reward("code", backend="unsafe-local", packages="numpy").score(Sample(PROGRAM, TESTS))
