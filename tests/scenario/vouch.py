"""A node's word for a member, and a holder that lies: written from
docs/PROTOCOL.md section 9, not from the C code."""
import base64
import datetime
import hashlib
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import tempfile
import threading


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key(path):
    der = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], capture_output=True, check=True)
    return der.stdout[-32:]


def sign(path, data):
    with tempfile.NamedTemporaryFile() as file:
        pathlib.Path(file.name).write_bytes(data)
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", path, "-in", file.name],
                              capture_output=True, check=True)
    return done.stdout


def time_text(seconds=0):
    return (datetime.datetime.utcnow() + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def jws(stem, payload):
    key = f"{stem}.sign.key"
    header = {"alg": "EdDSA", "typ": "rongxin-vouch+jws", "kid": hashlib.sha256(public_key(key)).digest()[:8].hex()}
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(payload).encode())}"
    return f"{text}.{b64(sign(key, text.encode()))}"


def jws_of_certificate(stem, kind, payload):
    """ES256 with the certificate in x5c (RFC 7515 §4.1.6), r and s side by side."""
    der = subprocess.run(["openssl", "x509", "-in", f"{stem}.crt", "-outform", "DER"], capture_output=True, check=True).stdout
    header = {"alg": "ES256", "typ": kind, "x5c": [base64.b64encode(der).decode()]}
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(payload).encode())}"
    with tempfile.NamedTemporaryFile() as file:
        pathlib.Path(file.name).write_text(text)
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"{stem}.key", file.name], capture_output=True, check=True).stdout
    raw, at = b"", 2
    for _ in range(2):
        length = made[at + 1]
        raw += made[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return f"{text}.{b64(raw)}"


def vouch(sender, holder, member, question, action="report", **other):
    """The payload; `other` puts another value in a member's place."""
    made = {"from": sender, "to": holder, "member": member, "certificate": "ab" * 32, "action": action,
            "time": time_text(), "nonce": secrets.token_hex(16), "question": question}
    made.update(other)
    return {k: v for k, v in made.items() if v is not None}


class Holder:
    """A server with the certificate of `stem` that answers whatever it is told."""

    def __init__(self, stem, ca, answer):
        self.asked = []
        holder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                holder.asked.append((self.path, body))
                try:
                    answer(self, body)
                except OSError:
                    pass

            def do_GET(self):
                holder.asked.append((self.path, b""))
                try:
                    answer(self, b"")
                except OSError:
                    pass

            def log_message(self, *words):
                pass

            def reply(self, status, kind, body):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
