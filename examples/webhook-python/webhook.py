"""An endpoint for the messages of one topic: it checks their signatures, confirms
its subscription by itself, and prints what is published. It needs Python 3.9 or
later and nothing else.

    python3 examples/webhook-python/webhook.py 127.0.0.1:9000 urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts
"""

import base64
import datetime
import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import urllib.error
import urllib.request

# Certificates are fetched from here and nowhere else, whatever a message says.
SERVICE = os.environ.get("TOCSIN_ENDPOINT", "http://127.0.0.1:8080").rstrip("/")
CERTIFICATE = re.compile(
    re.escape(SERVICE) + r"/(smn/[A-Za-z0-9_-][A-Za-z0-9_.-]*\.pem|v2/notifications/certifications/download/[A-Za-z0-9_-][A-Za-z0-9_.-]*)"
)
MAX_BODY = 2 << 20  # a message has up to 256 KiB, in JSON up to six times that


class Forged(Exception):
    """The message is not as the service wrote it, and stays so: answer 403."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirect)
keys = {}  # by the URL of their certificate: not before, not after, n, e


def verify(body):
    """The message in a body if it is genuine, else Forged; OSError when the certificate
    cannot be had."""
    try:
        message = json.loads(body)
        signature = base64.b64decode(message["signature"], validate=True)
        text = signed_text(message)
        version, where = message["signature_version"], message["signing_cert_url"]
        if version != "v1" or not CERTIFICATE.fullmatch(where):
            raise Forged
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Forged from None
    not_before, not_after, n, e = key(where)
    if not not_before <= datetime.datetime.now(datetime.timezone.utc) <= not_after:
        raise Forged
    if not fits(n, e, text, signature):
        raise Forged
    return message


def signed_text(message):
    """What a signature covers: fields with their names, in the order of the names."""
    names = {
        "Notification": ["message_id", "subject", "timestamp", "topic_urn", "type"],
        "SubscriptionConfirmation": ["message_id", "subscribe_url", "timestamp", "topic_urn", "type"],
        "UnsubscribeConfirmation": ["message_id", "subscribe_url", "timestamp", "topic_urn", "type"],
    }[message["type"]]
    lines = ["message", message["message"]]
    for name in names:
        value = message.get("subject", "") if name == "subject" else message[name]
        if "\n" in value or "\r" in value:
            raise Forged  # it could be cut in two at another place
        if value or name != "subject":
            lines += [name, value]
    return "".join(line + "\n" for line in lines).encode()


def fits(n, e, text, signature):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017). With the package cryptography this, and
    what reads the certificate, are two calls."""
    size = (n.bit_length() + 7) // 8
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text).digest()
    block = b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest
    number = int.from_bytes(signature, "big")
    return len(signature) == size and number < n and pow(number, e, n).to_bytes(size, "big") == block


def key(where):
    """The key of a certificate, fetched when it is first needed."""
    if where not in keys:
        try:
            with opener.open(where, timeout=5) as answer:
                pem = answer.read(64 << 10).decode("ascii", "replace")
        except urllib.error.HTTPError as answer:
            if answer.code in (404, 410):
                raise Forged from None
            raise
        if len(keys) >= 16:
            keys.clear()
        try:
            keys[where] = key_of(ssl.PEM_cert_to_DER_cert(pem))
        except (ValueError, LookupError):
            raise OSError("the certificate cannot be read") from None
    return keys[where]


def key_of(certificate):
    """Validity and RSA key of a certificate (RFC 5280)."""
    fields = list(parts(next(parts(next(parts(certificate))[1]))[1]))
    validity, _, public = fields[4][1], fields[5], fields[6][1]  # behind version, serial number, algorithm, issuer
    not_before, not_after = (
        datetime.datetime.strptime(value.decode(), "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        for tag, value in parts(validity)
    )
    (_, algorithm), (_, bits) = parts(public)
    if next(parts(algorithm))[1] != bytes.fromhex("2a864886f70d010101"):
        raise ValueError("no key of RSA")
    (_, n), (_, e) = parts(next(parts(bits[1:]))[1])
    return not_before, not_after, int.from_bytes(n, "big"), int.from_bytes(e, "big")


def parts(der):
    """Tag and content of each element in DER."""
    while der:
        tag, size, at = der[0], der[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(der[2:at], "big")
        yield tag, der[at : at + size]
        der = der[at + size :]


class Webhook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self):
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal() or int(size) > MAX_BODY:
            self.close_connection = True
            return self.answer(413, "a message has 2 MiB at most, and says so")
        body = self.rfile.read(int(size))
        try:
            message = verify(body)
            if message["topic_urn"] != TOPIC:
                raise Forged
            if message["type"] == "SubscriptionConfirmation":
                # The link was signed by the service, and so leads to it.
                opener.open(message["subscribe_url"], timeout=5).close()
                print("subscribed to", TOPIC, flush=True)
            elif message["type"] == "Notification":
                # A message can come twice: whoever acts on it remembers its id.
                print(f"{message['message_id']} {message.get('subject', '')}: {message['message']}", flush=True)
        except Forged:
            return self.answer(403, "this is not a message for us")
        except (OSError, ValueError):  # the service tries again
            return self.answer(503, "the service cannot be asked")
        self.answer(200, "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: webhook.py ADDRESS TOPIC_URN")
    (host, _, port), TOPIC = sys.argv[1].rpartition(":"), sys.argv[2]
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        http.server.ThreadingHTTPServer((host, int(port)), Webhook).serve_forever()
    except KeyboardInterrupt:
        pass
