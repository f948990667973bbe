import Domain
import NIOHTTP1

/// How a request is written: everything that the options say about it.
struct HTTPRequestForm: Sendable {
    enum Body: Sendable {
        case none
        case text(HTTPTemplate)
        /// Names and values; the values that are nil or empty are left out where that is allowed.
        case form([(name: String, value: HTTPTemplate)])
    }
    var method: HTTPMethod
    var url: HTTPTemplate
    var headers: [(name: String, value: HTTPTemplate)]
    var body: Body
    /// For mails with an HTML part; nil: `body`.
    var htmlBody: Body?

    /// One request, ready to be sent.
    struct Request: Sendable {
        var url: String
        var method: HTTPMethod
        var headers: HTTPHeaders
        var body: [UInt8]
    }

    /// Why a message cannot be sent by this provider.
    struct Unfit: Error {
        var failure: Failure
        init(_ code: String, _ detail: String, blame: Failure.Blame = .content) {
            failure = Failure(code: code, detail: detail, blame: blame)
        }
    }

    /// - Throws: `Unfit`: nothing of a message is dropped silently, and nothing of it becomes a header of its own.
    func request(_ fields: HTTPFields) throws(Unfit) -> Request {
        let body = fields.mail?.html == nil ? body : htmlBody ?? body
        try check(fields, body)
        var headers = HTTPHeaders()
        for (name, template) in self.headers {
            let value = template.render(fields)
            guard value.utf8.allSatisfy({ $0 == 0x09 || (0x20...0x7E).contains($0) || $0 >= 0x80 }) else {
                throw Unfit("header_unsafe", "header \(name) would contain a control character", blame: .recipient)
            }
            headers.add(name: name, value: value)
        }
        let bytes: [UInt8] =
            switch body {
            case .none: []
            case .text(let template): Array(template.render(fields).utf8)
            case .form(let pairs):
                Array(
                    pairs.map { "\(HTTPTemplate.form($0.name))=\(HTTPTemplate.form($0.value.render(fields)))" }
                        .joined(separator: "&").utf8)
            }
        return Request(url: url.render(fields), method: method, headers: headers, body: bytes)
    }

    private func check(_ fields: HTTPFields, _ body: Body) throws(Unfit) {
        guard let mail = fields.mail else { return }
        let used = self.fields(of: body)
        if !mail.attachments.isEmpty {
            throw Unfit(
                "attachments_unsupported", "attachments cannot be sent by an HTTP provider: route the mail to an SMTP provider")
        }
        if !mail.headers.isEmpty, used.isDisjoint(with: [.headers, .headersList]) {
            throw Unfit("headers_unsupported", "the mail has headers of its own, and the provider's body has no place {headers}")
        }
    }

    /// What the request uses in url and body.
    func fields(of body: Body) -> Set<HTTPField> {
        switch body {
        case .none: url.fields
        case .text(let template): url.fields.union(template.fields)
        case .form(let pairs): pairs.reduce(url.fields) { $0.union($1.value.fields) }
        }
    }
}
