"""Public messaging APIs, imitated on the loopback from their public documentation.

usage: imitations.py PORT     0: any free one, printed first; every request becomes one line of JSON on standard output

Each handler checks authentication, content type and required fields, and answers the documented bodies. Which error is asked for
stands in the recipient's address, as with the providers' own test numbers.
"""
import base64
import datetime
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "5ecret-of-the-tests"
lock = threading.Lock()


class Refusal(Exception):
    def __init__(self, status, body, headers=None):
        self.answer = (status, body, headers or {})


def need(condition, *refusal):
    if not condition:
        raise Refusal(*refusal)


def form(request):
    need(request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"), 415, {"error": "form expected"})
    return dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def document(request):
    need(request.headers.get("Content-Type", "").startswith("application/json"), 415, {"error": "JSON expected"})
    return json.loads(request.body)


def bearer(request):
    return request.headers.get("Authorization") == "Bearer " + SECRET


def twilio(request):
    """https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource"""
    account = request.path.split("/")[3]
    error = lambda status, code, text: (
        status, {"code": code, "message": text, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status})
    expected = "Basic " + base64.b64encode(f"{account}:{SECRET}".encode()).decode()
    need(request.headers.get("Authorization") == expected, *error(401, 20003, "Authenticate"))
    fields = form(request)
    need(fields.get("To"), *error(400, 21604, "A 'To' phone number is required."))
    need(fields.get("From") or fields.get("MessagingServiceSid"), *error(400, 21603, "A 'From' phone number is required."))
    need(fields.get("Body"), *error(400, 21602, "Message body is required."))
    need(len(fields["Body"]) <= 1600, *error(400, 21617, "The concatenated message body exceeds the 1600 character limit"))
    if "ValidityPeriod" in fields:
        need(1 <= int(fields["ValidityPeriod"]) <= 36000, *error(400, 21620, "Invalid ValidityPeriod"))
    # https://www.twilio.com/docs/iam/test-credentials#test-sms-messages-parameters-To
    magic = {
        "+15005550001": (400, 21211, "The 'To' number +15005550001 is not a valid phone number."),
        "+15005550002": (400, 21612, "The 'To' phone number: +15005550002, is not currently reachable"),
        "+15005550003": (400, 21408, "Permission to send an SMS has not been enabled for the region"),
        "+15005550004": (400, 21610, "Attempt to send to unsubscribed recipient"),
        "+15005550009": (400, 21614, "'To' number: +15005550009, is not a valid mobile number"),
        "+15005550429": (429, 20429, "Too Many Requests"),
        "+15005550500": (500, 20500, "Internal Server Error"),
        "+15005550503": (503, 20503, "Service Unavailable"),
    }
    if fields["To"] in magic:
        raise Refusal(*error(*magic[fields["To"]]))
    return 201, {
        "account_sid": account, "api_version": "2010-04-01", "body": fields["Body"], "direction": "outbound-api",
        "error_code": None, "error_message": None, "from": fields.get("From"), "num_segments": "1", "sid": "SM" + "0" * 31 + "1",
        "status": "queued", "to": fields["To"], "uri": f"/2010-04-01/Accounts/{account}/Messages/SM1.json"}


def vonage(request):
    """https://developer.vonage.com/en/api/sms"""
    fields = form(request)
    status = lambda code, text: (200, {"message-count": "1", "messages": [{"status": code, "error-text": text}]})
    for name in ["api_key", "api_secret", "from", "to", "text"]:
        need(fields.get(name), *status("2", f"Missing {name} param"))
    need(fields["api_secret"] == SECRET, *status("4", "Bad Credentials"))
    need(fields["to"].isdigit(), *status("3", "Invalid to param"))
    need(fields["type"] in ("text", "unicode"), *status("3", "Invalid type param"))
    need(fields["type"] == "unicode" or fields["text"].isascii(), *status("3", "text in the wrong alphabet"))
    errors = {"1": "Throughput Rate Exceeded - please wait [ 250 ] and retry", "7": "Number barred", "9": "Quota Exceeded", "33": "Number deactivated"}
    for code, text in errors.items():
        need(fields["to"] != "1555000" + code.rjust(4, "0"), *status(code, text))
    return 200, {"message-count": "1", "messages": [{
        "to": fields["to"], "message-id": "0A0000000123ABCD1", "status": "0", "remaining-balance": "3.14159265",
        "message-price": "0.03330000", "network": "12345", "client-ref": fields.get("client-ref")}]}


def messagebird(request):
    """https://developers.messagebird.com/api/sms-messaging/#send-outbound-sms"""
    error = lambda status, code, text, parameter: (
        status, {"errors": [{"code": code, "description": text, "parameter": parameter}]})
    need(request.headers.get("Authorization") == "AccessKey " + SECRET, *error(401, 2, "Request not allowed (incorrect access_key)", "access_key"))
    message = document(request)
    need(message.get("originator"), *error(422, 9, "originator is required", "originator"))
    need(message.get("body"), *error(422, 9, "body is required", "body"))
    need(isinstance(message.get("recipients"), list) and all(r.isdigit() for r in message["recipients"]),
         *error(422, 9, "no (correct) recipients found", "recipients"))
    need(message["recipients"] != ["15550000025"], *error(402, 25, "Not enough balance", None))
    need(isinstance(message["validity"], int) and message["datacoding"] in ("auto", "plain", "unicode"), *error(422, 10, "bad", "validity"))
    return 201, {"id": "e8077d803532c0b5937c639b60216938", "originator": message["originator"], "body": message["body"],
                 "recipients": {"totalCount": 1, "items": [{"recipient": int(message["recipients"][0]), "status": "sent"}]}}


def infobip(request):
    """https://www.infobip.com/docs/api/channels/sms/outbound-sms/send-sms-messages"""
    need(request.headers.get("Authorization") == "App " + SECRET, 401, {
        "requestError": {"serviceException": {"messageId": "UNAUTHORIZED", "text": "Invalid login details"}}})
    message = document(request)["messages"][0]
    bad = (400, {"errorCode": "E400", "description": "Request cannot be processed.", "violations": []})
    need(message.get("content", {}).get("text") and message.get("sender") and message["destinations"][0]["to"].isdigit(), *bad)
    need(message["options"]["validityPeriod"] in [{"amount": n, "timeUnit": "MINUTES"} for n in range(1, 2881)], *bad)
    to = message["destinations"][0]["to"]
    groups = {
        "15550000012": (5, "REJECTED", 12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
        "15550000014": (5, "REJECTED", 14, "REJECTED_DESTINATION", "The destination is blocked"),
        "15550000011": (5, "REJECTED", 11, "REJECTED_SENDER", "Sender ID has been blocked"),
    }
    group, group_name, number, name, text = groups.get(to, (1, "PENDING", 26, "PENDING_ACCEPTED", "Message sent to next instance"))
    return 200, {"bulkId": "2034072219640523072", "messages": [{
        "messageId": message["destinations"][0]["messageId"], "destination": to,
        "status": {"groupId": group, "groupName": group_name, "id": number, "name": name, "description": text}}]}


def whatsapp(request):
    """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and …/support/error-codes"""
    def error(status, code, text, details=None):
        data = {"error_data": {"messaging_product": "whatsapp", "details": details}} if details else {}
        return status, {"error": {"message": f"(#{code}) {text}", "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam"} | data}
    need(bearer(request), *error(401, 190, "Invalid OAuth access token - Cannot parse access token"))
    message = document(request)
    need(message.get("messaging_product") == "whatsapp", *error(400, 100, "The parameter messaging_product is required."))
    need(message.get("to"), *error(400, 100, "The parameter to is required."))
    need(message.get("type") == "text" and message["text"].get("body"), *error(400, 131008, "Required parameter is missing"))
    need(len(message["text"]["body"]) <= 4096, *error(400, 100, "Param text['body'] must be at most 4096 characters long."))
    magic = {
        "15550131026": error(400, 131026, "Message undeliverable", "Message Undeliverable."),
        "15550131047": error(400, 131047, "Re-engagement message", "More than 24 hours have passed since the recipient last replied."),
        "15550131050": error(400, 131050, "User has stopped marketing messages"),
        "15550130429": error(429, 130429, "Rate limit hit", "Message failed to send because there were too many messages."),
        "15550131000": error(500, 131000, "Something went wrong"),
    }
    need(message["to"] not in magic, *magic.get(message["to"], (0, "")))
    return 200, {"messaging_product": "whatsapp", "contacts": [{"input": message["to"], "wa_id": message["to"]}],
                 "messages": [{"id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3N0EyRDk"}]}


def canonical(request, signed, body_hash):
    """The hash that both clouds sign: method, path, query, headers, their names, the body's hash."""
    names = ";".join(signed)
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    text = f"POST\n{request.path}\n\n{lines}\n{names}\n{body_hash}"
    return hashlib.sha256(text.encode()).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)


def credentials(request, scheme):
    """Credential, names of the signed headers, signature."""
    word, _, rest = request.headers.get("Authorization", "").partition(" ")
    need(word == scheme, 400, {"Code": "MissingAuthorization", "Message": word})
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    return parts["Credential"], parts["SignedHeaders"].split(";"), parts["Signature"]


def aliyun(request):
    """https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms, signed as …/sdk/product-overview/v3-request-structure-and-signature"""
    error = lambda status, code, text: (status, {"Code": code, "Message": text, "RequestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990"})
    key, signed, signature = credentials(request, "ACS3-HMAC-SHA256")
    digest = hashlib.sha256(request.body).hexdigest()
    needed = {"host", "content-type", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
    need(set(signed) == needed and signed == sorted(signed), *error(400, "MissingSignedHeader", str(signed)))
    need(request.headers["x-acs-content-sha256"] == digest, *error(400, "InvalidContentSha256", digest))
    expected = mac(SECRET.encode(), "ACS3-HMAC-SHA256\n" + canonical(request, signed, digest)).hexdigest()
    need(key == "LTAI0000000000000000" and signature == expected, *error(400, "SignatureDoesNotMatch", "Specified signature is not matched"))
    now = datetime.datetime.fromisoformat(request.headers["x-acs-date"].replace("Z", "+00:00"))
    need(abs(now.timestamp() - time.time()) < 900, *error(400, "InvalidTimeStamp.Expired", "too old"))
    need(request.headers["x-acs-action"] == "SendSms" and request.headers["x-acs-version"] == "2017-05-25", *error(404, "InvalidAction.NotFound", "action"))
    fields = form(request)
    values = json.loads(fields["TemplateParam"])
    need(fields.get("SignName") and fields.get("TemplateCode", "").startswith("SMS_"), *error(200, "isv.SMS_TEMPLATE_ILLEGAL", "template"))
    need(values == {"content": values.get("content")} and values["content"], *error(200, "isv.TEMPLATE_MISSING_PARAMETERS", "content"))
    number = fields["PhoneNumbers"]
    answers = {"1": (200, "isv.MOBILE_NUMBER_ILLEGAL"), "2": (200, "isv.AMOUNT_NOT_ENOUGH"), "3": (200, "isv.BUSINESS_LIMIT_CONTROL"), "4": (400, "Throttling.User")}
    if number[:-1] == "861390000000" and number[-1] in answers:
        status, code = answers[number[-1]]
        raise Refusal(*error(status, code, "refused"))
    need(number.isdigit(), *error(200, "isv.MOBILE_NUMBER_ILLEGAL", number))
    return 200, {"Code": "OK", "Message": "OK", "BizId": "134523^4351232", "RequestId": "0A974B78-02BF-4C79-ADF3-90CFBA1B55B1"}


def tencent(request):
    """https://www.tencentcloud.com/document/api/382/34859, signed as …/382/34616"""
    error = lambda code, text: (200, {"Response": {"Error": {"Code": code, "Message": text}, "RequestId": "a0aabda6-cf91-4f3e-a81f-9198114a2279"}})
    credential, signed, signature = credentials(request, "TC3-HMAC-SHA256")
    at = int(request.headers["X-TC-Timestamp"])
    need(abs(at - time.time()) < 300, *error("AuthFailure.SignatureExpire", "expired"))
    day = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%d")
    scope = f"{day}/sms/tc3_request"
    need(credential == "AKID00000000000000000000000000000000/" + scope, *error("AuthFailure.SecretIdNotFound", credential))
    need({"content-type", "host"} <= set(signed), *error("AuthFailure.InvalidAuthorization", str(signed)))
    key = ("TC3" + SECRET).encode()
    for step in scope.split("/"):
        key = mac(key, step).digest()
    expected = mac(key, f"TC3-HMAC-SHA256\n{at}\n{scope}\n" + canonical(request, signed, hashlib.sha256(request.body).hexdigest())).hexdigest()
    need(signature == expected, *error("AuthFailure.SignatureFailure", "The provided credentials could not be validated."))
    need(request.headers["X-TC-Action"] == "SendSms" and request.headers["X-TC-Version"] == "2021-01-11" and request.headers["X-TC-Region"], *error("InvalidAction", "action"))
    message = document(request)
    number = message["PhoneNumberSet"][0]
    need(message["SmsSdkAppId"] and message["TemplateId"] and message["SignName"] and all(message["TemplateParamSet"]), *error("MissingParameter", "parameter"))
    need(number != "+8613900000004", *error("RequestLimitExceeded", "frequency"))
    codes = {
        "+8613900000001": "InvalidParameterValue.IncorrectPhoneNumber", "+8613900000002": "FailedOperation.PhoneNumberInBlacklist",
        "+8613900000003": "LimitExceeded.PhoneNumberThirtySecondLimit"}
    code = codes.get(number, "Ok")
    return 200, {"Response": {"SendStatusSet": [{
        "SerialNo": "5000:1045710669157053657849499619" if code == "Ok" else "", "PhoneNumber": number, "Fee": int(code == "Ok"), "SessionContext": message["SessionContext"],
        "Code": code, "Message": "send success" if code == "Ok" else "refused", "IsoCode": "CN"}], "RequestId": "a0aabda6-cf91-4f3e-a81f-9198114a2279"}}


def fcm(request):
    """https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send and …/v1/ErrorCode"""
    def error(status, name, text, code=None):
        details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
        return status, {"error": {"code": status, "message": text, "status": name} | ({"details": details} if details else {})}
    need(bearer(request), *error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
    message = document(request)["message"]
    token = message.get("token")
    need(token, *error(400, "INVALID_ARGUMENT", "Recipient of the message is not set.", "INVALID_ARGUMENT"))
    need(message["android"]["ttl"][:-1].isdigit() and message["android"]["ttl"].endswith("s"), *error(400, "INVALID_ARGUMENT", "ttl"))
    need(all(isinstance(v, str) for v in message["data"].values()), *error(400, "INVALID_ARGUMENT", "Invalid value at 'message.data[0].value' (TYPE_STRING), 12"))
    need(token != "gone", *error(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED"))
    need(token != "malformed", *error(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token", "INVALID_ARGUMENT"))
    need(token != "foreign", *error(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH"))
    if token == "quota":
        raise Refusal(*error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "QUOTA_EXCEEDED"), {"Retry-After": "60"})
    if token == "busy":
        raise Refusal(*error(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE"), {"Retry-After": "7"})
    return 200, {"name": "projects/swallow-shop/messages/0:1500415314455276%31bd1c9631bd1c96"}


def sendgrid(request):
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""
    error = lambda status, text, field=None: (status, {"errors": [{"message": text, "field": field, "help": None}]})
    need(bearer(request), *error(401, "The provided authorization grant is invalid, expired, or revoked"))
    mail = document(request)
    need(mail.get("personalizations") and mail["personalizations"][0].get("to"), *error(400, "The to array is required", "personalizations"))
    need(mail.get("from", {}).get("email"), *error(400, "The from object must be provided", "from"))
    need(mail.get("subject"), *error(400, "The subject is required.", "subject"))
    need(mail.get("content") and all(part["value"] for part in mail["content"]), *error(400, "The content value must be a string at least one character in length.", "content.0.value"))
    need([part["type"] for part in mail["content"]] == sorted((part["type"] for part in mail["content"]), reverse=True), *error(400, "text/plain first", "content"))
    need(all(isinstance(v, str) for v in mail["custom_args"].values()), *error(400, "custom_args", "custom_args"))
    to = mail["personalizations"][0]["to"][0]["email"]
    need("@" in to and to != "nobody@bad", *error(400, "Does not contain a valid address.", "personalizations.0.to.0.email"))
    need(mail["from"]["email"] != "stranger@example.com", *error(403, "The from address does not match a verified Sender Identity.", "from"))
    if to == "busy@example.com":
        raise Refusal(*error(429, "too many requests"), {"X-RateLimit-Reset": "1392815263"})
    return 202, None, {"X-Message-Id": "14c5d75ce93.dfd.64b469"}


def postmark(request):
    """https://postmarkapp.com/developer/api/email-api and …/api/overview#error-codes"""
    error = lambda status, code, text: (status, {"ErrorCode": code, "Message": text})
    need(request.headers.get("X-Postmark-Server-Token") == SECRET, *error(401, 10, "No Account or Server API tokens were supplied in the HTTP headers."))
    need("application/json" in request.headers.get("Accept", ""), *error(422, 409, "JSON required"))
    mail = document(request)
    need(mail.get("From") and mail.get("To") and (mail.get("TextBody") or mail.get("HtmlBody")), *error(422, 300, "Provide either email TextBody or HtmlBody or both."))
    need(all(set(header) == {"Name", "Value"} for header in mail["Headers"]), *error(422, 300, "Headers"))
    need(mail["To"] != "gone@example.com", *error(422, 406, "You tried to send to a recipient that has been marked as inactive."))
    need(mail["From"] != "stranger@example.com", *error(422, 400, "The 'From' address you supplied is not a Sender Signature on your account."))
    return 200, {"To": mail["To"], "SubmittedAt": "2014-02-17T07:25:01.4178645-05:00", "MessageID": "0a129aee-e1cd-480d-b08d-4f48548ff48d",
                 "ErrorCode": 0, "Message": "OK"}


def telegram(request):
    """https://core.telegram.org/bots/api#making-requests"""
    error = lambda code, text, **more: (code, {"ok": False, "error_code": code, "description": text} | more)
    token = urllib.parse.unquote(request.path.split("/")[1][3:])
    need(token == SECRET, *error(401, "Unauthorized"))
    message = document(request)
    need(message.get("chat_id"), *error(400, "Bad Request: chat_id is empty"))
    need(message.get("text"), *error(400, "Bad Request: message text is empty"))
    need(message["chat_id"] != "1", *error(400, "Bad Request: chat not found"))
    need(message["chat_id"] != "2", *error(403, "Forbidden: bot was blocked by the user"))
    need(message["chat_id"] != "3", *error(429, "Too Many Requests: retry after 35", parameters={"retry_after": 35}))
    return 200, {"ok": True, "result": {"message_id": 365, "date": 1441645532, "chat": {"id": int(message["chat_id"]), "type": "private"}, "text": message["text"]}}


ROUTES = [
    ("/2010-04-01/Accounts/", twilio), ("/sms/json", vonage), ("/messages", messagebird), ("/sms/3/messages", infobip),
    ("/aliyun", aliyun), ("/tencent", tencent), ("/v21.0/", whatsapp), ("/v1/projects/", fcm), ("/v3/mail/send", sendgrid), ("/email", postmark), ("/bot", telegram),
]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            print(json.dumps({"path": self.path, "headers": dict(self.headers.items()), "body": self.body.decode()}), flush=True)
        try:
            handler = next((handler for prefix, handler in ROUTES if self.path.startswith(prefix)), None)
            status, body, *headers = handler(self) if handler else (404, {"error": "no such API"})
            self.answer(status, body, headers[0] if headers else {})
        except Refusal as refusal:
            self.answer(*refusal.answer)
        except (KeyError, ValueError, TypeError) as problem:
            self.answer(400, {"error": f"malformed: {problem!r}"}, {})

    def do_GET(self):
        """Addresses that need credentials and send nothing: account, balance, scopes, the bot itself."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        given = [
            self.headers.get("Authorization"), self.headers.get("X-Postmark-Server-Token"), query.get("api_secret"),
            urllib.parse.unquote(self.path.split("/")[1][3:])]
        account = self.path.split("/")[3].split(".")[0] if self.path.startswith("/2010-04-01/") else ""
        basic = "Basic " + base64.b64encode(f"{account}:{SECRET}".encode()).decode()
        if any(value in (SECRET, basic, "Bearer " + SECRET, "App " + SECRET, "AccessKey " + SECRET) for value in given):
            self.answer(200, {"status": "active"}, {})
        else:
            self.answer(401, {"code": 20003, "message": "Authenticate", "description": "Unauthorized"}, {})

    def do_HEAD(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status, body, headers):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 256
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    if sys.argv[1] == "0":
        print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()
