"""
Requests that nobody sends by accident: what each is called, its bytes, and what it gets.

An answer is a status and, if it is a problem, its code. `closed` stands for a
connection that is closed without a word.
"""

import gzip
import json
import zlib
from typing import Final

MARK: Final = b"zurriago"
"""Is in every request, and must be in no log line."""

CLOSE: Final = b"Connection: close\r\n"
HOST: Final = b"Host: example.test\r\n"
MIB: Final = 1024 * 1024

MALFORMED: Final = "400 malformed_request"
TOO_LARGE: Final = "431 headers_too_large"
NOT_FOUND: Final = "404 not_found"
NO_TASK: Final = "404 task_not_found"
NOT_ALLOWED: Final = "405 method_not_allowed"
TOO_MUCH: Final = "413 body_too_large"
OTHER_MEDIA: Final = "415 unsupported_media_type"
NO_JSON: Final = "422 malformed_json"
INVALID: Final = "422 validation_error"
OK: Final = "200"
ACCEPTED: Final = "202"

Table = dict[str, tuple[bytes, str]]


def get(target: bytes = b"/version", *lines: bytes, host: bytes = HOST, version: bytes = b"HTTP/1.1") -> bytes:
    """Ask for *target*, with more header *lines*."""
    return start(b"GET " + target + b" " + version, *lines, host=host) + b"\r\n"


def start(line: bytes, *lines: bytes, host: bytes = HOST) -> bytes:
    """Begin a request, and leave its head open."""
    return line + b"\r\n" + host + b"X-Mark: " + MARK + b"\r\n" + CLOSE + b"".join(more + b"\r\n" for more in lines)


def head(*lines: bytes, media: bytes = b"application/json", to: bytes = b"/process_document/") -> bytes:
    """Announce a document."""
    return start(b"POST " + to + b" HTTP/1.1", b"Content-Type: " + media, *lines) + b"\r\n"


def post(body: bytes, *lines: bytes, media: bytes = b"application/json", to: bytes = b"/process_document/") -> bytes:
    """Send *body* as a document."""
    return head(b"Content-Length: %d" % len(body), *lines, media=media, to=to) + body


def chunked(chunks: bytes, *lines: bytes) -> bytes:
    """Send a document in *chunks*, whatever they look like."""
    return head(b"Transfer-Encoding: chunked", *lines) + chunks


def document(content: str = "La biblioteca abre hoy.", **members: object) -> bytes:
    """Return the body of a document."""
    return json.dumps({"content": f"{MARK.decode()} {content}"} | members).encode()


BODY: Final = document()
LENGTH: Final = b"Content-Length: %d" % len(BODY)
IN_CHUNKS: Final = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED: Final = b"GET /models?" + MARK + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"

REQUEST_LINES: Final[Table] = {
    "no HTTP at all": (b"\x00\xff" * 20 + MARK, MALFORMED),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + MARK, MALFORMED),
    "another protocol": (b"*1\r\n$4\r\nINFO\r\n" + MARK, MALFORMED),
    "a proxy's own first line": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get(), MALFORMED),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + MARK, MALFORMED),
    "HTTP/2.0 in letters": (get(version=b"HTTP/2.0"), MALFORMED),
    "HTTP/1.2": (get(version=b"HTTP/1.2"), MALFORMED),
    "HTTP/1.0": (get(version=b"HTTP/1.0", host=b""), OK),
    "HTTP/0.9": (b"GET /version?" + MARK + b"\r\n\r\n", MALFORMED),
    "HTTP/0.9 with a head": (start(b"GET /version") + b"\r\n", MALFORMED),
    "HTTP/0.9 that ends in LF, with a head": (
        b"GET /version\n" + HOST + CLOSE + b"X: " + MARK + b"\r\n\r\n",
        MALFORMED,
    ),
    "no version": (start(b"GET /version ") + b"\r\n", MALFORMED),
    "a method in small letters": (start(b"get /version HTTP/1.1") + b"\r\n", MALFORMED),
    "an invented method": (start(b"ZURRIAGO /version HTTP/1.1") + b"\r\n", MALFORMED),
    "TRACE": (start(b"TRACE /version HTTP/1.1") + b"\r\n", NOT_ALLOWED),
    "PROPFIND": (start(b"PROPFIND /version HTTP/1.1") + b"\r\n", NOT_ALLOWED),
    "CONNECT": (start(b"CONNECT example.test:443 HTTP/1.1") + b"\r\n", MALFORMED),
    "CONNECT to a path": (start(b"CONNECT /version HTTP/1.1") + b"\r\n" + SMUGGLED, MALFORMED),
    "tabs for blanks": (start(b"GET\t/version\tHTTP/1.1") + b"\r\n", MALFORMED),
    "a blank after the version": (start(b"GET /version HTTP/1.1 ") + b"\r\n", MALFORMED),
    "a blank before the method": (b" " + get(), MALFORMED),
}

TARGETS: Final[Table] = {
    "no slash": (get(b"version"), MALFORMED),
    "everything": (get(b"*"), NOT_FOUND),
    "a blank inside": (get(b"/ver sion"), MALFORMED),
    "letters beyond ASCII": (get("/versión".encode()), MALFORMED),
    "NUL": (get(b"/version\0"), MALFORMED),
    "NUL, encoded": (get(b"/document_status/%00"), NO_TASK),
    "no UTF-8, encoded": (get(b"/document_status/%ff%fe"), NO_TASK),
    "a line break, encoded": (get(b"/models%0d%0aX-Mark:%20" + MARK), NOT_FOUND),
    "a percent sign alone": (get(b"/%"), NOT_FOUND),
    "a fragment": (get(b"/version#/../models"), MALFORMED),
    "upwards": (get(b"/document_status/../../etc/passwd"), NO_TASK),
    "upwards, encoded": (get(b"/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), NOT_FOUND),
    "upwards, as Windows does": (get(b"/docs/..%5c..%5cwin.ini"), NOT_FOUND),
    "two slashes": (get(b"//example.org/version"), NOT_FOUND),
    "parameters of a path": (get(b"/version;x=" + MARK), NOT_FOUND),
    "a long path": (get(b"/" + b"a" * 60_000), NOT_FOUND),
    "a longer path": (get(b"/" + b"a" * 70_000), TOO_LARGE),
    "a long query": (get(b"/version?" + b"a" * 60_000), OK),
    "a longer query": (get(b"/version?" + b"a" * 10 * MIB), TOO_LARGE),
    "thousands of parameters": (get(b"/tasks?" + b"a&" * 30_000), TOO_LARGE),
    "a number without end": (get(b"/tasks?page_size=" + b"9" * 5_000), INVALID),
    "a page's token of one's own": (get(b"/tasks?page_token=%00" + MARK), "422 invalid_page_token"),
    "this host, in full": (get(b"http://example.test/version"), OK),
    "another host, in full": (get(b"http://example.org/version"), MALFORMED),
    "another host, with a name": (get(b"http://example.test@example.org/version"), MALFORMED),
    "another scheme": (get(b"ftp://example.test/version"), MALFORMED),
}

HOSTS: Final[Table] = {
    "none": (get(host=b""), MALFORMED),
    "an empty one": (get(host=b"Host:\r\n"), MALFORMED),
    "two": (get(host=HOST + b"Host: example.org\r\n"), MALFORMED),
    "twice the same": (get(host=HOST * 2), MALFORMED),
    "two in one line": (get(host=b"Host: example.test, example.org\r\n"), MALFORMED),
    "with a name and a path": (get(host=b"Host: a@example.org/x?y#z\r\n"), MALFORMED),
    "half an address": (get(host=b"Host: [::1\r\n"), MALFORMED),
    "a port that is none": (get(host=b"Host: example.test:http\r\n"), MALFORMED),
    "beyond ASCII": (get(host="Host: exámple.test\r\n".encode()), MALFORMED),
    "an address": (get(host=b"Host: [2001:db8::1]:8080\r\n"), OK),
}

HEADERS: Final[Table] = {
    "lines that end in LF": (get().replace(b"\r\n", b"\n"), MALFORMED),
    "one line that ends in LF": (get(b"/version", b"A: b\nX-Api-Key: " + MARK), MALFORMED),
    "one line that ends in CR": (get(b"/version", b"A: b\rX-Api-Key: " + MARK), MALFORMED),
    "a folded line": (get(b"/version", b"A: b\r\n " + MARK), MALFORMED),
    "a folded first line": (get(host=b" folded: x\r\n" + HOST), MALFORMED),
    "a blank before the colon": (get(b"/version", b"A : " + MARK), MALFORMED),
    "no colon": (get(b"/version", MARK), MALFORMED),
    "no name": (get(b"/version", b": " + MARK), MALFORMED),
    "a name beyond ASCII": (get(b"/version", "Ñ: x".encode()), MALFORMED),
    "NUL in a name": (get(b"/version", b"A\0: b"), MALFORMED),
    "NUL in a value": (get(b"/version", b"A: \0" + MARK), MALFORMED),
    "a control character": (get(b"/version", b"A: \x01" + MARK), MALFORMED),
    "Latin-1 in a value": (get(b"/version", b"A: \xe9" + MARK), OK),
    "a large one": (get(b"/version", b"A: " + b"a" * 60_000), OK),
    "a larger one": (get(b"/version", b"A: " + b"a" * 70_000), TOO_LARGE),
    "a huge one": (get(b"/version", b"A: " + b"a" * 10 * MIB), TOO_LARGE),
    "ten thousand": (get(b"/version", *[b"A: b"] * 10_000), TOO_LARGE),
    "thousands of addresses": (get(b"/version", b"X-Forwarded-For: " + b"127.0.0.1," * 6_000), OK),
    "thousands of cookies": (get(b"/version", b"Cookie: " + b"a=b;" * 15_000), OK),
}

LENGTHS: Final[Table] = {
    "twice the same": (head(LENGTH, LENGTH) + BODY, MALFORMED),
    "two": (head(LENGTH, b"Content-Length: 0") + BODY, MALFORMED),
    "a list": (head(LENGTH + b", " + LENGTH[16:]) + BODY, MALFORMED),
    "negative": (head(b"Content-Length: -1") + BODY, MALFORMED),
    "with a sign": (head(LENGTH.replace(b": ", b": +")) + BODY, MALFORMED),
    "hexadecimal": (head(b"Content-Length: 0x%x" % len(BODY)) + BODY, MALFORMED),
    "empty": (head(b"Content-Length:") + BODY, MALFORMED),
    "more than numbers hold": (head(b"Content-Length: " + b"9" * 30), MALFORMED),
    "more than disks hold": (head(b"Content-Length: 9223372036854775808"), TOO_MUCH),
    "a byte too much": (post(b" " * (2 * MIB + 1)), TOO_MUCH),
    "blanks around it": (head(LENGTH + b" \t ") + BODY, ACCEPTED),
    "with leading zeros": (head(LENGTH.replace(b": ", b": 000")) + BODY, ACCEPTED),
    "too short": (head(b"Content-Length: 2") + BODY, NO_JSON),
    "of a GET": (get(b"/version", b"Content-Length: 5") + b"hello" + SMUGGLED, OK),
}

CODINGS: Final[Table] = {
    "chunked and a length": (chunked(IN_CHUNKS, LENGTH), MALFORMED),
    "a length and chunked": (head(LENGTH, b"Transfer-Encoding: chunked") + IN_CHUNKS, MALFORMED),
    "chunked twice": (chunked(IN_CHUNKS, b"Transfer-Encoding: chunked"), MALFORMED),
    "chunked twice in one line": (head(b"Transfer-Encoding: chunked, chunked") + IN_CHUNKS, MALFORMED),
    "chunked, then gzip": (head(b"Transfer-Encoding: chunked, gzip") + IN_CHUNKS, MALFORMED),
    "gzip, then chunked": (head(b"Transfer-Encoding: gzip, chunked") + IN_CHUNKS, MALFORMED),
    "identity and a length": (head(b"Transfer-Encoding: identity", LENGTH) + BODY, MALFORMED),
    "nearly chunked, and a length": (head(b"Transfer-Encoding: xchunked", LENGTH) + BODY, MALFORMED),
    "chunked behind a control character": (head(b"Transfer-Encoding: \x0bchunked") + IN_CHUNKS, MALFORMED),
    "chunked in quotes": (head(b'Transfer-Encoding: "chunked"') + IN_CHUNKS, MALFORMED),
    "nothing, and a length": (head(b"Transfer-Encoding:", LENGTH) + BODY, MALFORMED),
    "chunked in HTTP/1.0": (chunked(IN_CHUNKS).replace(b"HTTP/1.1", b"HTTP/1.0"), MALFORMED),
    "chunked in capitals": (head(b"Transfer-Encoding: CHUNKED") + IN_CHUNKS, ACCEPTED),
    "chunked with an underscore": (head(b"Transfer_Encoding: chunked", LENGTH) + BODY, ACCEPTED),
}

CHUNKS: Final[Table] = {
    "a size that is none": (chunked(b"zz\r\n" + MARK), MALFORMED),
    "no size": (chunked(b"\r\n" + MARK), MALFORMED),
    "a negative size": (chunked(b"-1\r\n" + MARK), MALFORMED),
    "a size with 0x": (chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), MALFORMED),
    "a size beyond numbers": (chunked(b"f" * 17 + b"\r\n" + MARK), MALFORMED),
    "a blank before the size": (chunked(b" " + IN_CHUNKS), MALFORMED),
    "a blank after the size": (chunked(IN_CHUNKS.replace(b"\r\n", b" \r\n", 1)), MALFORMED),
    "lines that end in LF": (chunked(IN_CHUNKS.replace(b"\r\n", b"\n")), MALFORMED),
    "nothing between two": (chunked(b"5\r\nhello5\r\nhello\r\n0\r\n\r\n"), MALFORMED),
    "a line break in an extension": (chunked(IN_CHUNKS.replace(b"\r\n", b";a\nb\r\n", 1)), MALFORMED),
    "an extension": (chunked(IN_CHUNKS.replace(b"\r\n", b";a=b\r\n", 1)), ACCEPTED),
    "a huge extension": (chunked(b"1;" + b"a" * MIB), TOO_LARGE),
    "a trailer": (chunked(IN_CHUNKS[:-2] + b"Idempotency-Key: \x80\r\n\r\n"), ACCEPTED),
    "a trailer with a length": (chunked(IN_CHUNKS[:-2] + LENGTH + b"\r\n\r\n"), MALFORMED),
    "huge trailers": (chunked(IN_CHUNKS[:-2] + b"A: " + b"a" * MIB), TOO_LARGE),
    "thousands, of a byte each": (chunked(b"1\r\n \r\n" * 50_000 + IN_CHUNKS), ACCEPTED),
    "more than is accepted": (chunked(b"10000\r\n" + (b" " * 65536 + b"\r\n10000\r\n") * 40), TOO_MUCH),
}

BODIES: Final[Table] = {
    "none": (post(b""), INVALID),
    "no JSON": (post(b"content=" + MARK), NO_JSON),
    "cut off": (post(BODY[:-1]), NO_JSON),
    "two values": (post(BODY + BODY), NO_JSON),
    "a comment": (post(b"/* " + MARK + b" */" + BODY), NO_JSON),
    "a list": (post(b"[" + BODY + b"]"), INVALID),
    "nested deeply": (post(b'{"content":' + b"[" * 100_000), NO_JSON),
    "nested more deeply": (post(b'{"content":' + b'{"a":' * 300_000), NO_JSON),
    "two megabytes of values": (post(b'{"content":[' + b"[]," * 600_000 + b"0]}"), NO_JSON),
    "a number of five thousand digits": (post(b'{"content":' + b"9" * 5_000 + b"}"), NO_JSON),
    "a number that is none": (post(document()[:-1] + b', "max_attempts": NaN}'), INVALID),
    "a number beyond numbers": (post(document()[:-1] + b', "max_attempts": 1e999}'), INVALID),
    "a member of another language": (post(document(__proto__={"admin": True})), INVALID),
    "a thousand members": (post(json.dumps({f"m{n}": n for n in range(1_000)}).encode()), INVALID),
    "half a character": (post(document("\ud800")), INVALID),
    "NUL": (post(document("\0")), INVALID),
    "a megabyte and a byte": (post(document("x" * MIB)), INVALID),
    "Latin-1": (post('{"content": "año"}'.encode("latin-1")), NO_JSON),
    "as text": (post(BODY, media=b"text/plain"), OTHER_MEDIA),
    "as a form": (post(b"content=" + MARK, media=b"application/x-www-form-urlencoded"), OTHER_MEDIA),
    "in parts": (post(b"--a\r\n\r\n" + MARK, media=b"multipart/form-data; boundary=a"), OTHER_MEDIA),
    "as two things": (post(BODY, media=b"application/json, text/html"), OTHER_MEDIA),
    "with a charset that nobody has": (post(BODY, media=b"application/json; charset=" + MARK), ACCEPTED),
    "with endless parameters": (post(BODY, media=b"application/json" + b";a*0=b" * 9_000), ACCEPTED),
    "a bomb": (post(gzip.compress(bytes(10 * MIB)), b"Content-Encoding: gzip"), OTHER_MEDIA),
    "a bomb in a bomb": (
        post(gzip.compress(gzip.compress(bytes(10 * MIB))), b"Content-Encoding: gzip, gzip"),
        OTHER_MEDIA,
    ),
    "deflated": (post(zlib.compress(BODY), b"Content-Encoding: deflate"), OTHER_MEDIA),
    "in Brotli": (post(b"\x1b" + BODY, b"Content-Encoding: br"), OTHER_MEDIA),
    "compressed, nobody says": (post(gzip.compress(BODY)), NO_JSON),
    "for an endpoint that takes none": (post(BODY, to=b"/tasks/" + MARK + b"/cancel"), NO_TASK),
    "for nobody": (post(BODY, to=b"/" + MARK), NOT_FOUND),
}

BELIEFS: Final[Table] = {
    "a method in a header": (get(b"/version", b"X-HTTP-Method-Override: DELETE", b"X-Method: DELETE"), OK),
    "a method in the query": (get(b"/version?_method=DELETE"), OK),
    "a path in a header": (get(b"/version", b"X-Original-URL: /internal/sweep", b"X-Rewrite-URL: /x"), OK),
    "an address of one's own": (get(b"/version", b"X-Forwarded-For: 127.0.0.1, \0x", b"X-Real-IP: ::1"), MALFORMED),
    "addresses that are none": (get(b"/version", b"X-Forwarded-For: ,,unknown,[::1,-1:99999", b"Forwarded: x"), OK),
    "a scheme that is none": (get(b"/version", b"X-Forwarded-Proto: javascript", b"X-Forwarded-Host: a/b"), OK),
    "a part of an answer": (get(b"/version", b"Range: bytes=0-0,2-2", b"If-Range: x"), OK),
    "an answer under conditions": (
        get(b"/version", b'If-Match: "x"', b"If-None-Match: *", b"If-Modified-Since: x"),
        OK,
    ),
    "a key without end": (post(BODY, b"Idempotency-Key: " + b"k" * 60_000), INVALID),
    "two keys": (post(BODY, b"Idempotency-Key: " + MARK, b"Idempotency-Key: b"), INVALID),
    "a key beyond ASCII": (post(BODY, b"Idempotency-Key: \xc3\xb1" + MARK), INVALID),
    "an id that would break a header": (get(b"/version", b"X-Request-Id: \x80%0d%0aX-A:" + MARK), OK),
    "an id without end": (get(b"/version", b"X-Request-Id: " + MARK * 6_000), OK),
    "a trace without end": (get(b"/version", b"traceparent: 00-" + b"0" * 60_000), OK),
    "a sweep": (post(b"", b"Authorization: Bearer " + MARK, to=b"/internal/sweep"), "403 not_permitted"),
    "another expectation": (head(b"Expect: " + MARK, LENGTH) + BODY, ACCEPTED),
    "leave to send": (head(b"Expect: 100-continue", LENGTH) + BODY, "100, 202"),
    "leave to send too much": (head(b"Expect: 100-continue", b"Content-Length: 9999999"), TOO_MUCH),
}

CONNECTIONS: Final[Table] = {
    "a request after the last": (get() + SMUGGLED, OK),
    "garbage after a request": (get().replace(CLOSE, b"") + b"\0" + MARK, OK),
    "garbage after a body": (post(BODY).replace(CLOSE, b"") + b"\0" + MARK, ACCEPTED),
    "three at once": (get().replace(CLOSE, b"") * 2 + get(), "200, 200, 200"),
    "a hundred at once": (get().replace(CLOSE, b"") * 100, ", ".join(["200"] * 17)),
    "empty lines before": (b"\r\n\r\n" + get(), OK),
    "empty lines without end": (b"\r\n" * MIB, TOO_LARGE),
    "HTTP/2, and a request for a body": (
        head(b"Upgrade: h2c", b"Connection: Upgrade", b"Content-Length: %d" % len(SMUGGLED)) + SMUGGLED,
        NO_JSON,
    ),
    "HTTP/2, please": (get(b"/version", b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings"), OK),
    "TLS, please": (get(b"/version", b"Upgrade: TLS/1.0", b"Connection: Upgrade") + SMUGGLED, OK),
}

HANG_UPS: Final[dict[str, bytes]] = {
    "before a byte": b"",
    "in a method": b"GE",
    "in a header": start(b"GET /version HTTP/1.1", b"A: " + MARK)[:-2],
    "before a body": head(LENGTH),
    "in a body": head(LENGTH) + BODY[:-1],
    "before a chunk": chunked(b""),
    "in a chunk": chunked(IN_CHUNKS[:10]),
    "in a trailer": chunked(IN_CHUNKS[:-2] + b"A: " + MARK),
    "before leave to send": head(LENGTH, b"Expect: 100-continue"),
}

TABLE: Final[Table] = {
    f"{kind}: {name}": row
    for kind, rows in {
        "line": REQUEST_LINES,
        "target": TARGETS,
        "host": HOSTS,
        "headers": HEADERS,
        "length": LENGTHS,
        "coding": CODINGS,
        "chunks": CHUNKS,
        "body": BODIES,
        "belief": BELIEFS,
        "connection": CONNECTIONS,
    }.items()
    for name, row in rows.items()
}
