import Callbacks
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Store
import Telemetry

/// The way out of a mailing by one click (RFC 8058). GET shows a page with a button and changes nothing: mail scanners follow every link.
/// POST unsubscribes, without cookies or redirect; again and again is the same.
struct Unsubscribing: Sendable {
    let policy: GatewayPolicy
    let database: Database
    let meters: Meters
    let logger: Logger

    func respond(to request: Request, token: String, body: [UInt8]) async -> Response {
        guard let snapshot = policy.snapshot else { return .text(.serviceUnavailable, "starting\n", retryAfter: 5) }
        guard let token = UnsubscribeToken(token), policy.mayExist(token.messageID) else { return refuse("forged") }
        let page = UnsubscribePage(languages: request.headers[.acceptLanguage])
        do {
            guard let found = try await database.run(FindUnsubscribing(messageID: token.messageID), within: .seconds(5)) else {
                return refuse("unknown")
            }
            guard let scope = snapshot.links.scope(of: token, address: found.address, messageClass: found.messageClass) else {
                // It may be a genuine one whose secret we could not read.
                guard snapshot.links.problems.isEmpty else { return .text(.serviceUnavailable, "later\n", retryAfter: 60) }
                return refuse("forged")
            }
            guard request.method == .post else { return page.ask() }
            guard Self.isOneClick(body) else { return .text(.badRequest, "the body must be List-Unsubscribe=One-Click\n") }
            guard let changed = try await database.run(Unsubscribe(messageID: token.messageID, scope: scope), within: .seconds(5))
            else { return refuse("unknown") }
            count(changed ? "unsubscribed" : "again")
            return page.done()
        } catch {
            logger.warning("an unsubscribe could not be written", metadata: ["error": "\(error)"])
            count("failed")
            return .text(.serviceUnavailable, "please try again\n", retryAfter: 5)
        }
    }

    private func refuse(_ word: String) -> Response {
        count(word)
        return .text(.notFound, "not found\n")
    }

    private func count(_ word: String) { meters.count("martlet_unsubscribes_total", [("result", word)]) }

    /// As a form, or as multipart/form-data, which mail providers may send too. Some end the form with a line, write it in other letters, or send none
    /// at all: a POST to an address that only the recipient has says enough (RFC 8058, 3.2 wants the body only to tell it from a scanner's GET).
    static func isOneClick(_ body: [UInt8]) -> Bool {
        let text = String(decoding: body.prefix(8192), as: UTF8.self)
        let pairs = text.lowercased().replacing("%2d", with: "-").split { $0 == "&" || $0.isWhitespace || $0.isNewline }
        if pairs.isEmpty || pairs.contains("list-unsubscribe=one-click") { return true }
        guard let name = text.firstRange(of: "name=\"List-Unsubscribe\"") else { return false }
        return text[name.upperBound...].prefix(64).contains("One-Click")
    }
}

/// The two pages, and the form that others have, in the reader's language: English or Chinese.
struct UnsubscribePage: Sendable {
    let isChinese: Bool

    init(languages: String?) { isChinese = languages?.lowercased().hasPrefix("zh") ?? false }

    func ask() -> Response {
        isChinese
            ? page("退订", #"<p>确定不再接收此类邮件吗？</p>"# + button("确认退订"))
            : page("Unsubscribe", "<p>Do you want no more of these mailings?</p>" + button("Unsubscribe"))
    }

    func done() -> Response {
        isChinese ? page("已退订", "<p>您将不再收到此类邮件。</p>") : page("Unsubscribed", "<p>You will get no more of these mailings.</p>")
    }

    private func button(_ text: String) -> String {
        #"<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>\#(text)</button></form>"#
    }

    func page(_ title: String, _ body: String) -> Response {
        let html = """
            <!doctype html><html lang="\(isChinese ? "zh" : "en")"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
            <title>\(title)</title></head><body><h1>\(title)</h1>\(body)</body></html>

            """
        var response = Response.text(.ok)
        response.headers[.contentType] = "text/html; charset=utf-8"
        response.headers[.contentSecurityPolicy] = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
        for (name, value) in [("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex")] {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        response.body = ResponseBody(byteBuffer: ByteBuffer(string: html))
        return response
    }
}
