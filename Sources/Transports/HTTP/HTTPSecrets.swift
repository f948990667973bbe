import Callbacks
import Domain
import Foundation
import NIOConcurrencyHelpers
import Text

/// The secrets of a provider, read again when their files change, at most once a second.
final class HTTPSecrets: Sendable {
    /// What the files hold.
    struct Values: Sendable, CustomStringConvertible, CustomReflectable {
        /// For `Authorization`; nil: none.
        var authorization: String?
        /// `secret_file`.
        var secret = ""
        /// The first line of `callback_secret_file`, where requests contain it.
        var callbackSecret = ""
        /// `signing_secret_file`; nil: nothing is signed.
        var signature: WebhookSignature?
        /// Everything that must not appear in words of the provider.
        var hidden: [String] = []

        var description: String { "secrets" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }
    private struct State {
        var values: Values
        var stamps: [String]
        var checked: ContinuousClock.Instant
    }

    private let options: HTTPOptions
    private let state: NIOLockedValueBox<State>

    /// - Throws: `ProviderError`.
    init(_ options: HTTPOptions) throws {
        self.options = options
        let stamps = Self.stamps(options)
        state = NIOLockedValueBox(State(values: try Self.read(options), stamps: stamps, checked: .now))
    }

    /// - Throws: `ProviderError`.
    func current() throws -> Values {
        try state.withLockedValue { state in
            guard .now - state.checked > .seconds(1) else { return state.values }
            let stamps = Self.stamps(options)
            if stamps != state.stamps {
                state.values = try Self.read(options)
                state.stamps = stamps
            }
            state.checked = .now
            return state.values
        }
    }

    /// Size and time of the files' last change, and which file it is.
    private static func stamps(_ options: HTTPOptions) -> [String] {
        options.secretFiles.map { _, path in
            var status = stat()
            guard stat(path, &status) == 0 else { return "none" }
            return "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        }
    }

    private static func read(_ options: HTTPOptions) throws -> Values {
        var values = Values()
        if let user = options.user, let path = options.passwordFile {
            let password = try text(options, options.passwordOption, path)
            let basic = Data("\(user):\(password)".utf8).base64EncodedString()
            values.authorization = "Basic \(basic)"
            values.hidden += [basic, password]
        } else if let path = options.tokenFile {
            let token = try text(options, "token_file", path)
            values.authorization = "Bearer \(token)"
            values.hidden.append(token)
        }
        if let path = options.secretFile {
            values.secret = try text(options, "secret_file", path)
            values.hidden += [values.secret, HTTPTemplate.url(values.secret)]
        }
        if let path = options.sentCallbackFile {
            values.callbackSecret = try text(options, "callback_secret_file", path, firstLine: true)
            values.hidden += [values.callbackSecret, HTTPTemplate.url(values.callbackSecret)]
        }
        if let path = options.signingFile {
            do {
                values.signature = try WebhookSignature(lines: String(contentsOfFile: path, encoding: .utf8))
            } catch let problem as WebhookSignature.Problem {
                throw ProviderError.file(
                    provider: options.provider, option: "signing_secret_file", path: path, cause: problem.cause)
            } catch {
                throw ProviderError.file(
                    provider: options.provider, option: "signing_secret_file", path: path, cause: reason(of: error))
            }
        }
        return values
    }

    /// One line without control characters: it goes into headers.
    private static func text(
        _ options: HTTPOptions, _ option: String, _ path: String, firstLine: Bool = false
    ) throws -> String {
        func failure(_ cause: String) -> ProviderError {
            .file(provider: options.provider, option: option, path: path, cause: cause)
        }
        var text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw failure(reason(of: error))
        }
        if firstLine { text = text.split(whereSeparator: \.isNewline).first.map(\.trimmingBlanks) ?? "" }
        guard !text.isEmpty else { throw failure("the file is empty") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), text.utf8.count <= 8192 else {
            throw failure("the file must hold one line of at most 8192 bytes")
        }
        return text
    }
}
