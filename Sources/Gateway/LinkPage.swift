import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What people read whose link leads nowhere, in their language: English or Chinese.
struct LinkPage: Sendable {
    private let isChinese: Bool

    init(languages: String?) { isChinese = languages?.lowercased().hasPrefix("zh") ?? false }

    /// No search engine keeps it, and no other site learns the address that people came from.
    static let headers: [(HTTPField.Name, String)] = [("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex")].compactMap
    {
        name, value in HTTPField.Name(name).map { ($0, value) }
    }

    func unknown() -> Response {
        isChinese
            ? page(.notFound, "链接无效", "此链接不完整或从未存在。请从原消息中重新打开。")
            : page(
                .notFound, "No such link",
                "This link is not complete, or never was one. Please open it from the message once more.")
    }

    func expired() -> Response {
        isChinese
            ? page(.gone, "链接已过期", "此链接已过期。")
            : page(.gone, "This link has expired", "It was good for some weeks after the message.")
    }

    func later(_ seconds: Int) -> Response {
        var response =
            isChinese
            ? page(.serviceUnavailable, "请稍后再试", "暂时无法打开此链接，请过一会儿再试。")
            : page(.serviceUnavailable, "Please try again", "This link cannot be opened just now. Please try again in a moment.")
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }

    private func page(_ status: HTTPResponse.Status, _ title: String, _ text: String) -> Response {
        let html = """
            <!doctype html><html lang="\(isChinese ? "zh" : "en")"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
            <title>\(title)</title></head><body><h1>\(title)</h1><p>\(text)</p></body></html>

            """
        var response = Response.text(status)
        response.headers[.contentType] = "text/html; charset=utf-8"
        response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        for (name, value) in Self.headers { response.headers[name] = value }
        response.body = ResponseBody(byteBuffer: ByteBuffer(string: html))
        return response
    }
}
