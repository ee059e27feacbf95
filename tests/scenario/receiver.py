"""A bank's server that takes webhooks: checks every signature, refuses on demand."""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time


class Receiver:
    def __init__(self, cert, key, secret):
        self.secret, self.pages, self.status = secret, [], 204
        self.times, self.calls, self.wrong = [], 0, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.take(self.headers, body)
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, headers, body):
        self.calls += 1
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        if headers["webhook-signature"] != wanted or abs(time.time() - int(headers["webhook-timestamp"])) > 60:
            self.wrong.append(dict(headers))
        if 200 <= self.status < 300:
            self.pages.append(json.loads(body))
            self.times.append(time.time())

    @property
    def events(self):
        return [event for page in list(self.pages) for event in page["events"]]

    @property
    def url(self):
        return f"https://127.0.0.1:{self.server.server_port}/events"

    @property
    def text(self):
        return "whsec_" + base64.b64encode(self.secret).decode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
