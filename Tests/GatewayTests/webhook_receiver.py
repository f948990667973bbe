"""A service that takes events, as the library of Standard Webhooks itself verifies them.

usage: webhook_receiver.py PORT SECRET [CERTAINLY_OLDER_SECRET]     0: any free port, printed first; every request becomes one line of JSON

A line has path, id, verified (which of the secrets verify it, by position), body as it came, and the status of the answer. Which statuses
a path is answered with stands in it: /s/500,500,200 answers the first two requests with 500 and every further one with 200; 0 reads the
request and answers nothing.
"""
import collections
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

secrets = sys.argv[2:]
lock = threading.Lock()
seen = collections.Counter()


def verifies(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        statuses = [int(word) for word in self.path.split("/")[-1].split(",")]
        with lock:
            status = statuses[min(seen[self.path], len(statuses) - 1)]
            seen[self.path] += 1
            line = {
                "path": self.path, "id": headers.get("webhook-id"), "status": status, "body": body, "type": headers.get("content-type"),
                "verified": [n for n, secret in enumerate(secrets) if verifies(secret, body, headers)],
                "signatures": len(headers.get("webhook-signature", "").split(" ")),
                "age": time.time() - int(headers.get("webhook-timestamp", "0")),
            }
            print(json.dumps(line), flush=True)
        if status == 0:
            time.sleep(20)
            return
        self.send_response(status)
        if status in (301, 302, 307, 308):
            self.send_header("Location", "/s/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
