import Callbacks
import Foundation

/// User and password, or user and access token. Descriptions never show the secret.
struct SMTPCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    enum Kind: Sendable { case password, accessToken }
    var user: String
    /// The password, or the access token.
    var secret: String
    var kind: Kind

    init(user: String, password: String) {
        (self.user, secret, kind) = (user, password, .password)
    }

    init(user: String, accessToken: String) {
        (self.user, secret, kind) = (user, accessToken, .accessToken)
    }

    var description: String { "credentials of \(user)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["user": user]) }

    /// RFC 4616.
    var plain: String { MIMEBody.base64([0] + Array(user.utf8) + [0] + Array(secret.utf8)) }
    /// Google's and Microsoft's XOAUTH2: the user and a bearer token (RFC 6750).
    var xoauth2: String { MIMEBody.base64(Array("user=\(user)\u{1}auth=Bearer \(secret)\u{1}\u{1}".utf8)) }
    /// What can be said with these, best first.
    var mechanisms: [String] { kind == .password ? ["PLAIN", "LOGIN"] : ["XOAUTH2"] }

    /// Some servers repeat what they were sent.
    func hidden(in text: String) -> String {
        [plain, xoauth2, MIMEBody.base64(Array(secret.utf8)), secret].filter { !$0.isEmpty }
            .reduce(text) { $0.replacing($1, with: "***") }
    }
}

/// One AUTH exchange: PLAIN (RFC 4616), LOGIN or XOAUTH2, whichever the credentials allow and the server offers.
struct SMTPAuthentication: Sendable {
    let command: String
    private var responses: [String]
    private let isXOAUTH2: Bool

    init?(_ credentials: SMTPCredentials, offered: Set<String>) {
        let mechanism = credentials.mechanisms.first { offered.contains($0) }
        isXOAUTH2 = mechanism == "XOAUTH2"
        switch mechanism {
        case "PLAIN":
            command = "AUTH PLAIN \(credentials.plain)"
            // For servers that ignore the initial response and ask.
            responses = [credentials.plain]
        case "LOGIN":
            command = "AUTH LOGIN"
            responses = [MIMEBody.base64(Array(credentials.user.utf8)), MIMEBody.base64(Array(credentials.secret.utf8))]
        case "XOAUTH2":
            command = "AUTH XOAUTH2 \(credentials.xoauth2)"
            responses = [credentials.xoauth2]
        default: return nil
        }
    }

    /// The answer to a 334; nil: there is nothing left to say.
    mutating func response(to challenge: SMTPReply) -> String? {
        // XOAUTH2 tells its error in a challenge and waits for an empty line before it says 535.
        if isXOAUTH2, !challenge.text.allSatisfy(\.isWhitespace) {
            defer { responses = [] }
            return responses.isEmpty ? nil : ""
        }
        return responses.isEmpty ? nil : responses.removeFirst()
    }
}
