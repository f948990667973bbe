import CLibCrypto
import Foundation
import NIOHTTP1
import Text

/// Requests signed as Alibaba Cloud (ACS3-HMAC-SHA256) and Tencent Cloud (TC3-HMAC-SHA256) want them: the secret signs, and never travels. Both sign
/// a hash of the body, so that a request holds for minutes and for one text.
struct CloudSignature: Sendable, Equatable {
    enum Scheme: String, Sendable, CaseIterable {
        /// https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
        case acs3 = "acs3-hmac-sha256"
        /// https://www.tencentcloud.com/document/api/382/34616
        case tc3 = "tc3-hmac-sha256"
    }
    let scheme: Scheme
    let keyID: String
    /// Tencent's name for the product, such as `sms`; empty at Alibaba.
    let service: String

    /// `acs3-hmac-sha256 KEY-ID` or `tc3-hmac-sha256 KEY-ID SERVICE`; nil: neither.
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard let scheme = words.first.flatMap(Scheme.init), words.count == (scheme == .acs3 ? 2 : 3),
            words.dropFirst().allSatisfy({ $0.wholeMatch(of: /[A-Za-z0-9._\-]{1,128}/) != nil })
        else { return nil }
        (self.scheme, keyID, service) = (scheme, words[1], words.count > 2 ? words[2] : "")
    }

    /// Adds what the scheme wants to the headers.
    /// - Parameter nonce: another one for each request.
    func sign(_ request: inout HTTPRequestForm.Request, secret: String, now: Date, nonce: String) {
        let rest = request.url.firstRange(of: "://").map { request.url[$0.upperBound...] } ?? request.url[...]
        let host = String(rest.prefix { $0 != "/" })
        let path = rest.dropFirst(host.count)
        switch scheme {
        case .acs3: acs3(&request, host, path.isEmpty ? "/" : String(path), secret, now, nonce)
        case .tc3: tc3(&request, host, path.isEmpty ? "/" : String(path), secret, now)
        }
    }

    private func acs3(
        _ request: inout HTTPRequestForm.Request, _ host: String, _ path: String, _ secret: String, _ now: Date, _ nonce: String
    ) {
        let hash = Self.hex(sha256(request.body))
        request.headers.replaceOrAdd(name: "x-acs-date", value: now.formatted(.iso8601))
        request.headers.replaceOrAdd(name: "x-acs-signature-nonce", value: nonce)
        request.headers.replaceOrAdd(name: "x-acs-content-sha256", value: hash)
        let own = request.headers.map { ($0.name.lowercased(), $0.value) }.filter {
            $0.0.hasPrefix("x-acs-") || $0.0 == "content-type"
        }
        let signed = ([("host", host)] + own).sorted { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let canonical = Self.canonical(request.method.rawValue, path, signed, names, hash)
        let signature = Self.hex(Self.mac(Array(secret.utf8), Array("ACS3-HMAC-SHA256\n\(canonical)".utf8)))
        request.headers.replaceOrAdd(
            name: "Authorization", value: "ACS3-HMAC-SHA256 Credential=\(keyID),SignedHeaders=\(names),Signature=\(signature)")
    }

    private func tc3(_ request: inout HTTPRequestForm.Request, _ host: String, _ path: String, _ secret: String, _ now: Date) {
        let time = Int(now.timeIntervalSince1970)
        let scope = "\(now.formatted(.iso8601.year().month().day()))/\(service)/tc3_request"
        request.headers.replaceOrAdd(name: "X-TC-Timestamp", value: "\(time)")
        let signed = [("content-type", request.headers.first(name: "content-type") ?? ""), ("host", host)]
        let names = signed.map(\.0).joined(separator: ";")
        let canonical = Self.canonical(request.method.rawValue, path, signed, names, Self.hex(sha256(request.body)))
        // The key of a day and a service is made from the secret, step by step.
        let key = scope.split(separator: "/").reduce(Array("TC3\(secret)".utf8)) { Self.mac($0, Array($1.utf8)) }
        let signature = Self.hex(Self.mac(key, Array("TC3-HMAC-SHA256\n\(time)\n\(scope)\n\(canonical)".utf8)))
        request.headers.replaceOrAdd(
            name: "Authorization",
            value: "TC3-HMAC-SHA256 Credential=\(keyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)")
    }

    /// The hash of method, path, query, headers and body in one order and spelling.
    private static func canonical(
        _ method: String, _ target: String, _ headers: [(name: String, value: String)], _ names: String, _ bodyHash: String
    ) -> String {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? parts[1].split(separator: "&").sorted().joined(separator: "&") : ""
        let lines = headers.map { "\($0.name):\($0.value.trimmingBlanks)\n" }.joined()
        return hex(sha256(Array("\(method)\n\(parts[0])\n\(query)\n\(lines)\n\(names)\n\(bodyHash)".utf8)))
    }

    private static func mac(_ key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        HMAC(EVP_sha256(), key, Int32(key.count), text, text.count, &code, nil)
        return code
    }

    private static func hex(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
