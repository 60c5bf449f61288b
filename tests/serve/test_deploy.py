"""The manifests and the Dockerfile say what the server really is."""

import re
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate
import pytest
import yaml
from helpers.paths import ROOT
from helpers.reward_server import serving

from holdfast import __version__
from holdfast.cli import serve
from holdfast.cli.grammar import bind, split

MANIFEST = ROOT / "deploy/kubernetes/holdfast.yaml"
DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text()))


def _of(kind: str) -> dict[str, Any]:
    (found,) = [document for document in DOCUMENTS if document["kind"] == kind]
    return found


@pytest.fixture
def container() -> dict[str, Any]:
    (found,) = _of("Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document["kind"]))
@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_every_manifest_fits_the_schema(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**document, "sepc": {}}, version, strict=True)


def test_the_container_starts_with_the_arguments_of_the_manifest(container: dict[str, Any]) -> None:
    options = bind(serve.Options, split(container["args"]).settings, "serve")
    assert (options.host, options.workers) == ("0.0.0.0", 2)
    assert container["ports"] == [{"name": "http", "containerPort": options.port}]
    assert container["image"] == f"holdfast-serve:{__version__}"
    (token,) = container["env"]
    assert token["name"] == "HOLDFAST_TOKEN"
    assert token["valueFrom"]["secretKeyRef"] == {"name": "holdfast", "key": "token"}


def test_what_the_manifests_ask_of_the_server_is_there(
    container: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arguments, with a token as from the secret, on a live server: probes are open, the metric has its name."""
    monkeypatch.setenv("HOLDFAST_TOKEN", "of-the-secret")
    words = [word for word in container["args"] if not word.startswith("host=")]
    (metric,) = _of("HorizontalPodAutoscaler")["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    with serving(*words) as (port, _):
        url = f"http://127.0.0.1:{port}"
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert httpx.get(url + container[probe]["httpGet"]["path"]).status_code == 200
        annotations = _of("Deployment")["spec"]["template"]["metadata"]["annotations"]
        assert httpx.get(url + annotations["prometheus.io/path"]).status_code == 401
        headers = {"Authorization": "Bearer of-the-secret"}
        page = httpx.get(url + annotations["prometheus.io/path"], headers=headers).text
    assert f"# TYPE {name} gauge" in page
    for reward in ("math", "numeric", "ifeval"):
        assert re.search(rf'^{name}{{reward="{reward}"}} 0.0$', page, re.M)
    (rule,) = yaml.safe_load((ROOT / "deploy/prometheus-adapter/values.yaml").read_text())["rules"]["custom"]
    assert rule["seriesQuery"].startswith(name + "{")
    assert re.sub(rule["name"]["matches"], rule["name"]["as"].replace("$1", r"\1"), name) == name


def test_a_pod_has_time_to_finish_and_nothing_more_than_it_needs(container: dict[str, Any]) -> None:
    pod = _of("Deployment")["spec"]["template"]["spec"]
    shutdown = int(re.search(r"timeout_graceful_shutdown=(\d+)", Path(serve.__file__).read_text())[1])  # type: ignore[index]
    pause = int(re.search(r"sleep\((\d+)\)", container["lifecycle"]["preStop"]["exec"]["command"][-1])[1])  # type: ignore[index]
    assert pod["terminationGracePeriodSeconds"] > shutdown + pause
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert {volume["name"] for volume in pod["volumes"]} == {mounts["/tmp"]}, "the metrics' folder"


def test_the_parts_name_each_other() -> None:
    deployment, service, scaler, budget = map(
        _of, ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget")
    )
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"] == labels
    assert budget["spec"]["selector"]["matchLabels"] == labels
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert service["spec"]["ports"][0]["targetPort"] == "http"
    assert scaler["spec"]["minReplicas"] > budget["spec"]["minAvailable"]


def test_the_dockerfile_takes_what_the_ignore_file_lets_through() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "deploy/Dockerfile").read_text(), re.M)
    needed = {word.rstrip("/") for line in copied for word in line.split()}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert needed == allowed
    assert all((ROOT / name).exists() for name in needed)
    tags = re.findall(r"holdfast-serve:(\S+)", (ROOT / "deploy/Dockerfile").read_text())
    assert set(tags) == {__version__}
    user = re.search(r"^USER (\d+)", (ROOT / "deploy/Dockerfile").read_text(), re.M)
    assert user is not None
    assert int(user[1]) == _of("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
