"""Goes through the topics of MNS with its own SDK: walk.py URL ACCESS_KEY SECRET_KEY"""

import queue
import sys
import threading
import xml.etree.ElementTree as xml
from http.server import BaseHTTPRequestHandler, HTTPServer

from mns.account import Account
from mns.mns_exception import MNSExceptionBase, MNSServerException
from mns.mns_common import RequestInfo
from mns.subscription import SubscriptionMeta, SubscriptionNotifyContentFormat, SubscriptionNotifyStrategy
from mns.topic import Base64TopicMessage, DirectMailInfo, DirectSMSInfo, TopicMessage, TopicMeta

url, access_key, secret_key = sys.argv[1:]


def account(key=access_key, secret=secret_key, **more):
    return Account(url, key, secret, **more)


def refused(code, call, *arguments):
    """The SDK reads the code of a refusal, and no damaged answer."""
    try:
        call(*arguments)
    except MNSServerException as e:
        assert e.type == code, (e.type, code)
        assert len(e.req_id) == 24, e.req_id
        return e
    raise AssertionError("not refused with " + code)


class Endpoint(BaseHTTPRequestHandler):
    """What is subscribed: it keeps what it is sent."""

    received = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.put((self.path, self.headers, body))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = "http://127.0.0.1:%d" % server.server_port

mns = account(debug=True, security_token="ignored")
topic = mns.get_topic("MyTopic1")

# Topics.
location = topic.create(TopicMeta())
assert location == url + "/topics/MyTopic1", location
assert topic.create(TopicMeta()) == location, "the second time, too"
refused("TopicAlreadyExist", topic.create, TopicMeta(1024))
meta = topic.get_attributes()
assert (meta.topic_name, meta.maximum_message_size, meta.logging_enabled) == ("MyTopic1", 65536, False), str(meta)
assert (meta.message_count, meta.message_retention_period) == (0, 86400), str(meta)
assert len(str(meta.create_time)) == len(str(meta.last_modify_time)) == 10, str(meta)
topic.set_attributes(TopicMeta(2048, True))
meta = topic.get_attributes()
assert (meta.maximum_message_size, meta.logging_enabled) == (2048, True), str(meta)
refused("TopicNotExist", mns.get_topic("Other").get_attributes)
refused("TopicNotExist", mns.get_topic("Other").set_attributes, TopicMeta(2048))
refused("TopicNameInvalid", mns.get_topic("a.b").create, TopicMeta())
refused("InvalidArgument", mns.get_topic("small").create, TopicMeta(1))

for name in ("list-1", "list-2", "list-3"):
    mns.get_topic(name).create(TopicMeta())
listed, marker = [], ""
while True:
    page, marker = mns.list_topic("list-", 2, marker)
    listed += page
    if not marker:
        break
assert sorted(listed) == [url + "/topics/list-" + n for n in "123"], listed
assert mns.list_topic("nothing-")[0] == [], "an empty list"

# Subscriptions.
subscription = topic.get_subscription("MyTopic1-Sub1")
location = subscription.subscribe(SubscriptionMeta(endpoint))
assert location == url + "/topics/MyTopic1/subscriptions/MyTopic1-Sub1", location
assert subscription.subscribe(SubscriptionMeta(endpoint)) == location, "the second time, too"
refused("SubscriptionAlreadyExist", subscription.subscribe, SubscriptionMeta("http://127.0.0.1:10"))
meta = subscription.get_attributes()
assert (meta.topic_name, meta.subscription_name, meta.endpoint) == ("MyTopic1", "MyTopic1-Sub1", endpoint), str(meta)
assert (meta.notify_strategy, meta.notify_content_format) == ("BACKOFF_RETRY", "XML"), str(meta)
assert meta.topic_owner and len(str(meta.create_time)) == 10, str(meta)
assert not meta.filter_tag, str(meta)
subscription.set_attributes(SubscriptionMeta(notify_strategy=SubscriptionNotifyStrategy.EXPONENTIAL))
assert subscription.get_attributes().notify_strategy == "EXPONENTIAL_DECAY_RETRY"
topic.get_subscription("tagged").subscribe(
    SubscriptionMeta("https://example.com/a?b=c&d=e", SubscriptionNotifyStrategy.BACKOFF, SubscriptionNotifyContentFormat.SIMPLIFIED, "red")
)
meta = topic.get_subscription("tagged").get_attributes()
assert (meta.endpoint, meta.notify_content_format, meta.filter_tag) == ("https://example.com/a?b=c&d=e", "SIMPLIFIED", "red"), str(meta)
topic.get_subscription("mail").subscribe(SubscriptionMeta("mail:directmail:a@example.com"))
listed, marker = topic.list_subscription(ret_number=2)
rest, end = topic.list_subscription(ret_number=2, marker=marker)
assert [u.rsplit("/", 1)[1] for u in listed + rest] == ["MyTopic1-Sub1", "tagged", "mail"] and not end, listed + rest
refused("TopicNotExist", mns.get_topic("Other").get_subscription("s").subscribe, SubscriptionMeta("http://127.0.0.1:9"))
refused("SubscriptionNotExist", topic.get_subscription("other").get_attributes)
refused("EndpointInvalid", topic.get_subscription("queue").subscribe, SubscriptionMeta("acs:mns:cn-hangzhou:1000000000000001:queues/q"))

# Messages.
sums = ["075C3D4AEB2D2F2D6A4C17C9D6DBBEBB", "8356BC7FFBD22CC971BE7FF7427202B6", "3BCFB142A3CC597F5D409BFE9DB1B885"]
ids = set()
for i, md5 in enumerate(sums):
    answer = topic.publish_message(TopicMessage("I am test message %d." % i, "red"), RequestInfo("a request"))
    assert answer.message_body_md5 == md5, answer.message_body_md5
    ids.add(answer.message_id)
assert len(ids) == 3, ids
namespace = "{http://mns.aliyuncs.com/doc/v1/}"
for _ in sums:
    path, headers, body = Endpoint.received.get(timeout=60)
    assert path == "/notifications", path
    assert headers["x-mns-version"] == "2015-06-06" and headers["authorization"], headers
    told = {e.tag.replace(namespace, ""): e.text for e in xml.fromstring(body)}
    assert told["MessageId"] in ids, told
    ids.remove(told["MessageId"])
    assert told["Message"] == "I am test message %d." % sums.index(told["MessageMD5"]), told
    assert (told["TopicName"], told["SubscriptionName"], told["MessageTag"]) == ("MyTopic1", "MyTopic1-Sub1", "red"), told
assert not ids, ids
answer = topic.publish_message(Base64TopicMessage("I am test message 0."))
assert answer.message_body_md5 == "84183D9C916D4C19AB44686D17DE5036", answer.message_body_md5
topic.publish_message(TopicMessage("<a> & \"b\" \u00e4\u4e2d", direct_mail=DirectMailInfo("a@example.com", "Hello", 0, 0, 0), direct_sms=DirectSMSInfo("sign", "template", False)))
refused("InvalidArgument", topic.publish_message, TopicMessage("a" * 2049))
refused("TopicNotExist", mns.get_topic("Other").publish_message, TopicMessage("a"))

# Keys.
refused("InvalidAccessKeyId", account(key="unknown").get_topic("MyTopic1").get_attributes)
refused("SignatureDoesNotMatch", account(secret="wrong").get_topic("MyTopic1").get_attributes)

# The end.
subscription.unsubscribe()
subscription.unsubscribe()
topic.delete()
topic.delete()
refused("TopicNotExist", topic.get_attributes)
try:
    topic.get_attributes()
except MNSExceptionBase as e:
    print("ok", e)
