public import Domain
import Foundation
import Synchronization
import Text

/// Tells whether a callback is the provider's own, and what it says. Reads the file with the secrets again when it changes, at most once
/// a second.
public final class ProviderCallbacks: Sendable {
    private struct State {
        var secrets: Result<[String], ProviderError>?
        var stamp = ""
        var checked = ContinuousClock.now
        var isRetired = false
    }
    private let options: CallbackOptions
    private let state = Mutex(State())

    /// nil: the policy describes no callbacks of this provider.
    /// - Throws: `ProviderError`.
    public convenience init?(_ policy: ProviderPolicy) throws {
        guard let options = try Self.options(policy) else { return nil }
        self.init(options)
    }

    init(_ options: CallbackOptions) { self.options = options }

    /// What the body of a 200 must be; nil: nothing.
    public var answer: String? { options.answer }
    /// Octets; a larger body is refused unread.
    public var maximumBody: Int { options.maximumBody }

    static func options(_ policy: ProviderPolicy) throws -> CallbackOptions? {
        // What else the provider has is its transport's to check.
        var options = ProviderOptions(policy)
        return switch policy.transport {
        case "http": try CallbackOptions(generic: &options)
        case "twilio": CallbackOptions(twilio: &options)
        default: nil
        }
    }

    /// The provider has left the policy. Its later callbacks are still verified with the secrets that were read last, should their file go, too.
    public func retire() { state.withLock { $0.isRetired = true } }

    public func read(_ request: CallbackRequest) -> CallbackVerdict {
        let secrets: [String]
        do { secrets = try self.secrets() } catch { return .unverifiable("\(error)") }
        if options.answersHub, request.method == "GET" { return Self.handshake(request, secrets) }
        guard options.auth.isGenuine(request, secrets) else {
            if case .basic = options.auth { return .forged(challenge: "Basic realm=\"callbacks\", charset=\"UTF-8\"") }
            return .forged(challenge: nil)
        }
        switch options.reader {
        case .twilio: return .events(TwilioCallbacks.read(request, provider: options.provider))
        case .rules(let rules):
            do { return .events(try rules.read(request, provider: options.provider)) } catch { return .unreadable(error.problem) }
        }
    }

    /// https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
    private static func handshake(_ request: CallbackRequest, _ secrets: [String]) -> CallbackVerdict {
        guard request.queryValue("hub.mode") == "subscribe",
            CallbackAuth.token(.query("hub.verify_token")).isGenuine(request, secrets),
            let challenge = request.queryValue("hub.challenge"), challenge.wholeMatch(of: /[A-Za-z0-9_\-]{1,200}/) != nil
        else { return .forged(challenge: nil) }
        return .handshake(challenge)
    }

    /// Why callbacks cannot be verified; nil: they can.
    public var problem: String? {
        do { _ = try secrets() } catch { return "\(error)" }
        return nil
    }

    // MARK: secrets

    private func secrets() throws -> [String] {
        try state.withLock { state in
            if let secrets = state.secrets, .now - state.checked < .seconds(1) { return try secrets.get() }
            // A file that is not there has no stamp; `load` says what is wrong with it.
            let file = try? FileManager.default.attributesOfItem(atPath: options.secretFile.path)  // see above
            let changedAt = (file?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            let stamp = file.map { "\($0[.systemFileNumber] ?? "") \($0[.size] ?? "") \(changedAt)" } ?? "none"
            if state.secrets == nil || stamp != state.stamp {
                let new = Result { () throws(ProviderError) in try load() }
                var isGone = false
                if case .failure = new, case .success? = state.secrets { isGone = true }
                if !(isGone && state.isRetired) { state.secrets = new }
            }
            state.stamp = stamp
            state.checked = .now
            return try state.secrets?.get() ?? []
        }
    }

    private func load() throws(ProviderError) -> [String] {
        func failure(_ cause: String) -> ProviderError {
            .file(provider: options.provider, option: options.secretFile.option, path: options.secretFile.path, cause: cause)
        }
        let text: String
        do { text = try String(contentsOfFile: options.secretFile.path, encoding: .utf8) } catch {
            throw failure(reason(of: error))
        }
        let secrets = text.split(whereSeparator: \.isNewline).map(\.trimmingBlanks).filter { !$0.isEmpty }
        guard !secrets.isEmpty else { throw failure("the file is empty") }
        guard secrets.count <= 8 else { throw failure("at most eight secrets, one a line") }
        guard secrets.allSatisfy({ $0.utf8.count >= TokenSecret.shortest }) else {
            throw failure("each line must be a secret of at least \(TokenSecret.shortest) characters")
        }
        return secrets
    }
}
