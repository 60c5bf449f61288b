"""Serve rewards over HTTP.

usage: holdfast serve reward=NAME[,NAME…] [key=value …]

Keys:
  reward=NAME[,NAME…]   what is served, each at /v1/rewards/NAME; a YAML file is served under its stem
  host=127.0.0.1 port=8000 workers=1
  token=TEXT            bearer token; beyond loopback one is made and shown when none is given (or HOLDFAST_TOKEN)
  auth=false            serve beyond loopback without a token, written out
  max_queue=4096        samples that may wait per reward and worker; more get 429 with Retry-After
  deadline=60           longest wait for a verdict, in seconds
  max_body=33554432     largest request body, in bytes
  log=true              one JSON line on stderr for every request
  ors=TASKS.jsonl       also an Open Reward Standard environment (rows with prompt and reference; workers=1)

Endpoints: /v1/rewards/NAME/{score,score_batch,score_stream}, /openrlhf/NAME, /nemo_gym/NAME/…, /healthz, /readyz,
/metrics, /docs, /openapi.json.

examples:
  holdfast serve reward=math,code workers=2
  holdfast serve reward=mixture.yaml host=0.0.0.0 port=80 token=$TOKEN
"""

import os
import secrets
import signal
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(slots=True)
class Options:
    """Keys of `holdfast serve`."""

    reward: list[str]
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    token: str | None = None
    auth: bool = True
    max_queue: int = 4096
    deadline: float = 60.0
    max_body: int = 32 * 2**20
    log: bool = False
    ors: str | None = None


def run(paths: list[str], options: Options, _flags: Flags) -> int:
    """Serve until told to stop; SIGTERM finishes what was accepted."""
    if paths:
        raise UsageError(f"`holdfast serve` takes no path: {paths[0]!r}")
    if options.ors is not None and options.workers != 1:
        raise UsageError("an Open Reward Standard environment keeps sessions: it needs workers=1")
    for key in ("workers", "max_queue", "deadline", "max_body"):
        if not getattr(options, key) > 0:
            raise UsageError(f"{key}= must be more than 0, not {getattr(options, key):g}")
    from holdfast.serve.settings import Settings
    from holdfast.serve.workers import metrics_folder

    settings = Settings(
        rewards=_served(options),
        token=_token(options),
        max_body=options.max_body,
        max_queue=options.max_queue,
        deadline=options.deadline,
        log=options.log,
        ors=options.ors,
    )
    settings.build()
    settings.to_environment()
    _end_by_exit()
    with ExitStack() as stack:
        if options.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(stack.enter_context(metrics_folder()))
            stack.callback(os.environ.pop, "PROMETHEUS_MULTIPROC_DIR", None)
        _listen(options)
    return 0


def _served(options: Options) -> dict[str, str]:
    """Path segment → reward. Raises UsageError where two would have one address, or an environment two judges."""
    found: dict[str, str] = {}
    for name in options.reward:
        segment = Path(name).stem if name.endswith((".yaml", ".yml")) else name
        if segment in found:
            raise UsageError(f"{found[segment]!r} and {name!r} would both be served at /v1/rewards/{segment}")
        found[segment] = name
    if options.ors is not None and len(found) > 1:
        raise UsageError(f"an Open Reward Standard environment is judged by one reward, not {len(found)}")
    return found


def _listen(options: Options) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from holdfast.serve.sockets import SPREADS, Door
    from holdfast.serve.timeouts import BoundedProtocol

    config = uvicorn.Config(
        "holdfast.serve.app:make_app",
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        access_log=False,
        log_config=None,  # uvicorn's would close every handler of this process; see make_app
        backlog=2048,
        http=BoundedProtocol,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=120,
        timeout_worker_healthcheck=15,
    )
    with Door(options.host, options.port) if SPREADS else config.bind_socket() as door, suppress(KeyboardInterrupt):
        if options.workers > 1:
            Multiprocess(config, sockets=[door]).run()
        else:
            uvicorn.Server(config).run(sockets=[door])


def _end_by_exit() -> None:
    """uvicorn, once it has finished, sends itself the signal again that ended it: clean up rather than die of it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _exit)


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _token(options: Options) -> str | None:
    """The token: given, of the environment, or made when the server can be reached from elsewhere."""
    given = options.token or os.environ.get("HOLDFAST_TOKEN")
    if given or options.host in ("127.0.0.1", "localhost", "::1"):
        return given
    if not options.auth:
        return None
    made = secrets.token_urlsafe(24)
    print(f"holdfast: no token was given; made one: {made}", file=sys.stderr)
    return made
