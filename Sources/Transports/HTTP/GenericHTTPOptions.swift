import Callbacks
import Domain
import NIOHTTP1
import Text

/// A provider that is described by configuration alone.
extension HTTPOptions {
    /// - Throws: `ProviderError`.
    init(generic policy: ProviderPolicy) throws {
        var options = ProviderOptions(policy)
        let url = try options.required(
            "url", remedy: "write the address that takes messages, such as https://api.example.com/messages")
        let form = try Self.form(&options, url: url)
        let rules = try Self.rules(&options)
        try self.init(&options, policy, url: url, form: form, rules: rules)
        user = options.text("user")
        passwordFile = options.text("password_file")
        tokenFile = options.text("token_file")
        secretFile = options.text("secret_file")
        if let text = options.text("sign") {
            guard let signature = CloudSignature(text) else {
                throw options.bad(
                    "sign", text,
                    "write acs3-hmac-sha256 KEY-ID (Alibaba Cloud) or tc3-hmac-sha256 KEY-ID SERVICE (Tencent Cloud)")
            }
            cloudSignature = signature
        }
        idempotencyHeader = options.text("idempotency_header")
        if let idempotencyHeader, !Self.isToken(idempotencyHeader) {
            throw options.bad("idempotency_header", idempotencyHeader, "use the name of a header, such as Idempotency-Key")
        }
        testURL = try options.text("test_url").map { try testURL($0, options, url: url) }
        if let text = options.text("country") {
            guard text.wholeMatch(of: /\+[1-9][0-9]{0,3}/) != nil else {
                throw options.bad("country", text, "use a country prefix such as +86")
            }
            country = text
        }
        if let text = options.text("alphabet") {
            let words = text.split(separator: " ").map(String.init)
            guard words.count == 2 else {
                throw options.bad("alphabet", text, "write two words, for GSM-7 texts and for all others, such as: text unicode")
            }
            alphabet = (words[0], words[1])
        }
        callbacks = try CallbackOptions(generic: &options)
        try checkTogether(options)
        try options.finish()
    }

    /// Secrets go to the provider's own host only.
    private func testURL(_ text: String, _ options: ProviderOptions, url: String) throws -> HTTPTemplate {
        let start = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? ""
        let origin = url[..<(start.firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex)]
        let rest = text.dropFirst(origin.count)
        let template = try Self.template(options, "test_url", text, .url)
        guard text.hasPrefix(origin), rest.first == "/", template.fields.isSubset(of: [.secret, .provider]) else {
            throw options.bad("test_url", text, "use an address at \(origin), with no placeholder but {secret}")
        }
        return template
    }

    private mutating func checkTogether(_ options: ProviderOptions) throws {
        if user != nil, passwordFile == nil {
            throw options.missing("password_file", remedy: "user needs a file with the password")
        }
        if user == nil, let passwordFile { throw options.bad("password_file", passwordFile, "it needs user, too") }
        if user != nil, let tokenFile {
            throw options.bad("token_file", tokenFile, "use either user with password_file, or token_file")
        }
        var used = form.fields(of: form.body)
        if let body = form.htmlBody { used.formUnion(form.fields(of: body)) }
        for header in form.headers { used.formUnion(header.value.fields) }
        if used.contains(.callbackSecret) {
            guard let callbacks else {
                throw options.missing("callback", remedy: "{callback_secret} stands for the first line of callback_secret_file")
            }
            sentCallbackFile = callbacks.secretFile.path
        }
        if used.contains(.secret), secretFile == nil {
            throw options.missing("secret_file", remedy: "{secret} stands for what this file holds")
        }
        if cloudSignature != nil {
            if secretFile == nil { throw options.missing("secret_file", remedy: "sign needs the file with the key's secret") }
            if user != nil || tokenFile != nil || form.headers.contains(where: { $0.name.lowercased() == "authorization" }) {
                throw options.bad("sign", "…", "it writes Authorization by itself: leave out user, token_file and that header")
            }
        }
        if let secretFile, !used.contains(.secret), cloudSignature == nil {
            throw options.bad("secret_file", secretFile, "write {secret} where it belongs: in url, headers or body")
        }
        if user != nil || tokenFile != nil, form.headers.contains(where: { $0.name.lowercased() == "authorization" }) {
            throw options.bad("headers", "Authorization", "it is written by user and password_file, or by token_file")
        }
        if used.isDisjoint(with: [.to, .toDigits, .toNational]) {
            throw options.bad("body", "…", "no message would know where to go: write {to}, {to_digits} or {to_national}")
        }
    }

    // MARK: the request

    private static func form(_ options: inout ProviderOptions, url: String) throws -> HTTPRequestForm {
        let word = options.text("method") ?? "POST"
        guard ["POST", "PUT", "GET"].contains(word) else { throw options.bad("method", word, "use POST, PUT or GET") }
        let template = try template(options, "url", url, .url)
        if !template.fields.isDisjoint(with: [.headers, .headersList]) {
            throw options.bad("url", url, "{headers} and {headers_list} belong into a JSON body")
        }
        let type = options.text("content_type") ?? "application/json"
        let body = try body(&options, "body", type)
        let html = try body == nil ? nil : self.body(&options, "body_html", type)
        _ = options.text("body_html")
        if body == nil, word != "GET" { throw options.missing("body", remedy: "write what is sent, with {to} and {text}") }
        if body != nil, word == "GET" { throw options.bad("method", word, "GET has no body: put everything into url") }
        var headers = try Self.headers(&options)
        if body != nil { headers.insert(("Content-Type", try Self.template(options, "content_type", type, .none)), at: 0) }
        return HTTPRequestForm(
            method: HTTPMethod(rawValue: word), url: template, headers: headers, body: body ?? .none, htmlBody: html)
    }

    private static func body(_ options: inout ProviderOptions, _ name: String, _ type: String) throws -> HTTPRequestForm.Body? {
        guard let text = options.text(name) else { return nil }
        let media = type.split(separator: ";").first.map { $0.trimmingBlanks.lowercased() } ?? ""
        if media == "application/json" || media.hasSuffix("+json") {
            let template = try template(options, name, text, .json)
            try checkJSON(template, options, name)
            return .text(template)
        }
        if media == "application/x-www-form-urlencoded" { return .form(try pairs(options, name, text)) }
        let escape: HTTPTemplate.Escape
        if media == "text/xml" || media == "application/xml" || media.hasSuffix("+xml") {
            escape = .xml
        } else if media == "text/plain" {
            escape = .none
        } else {
            throw options.bad(
                "content_type", type, "use application/json, application/x-www-form-urlencoded, text/xml or text/plain")
        }
        let template = try template(options, name, text, escape)
        if !template.fields.isDisjoint(with: [.headers, .headersList]) {
            throw options.bad(name, "{headers}", "{headers} and {headers_list} belong into a JSON body")
        }
        return .text(template)
    }

    /// Values with everything that ends strings and begins members: a placeholder outside quotes is found here, not by the first message.
    private static func checkJSON(_ template: HTTPTemplate, _ options: ProviderOptions, _ name: String) throws {
        let text = "\"\\\n{},:[]é😀"
        let mail = EmailContent(subject: text, text: text, html: text, headers: [("X-Test", text)])
        let rendered = RenderedMessage(content: .email(mail), from: text, fromName: text, templateVersion: 1)
        let submission = Submission(
            messageID: MessageID(1), attempt: 1, to: text, rendered: rendered, sendBy: .now, answerBy: .now,
            validity: .seconds(60),
            messageClass: text)
        let fields = HTTPFields(
            submission: submission, provider: text, secret: text, country: "+", alphabet: (text, text), validity: .seconds(60))
        guard JSONValue.isWellFormed(Array(template.render(fields).utf8)) else {
            throw options.bad(name, "…", "it is not JSON once the placeholders are replaced: put texts into quotes, check commas")
        }
    }

    private static func pairs(_ options: ProviderOptions, _ name: String, _ text: String) throws -> [(
        name: String, value: HTTPTemplate
    )] {
        try text.split(whereSeparator: \.isNewline).map(\.trimmingBlanks).filter { !$0.isEmpty }.map { line in
            guard let equals = line.firstIndex(of: "="), equals > line.startIndex else {
                throw options.bad(name, line, "write one name=value per line; encoding is added")
            }
            let value = try template(options, name, line[line.index(after: equals)...].trimmingBlanks, .none)
            guard value.fields.isDisjoint(with: [.headers, .headersList]) else {
                throw options.bad(name, line, "{headers} and {headers_list} belong into a JSON body")
            }
            return (line[..<equals].trimmingBlanks, value)
        }
    }

    private static func headers(_ options: inout ProviderOptions) throws -> [(name: String, value: HTTPTemplate)] {
        let reserved = ["host", "content-length", "transfer-encoding", "connection", "content-type"]
        return try (options.text("headers") ?? "").split(whereSeparator: \.isNewline).map(\.trimmingBlanks).filter { !$0.isEmpty }
            .map { line in
                guard let colon = line.firstIndex(of: ":"), isToken(String(line[..<colon])) else {
                    throw options.bad("headers", line, "write one `Name: value` per line")
                }
                let name = String(line[..<colon])
                guard !reserved.contains(name.lowercased()) else {
                    throw options.bad(
                        "headers", name, name.lowercased() == "content-type" ? "use content_type" : "it is set by itself")
                }
                let value = try template(options, "headers", line[line.index(after: colon)...].trimmingBlanks, .none)
                if let free = value.fields.first(where: \.isFree) {
                    throw options.bad("headers", line, "{\(free.rawValue)} may contain anything, a header may not")
                }
                return (name, value)
            }
    }

    private static func template(_ options: ProviderOptions, _ name: String, _ text: String, _ escape: HTTPTemplate.Escape)
        throws
        -> HTTPTemplate
    {
        do { return try HTTPTemplate(text, escape) } catch {
            let known = HTTPField.allCases.map { "{\($0.rawValue)}" }.joined(separator: " ")
            throw options.bad(name, "{\(error.name)}", "known placeholders are \(known)")
        }
    }

    private static func isToken(_ name: String) -> Bool { name.wholeMatch(of: /[A-Za-z0-9!#$%&'*+.^_`|~\-]+/) != nil }

    // MARK: the answer

    private static func rules(_ options: inout ProviderOptions) throws -> HTTPRules {
        let text = options.text("accepted") ?? ""
        let accepted: HTTPAcceptance
        do { accepted = try HTTPAcceptance(text) } catch {
            throw options.bad(
                "accepted", error.line, "write statuses (200 202, 2xx), or where = value|value, such as messages[0].status = 0")
        }
        var rules = HTTPRules(accepted: accepted)
        rules.id = try selector(&options, "id")
        rules.errorCode = try selector(&options, "error_code")
        rules.errorText = try selector(&options, "error_text")
        if let selector = try selector(&options, "retry_after") { rules.retryAfter = selector }
        do { rules.errors = try HTTPErrorRule.parse(options.text("errors") ?? "") } catch {
            throw options.bad("errors", error.line, error.remedy)
        }
        return rules
    }

    private static func selector(_ options: inout ProviderOptions, _ name: String) throws -> HTTPSelector? {
        guard let text = options.text(name) else { return nil }
        guard let selector = HTTPSelector(text) else {
            throw options.bad(name, text, "write a JSON path (messages[0].id), header:Name, between:<id>…</id>, or body")
        }
        return selector
    }
}
