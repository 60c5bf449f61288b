"""Third-party packages in bubblewrap: what is named is there with its requirements, nothing else is."""

from importlib import metadata

import pytest
from helpers.sandboxes import need

from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.rewards.sandbox.backends.docker_engine import IMAGE
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
def test_manifests_say_what_programs_ran_in() -> None:
    need("bubblewrap")
    told = Reward("code", backend="bubblewrap", packages="numpy, pytest").describe()
    versions = {name: metadata.version(name) for name in ("numpy", "pytest")}
    assert told["surroundings"] == {"backend": "bubblewrap", "packages": versions}
    assert told["options"]["packages"] == "numpy, pytest"
    assert Reward("code", backend="bubblewrap").describe()["surroundings"] == {"backend": "bubblewrap"}
    parts = {"runs": {"reward": "code", "backend": "bubblewrap"}, "same": {"reward": "exact_match"}}
    assert Reward("weighted_sum", of=parts).describe()["surroundings"] == {"runs": {"backend": "bubblewrap"}}
    assert "surroundings" not in Reward("exact_match").describe()


@pytest.mark.docker
def test_manifests_name_the_image() -> None:
    need("docker")
    told = Reward("code", backend="docker").describe()["surroundings"]
    assert told["backend"] == "docker" and told["image"] == IMAGE and told["image_id"].startswith("sha256:")
    absent = Reward("code", backend="docker", image="holdfast-sandbox:absent").describe()
    assert "surroundings" not in absent


@pytest.mark.bubblewrap
def test_what_cannot_be_bound_is_refused() -> None:
    need("bubblewrap")
    with pytest.raises(UsageError, match="not installed"):
        Reward("code", backend="bubblewrap", packages="no-such-package").score(Sample(PROGRAM, TESTS))
    with pytest.raises(UsageError, match="image packages=numpy"):
        Reward("code", backend="unsafe-local", packages="numpy").score(Sample(PROGRAM, TESTS))
