"""`/v1/completions` of a small model in this process, in the words of vLLM that TRL's AsyncGRPO speaks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Served:
    """A model that answers over HTTP, and TRL's `WeightTransferProtocol` for it: new weights are copied in."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.lock = threading.Lock()
        self.url = ""
        self.updates = 0

    def completed(self, body: dict[str, Any]) -> dict[str, Any]:
        """One sampled completion with its tokens and their log-probabilities."""
        import torch

        prompt = torch.tensor([body["prompt"]])
        with self.lock, torch.no_grad():
            found = self.model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=body["max_tokens"],
                do_sample=True,
                temperature=body["temperature"],
                top_k=0,
                return_dict_in_generate=True,
                output_scores=True,
            )
        tokens = found.sequences[0, prompt.shape[1] :].tolist()
        logs = [float(step[0].log_softmax(-1)[token]) for step, token in zip(found.scores, tokens, strict=True)]
        return {"choices": [{"token_ids": tokens, "logprobs": {"token_logprobs": logs}}]}

    def send_weights(self, iterator: Iterator[tuple[str, Any]]) -> None:
        """Take the trainer's weights."""
        with self.lock:
            self.model.load_state_dict({name: tensor.float() for name, tensor in iterator}, strict=False)
        self.updates += 1

    def init_weight_transfer(self) -> None:
        """Nothing to set up within one process."""

    pause = resume = destroy = init_weight_transfer


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The model of `folder` at `.url`."""
    served = Served(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            text = json.dumps(served.completed(body)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *words: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield served
        server.shutdown()
        thread.join()
