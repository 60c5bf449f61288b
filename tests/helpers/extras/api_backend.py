"""Run in an environment with `[eval]` alone: `holdfast eval` against a chat server of lm-eval's API backend."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Chat(BaseHTTPRequestHandler):
    """Answers every chat completion with 42."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "42"}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}/v1/chat/completions"
words = ["backend=local-chat-completions", f"backend_args.base_url={url}", "model=any", "suite=tiny"]
command = [sys.executable, "-m", "holdfast", "eval", *words, "limit=2", "out=api"]
sys.exit(subprocess.run(command, check=False).returncode)
