import Callbacks
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Store
import Telemetry

/// Double opt-in by a link. GET shows a page with a button and changes nothing: mail scanners follow every link. POST makes what is pending
/// granted; again and again is the same, and what was withdrawn meanwhile stays withdrawn.
struct Confirming: Sendable {
    let policy: GatewayPolicy
    let database: Database
    let meters: Meters
    let logger: Logger

    func respond(to request: Request, token: String, body: [UInt8]) async -> Response {
        guard let snapshot = policy.snapshot else { return .text(.serviceUnavailable, "starting\n", retryAfter: 5) }
        guard let token = ConfirmToken(token), policy.mayExist(token.messageID) else { return refuse("forged") }
        let page = ConfirmPage(languages: request.headers[.acceptLanguage])
        do {
            guard let found = try await database.run(FindUnsubscribing(messageID: token.messageID), within: .seconds(5)) else {
                return refuse("unknown")
            }
            guard snapshot.confirmLinks.isGenuine(token, address: found.address) else {
                // It may be a genuine one whose secret we could not read.
                guard snapshot.confirmLinks.problem == nil else { return .text(.serviceUnavailable, "later\n", retryAfter: 60) }
                return refuse("forged")
            }
            guard request.method == .post else { return page.ask() }
            guard Self.isConfirmed(body) else { return .text(.badRequest, "the body must be Confirm=Yes\n") }
            let confirm = ConfirmConsents(messageIDs: [token.messageID], method: "double_opt_in_link")
            guard let result = try await database.run(confirm, within: .seconds(5)).first ?? nil else { return refuse("unknown") }
            count(result.rawValue)
            switch result {
            case .granted, .again: return page.done()
            case .nothing, .late: return page.over()
            }
        } catch {
            logger.warning("a confirmation could not be written", metadata: ["error": "\(error)"])
            count("failed")
            return .text(.serviceUnavailable, "please try again\n", retryAfter: 5)
        }
    }

    private func refuse(_ word: String) -> Response {
        count(word)
        return .text(.notFound, "not found\n")
    }

    private func count(_ word: String) { meters.count("martlet_confirmations_total", [("by", "link"), ("result", word)]) }

    static func isConfirmed(_ body: [UInt8]) -> Bool {
        String(decoding: body.prefix(8192), as: UTF8.self).split { $0 == "&" || $0.isNewline }.contains("Confirm=Yes")
    }
}

/// The three pages, in the reader's language: English or Chinese.
struct ConfirmPage: Sendable {
    private let page: UnsubscribePage
    private var isChinese: Bool { page.isChinese }

    init(languages: String?) { page = UnsubscribePage(languages: languages) }

    func ask() -> Response {
        isChinese
            ? page.page("确认订阅", "<p>您是否同意接收我们的消息？</p>" + button("确认"))
            : page.page("Confirm", "<p>Do you want to hear from us?</p>" + button("Yes, I do"))
    }

    func done() -> Response {
        isChinese ? page.page("已确认", "<p>谢谢，您的订阅已确认。</p>") : page.page("Confirmed", "<p>Thank you: that is confirmed.</p>")
    }

    /// Withdrawn meanwhile, or too late: nothing is granted.
    func over() -> Response {
        var response =
            isChinese
            ? page.page("链接已失效", "<p>此链接已失效，请重新订阅。</p>")
            : page.page("This link is over", "<p>Nothing was changed. Please sign up again.</p>")
        response.status = .gone
        return response
    }

    private func button(_ text: String) -> String {
        #"<form method="post"><input type="hidden" name="Confirm" value="Yes"><button>\#(text)</button></form>"#
    }
}
